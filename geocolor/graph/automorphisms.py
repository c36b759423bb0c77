"""Symmetries of a graph, found by refinement."""

from __future__ import annotations

import time

import numpy as np
from numpy.typing import NDArray

from geocolor.graph.adjacency import Adjacency

__all__ = ["automorphisms"]

Permutation = NDArray[np.int64]


def automorphisms(
    adjacency: Adjacency, *, most: int = 64, deadline: float = float("inf")
) -> list[Permutation]:
    """Find automorphisms other than the identity: some, and all of them in a small group.

    Individualisation and refinement (McKay, "Practical graph isomorphism", 1981), without its
    pruning: nodes get colors that tell apart what neighborhoods tell apart, a node is singled out
    where they do not suffice, and each other choice that leads to the same colors is checked edge
    by edge.

    Parameters
    ----------
    adjacency : Adjacency
        The graph; values play no part.
    most : int
        Choices to follow to their end.
    deadline : float
        ``time.monotonic()`` at which to return what there is.

    Returns
    -------
    list of ndarray of int64, shape (num_nodes,)
        ``image[v]`` is where v goes. Every one has been checked against the graph.

    Examples
    --------
    >>> square = Adjacency.from_edges(4, [(0, 1), (1, 2), (2, 3), (3, 0)])
    >>> len(automorphisms(square))
    7
    """
    if adjacency.num_nodes == 0:
        return []
    return _Search(adjacency, most, deadline).run()


class _Search:
    """One path of choices to compare with, and all others."""

    def __init__(self, adjacency: Adjacency, most: int, deadline: float) -> None:
        self._adjacency = adjacency
        self._tails = np.repeat(np.arange(adjacency.num_nodes), adjacency.degrees)
        self._left = most
        self._deadline = deadline
        # What a color adds to the sum of a neighborhood.
        self._noise = np.random.default_rng(0).integers(
            1 << 62, size=2 * adjacency.num_nodes + 2, dtype=np.int64
        )
        self._found: list[Permutation] = []

    def run(self) -> list[Permutation]:
        start = self._refined(np.zeros(self._adjacency.num_nodes, dtype=np.int64))
        self._path = [start]
        while (node := self._choices(self._path[-1])) is not None:
            self._path.append(self._singled_out(self._path[-1], int(node[0])))
        self._follow(start, 0)
        return self._found

    def _follow(self, colors: NDArray[np.int64], depth: int) -> None:
        """Try each choice that looks like the one of the path."""
        if self._left <= 0 or time.monotonic() >= self._deadline:
            return
        choices = self._choices(colors)
        if choices is None:
            self._left -= 1
            self._check(colors)
            return
        target = np.bincount(self._path[depth + 1])
        for node in choices:
            chosen = self._singled_out(colors, int(node))
            if np.array_equal(np.bincount(chosen), target):
                self._follow(chosen, depth + 1)

    def _check(self, colors: NDArray[np.int64]) -> None:
        image = np.argsort(colors)[self._path[-1]]
        if np.array_equal(image, np.arange(len(image))):
            return
        moved = np.sort(image[self._adjacency.edges()], axis=1)
        count = len(image)
        if np.isin(moved @ [count, 1], self._adjacency.edges() @ [count, 1]).all():
            self._found.append(image)

    def _choices(self, colors: NDArray[np.int64]) -> NDArray[np.int64] | None:
        """Nodes of a smallest color that is not of one node alone; None if there is none."""
        sizes = np.bincount(colors)
        several = np.flatnonzero(sizes > 1)
        if not len(several):
            return None
        return np.flatnonzero(colors == several[np.argmin(sizes[several])])

    def _singled_out(self, colors: NDArray[np.int64], node: int) -> NDArray[np.int64]:
        colors = 2 * colors
        colors[node] += 1
        return self._refined(np.unique(colors, return_inverse=True)[1])

    def _refined(self, colors: NDArray[np.int64]) -> NDArray[np.int64]:
        """Split colors by the colors of the neighbors, until nothing changes."""
        number = int(colors.max()) + 1
        while True:
            sums = np.zeros(len(colors), dtype=np.int64)
            np.add.at(sums, self._tails, self._noise[colors[self._adjacency.indices]])
            # Sorted by color, then by sum: the same for whatever names the nodes have.
            colors = np.unique(np.stack([colors, sums], axis=1), axis=0, return_inverse=True)[1]
            colors = colors.ravel()
            if int(colors.max()) + 1 == number:
                return colors
            number = int(colors.max()) + 1
