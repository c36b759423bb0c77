"""Symmetries of a graph, found by refinement."""

from __future__ import annotations

import time

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from geocolor.graph.adjacency import Adjacency

__all__ = ["automorphisms"]

Permutation = NDArray[np.int64]

# Paths to follow to their end for one generator.
_TRIES = 8


def automorphisms(
    adjacency: Adjacency, *, most: int = 64, deadline: float = float("inf")
) -> list[Permutation]:
    """Find automorphisms other than the identity: all of them in a small group, or some.

    Individualisation and refinement (McKay, "Practical graph isomorphism", 1981): nodes get colors
    that tell apart what neighborhoods tell apart, and a node is singled out where they do not
    suffice. From the last such choice to the first, other nodes of its color are tried, except
    those that automorphisms found before map there; what ends in the same colors is checked edge by
    edge. The generators found so are multiplied, at random where the group has `most` elements or
    more.

    Parameters
    ----------
    adjacency : Adjacency
        The graph; values play no part.
    most : int
        Automorphisms wanted, the identity counted.
    deadline : float
        ``time.monotonic()`` at which to return what there is.

    Returns
    -------
    list of ndarray of int64, shape (num_nodes,)
        ``image[v]`` is where v goes. In a large group with each element come its powers.

    Examples
    --------
    >>> square = Adjacency.from_edges(4, [(0, 1), (1, 2), (2, 3), (3, 0)])
    >>> len(automorphisms(square))
    7
    """
    if adjacency.num_nodes == 0:
        return []
    generators = _Generators(adjacency, deadline).find()
    if not generators:
        return []
    group = _closure(generators, most)
    return group if len(group) < most else _sample(generators, most)


def _closure(generators: list[Permutation], most: int) -> list[Permutation]:
    """Multiply until nothing is new, or there are `most`, the identity not counted."""
    identity = np.arange(len(generators[0]))
    seen, queue = {identity.tobytes()}, [identity]
    group: list[Permutation] = []
    for image in queue:
        for generator in generators:
            product = generator[image]
            if product.tobytes() not in seen:
                seen.add(product.tobytes())
                queue.append(product)
                group.append(product)
                if len(group) == most:
                    return group
    return group


def _sample(generators: list[Permutation], most: int) -> list[Permutation]:
    """Walk through the group at random, and gather the powers of what is met."""
    random = np.random.default_rng(0)
    identity = np.arange(len(generators[0]))
    seen, word = {identity.tobytes()}, identity
    found: list[Permutation] = []
    while len(found) < most - 1:
        word = generators[random.integers(len(generators))][word]
        power = word
        while len(found) < most - 1 and not np.array_equal(power, identity):
            if power.tobytes() not in seen:
                seen.add(power.tobytes())
                found.append(power)
            power = word[power]
    return found


class _Generators:
    """One path of choices, and other paths that look the same."""

    def __init__(self, adjacency: Adjacency, deadline: float) -> None:
        self._count = adjacency.num_nodes
        self._edges = adjacency.edges()
        self._keys = np.sort(self._edges @ [self._count, 1])
        ones = np.ones(len(adjacency.indices), dtype=np.int64)
        self._matrix = sp.csr_array(
            (ones, adjacency.indices, adjacency.indptr), shape=(self._count, self._count)
        )
        self._deadline = deadline
        # What a color adds to the sum of a neighborhood, and to a node's own name.
        self._near, self._own = np.random.default_rng(0).integers(
            1 << 62, size=(2, 2 * self._count + 2), dtype=np.int64
        )

    def find(self) -> list[Permutation]:
        """Go back along the path, and try every other choice that may be new."""
        path = [self._refined(np.zeros(self._count, dtype=np.int64))]
        while (nodes := self._choices(path[-1])) is not None:
            if self._late():
                return []
            path.append(self._singled_out(path[-1], int(nodes[0])))
        self._path, self._targets = path, [np.bincount(colors) for colors in path]
        found: list[Permutation] = []
        orbits = np.arange(self._count, dtype=np.int32)
        for depth in range(len(path) - 2, -1, -1):
            nodes = self._choices(path[depth])
            assert nodes is not None  # noqa: S101  the path went on from here
            hopeless: set[int] = set()
            for node in nodes[1:]:
                if self._late():
                    return found
                if orbits[node] == orbits[nodes[0]] or int(orbits[node]) in hopeless:
                    continue
                image = self._follow(depth, int(node))
                if image is None:
                    hopeless.add(int(orbits[node]))
                    continue
                found.append(image)
                orbits = self._orbits(found)
        return found

    def _late(self) -> bool:
        return time.monotonic() >= self._deadline

    def _orbits(self, images: list[Permutation]) -> NDArray[np.int32]:
        """Name each node by what the images connect it to."""
        tails = np.tile(np.arange(self._count), len(images))
        heads = np.concatenate(images)
        ones = np.ones(len(tails), dtype=bool)
        moves = sp.coo_array((ones, (tails, heads)), shape=(self._count, self._count))
        names: NDArray[np.int32] = sp.csgraph.connected_components(moves, directed=False)[1]
        return names

    def _follow(self, depth: int, node: int) -> Permutation | None:
        """Choose `node` at this depth, and go on until an automorphism is found."""
        tries = _TRIES
        stack = [(depth, node, self._path[depth])]
        while stack and tries and not self._late():
            depth, node, colors = stack.pop()
            chosen = self._singled_out(colors, node)
            depth += 1
            if not np.array_equal(np.bincount(chosen), self._targets[depth]):
                continue
            nodes = self._choices(chosen)
            if nodes is None:
                tries -= 1
                image = np.argsort(chosen)[self._path[-1]]
                if self._holds(image):
                    return image
                continue
            stack += [(depth, int(other), chosen) for other in nodes[::-1]]
        return None

    def _holds(self, image: Permutation) -> bool:
        moved = np.sort(image[self._edges], axis=1) @ [self._count, 1]
        return bool(np.array_equal(np.sort(moved), self._keys))

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
            # Sums may overflow, which is no harm. Sorted by what does not depend on names.
            told = self._matrix @ self._near[colors] + self._own[colors]
            colors = np.unique(told, return_inverse=True)[1]
            if int(colors.max()) + 1 == number:
                return colors
            number = int(colors.max()) + 1
