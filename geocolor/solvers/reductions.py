"""Smaller graphs with the same chromatic number, and the way back from their colorings.

Three kinds of nodes can wait until all others have a color. One with fewer neighbors than there
are colors finds a free one. One whose neighbors are all neighbors of another takes the color of
that other, its dominator; twins, with the very same neighbors, are the case that hashing finds.
What is left is the kernel; its connected components have nothing to do with each other.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import ArrayLike, NDArray
from scipy.sparse.csgraph import connected_components

from geocolor.errors import InputError
from geocolor.graph import Adjacency
from geocolor.graph.adjacency import frozen
from geocolor.solvers.kernels.reductions import (
    PEELED,
    neighborhood_hashes,
    reduce_chunk,
    restore,
    twins_chunk,
)

__all__ = ["Reduction", "components", "induced", "reduce_coloring"]

# Work in one kernel call, in adjacency entries: some 15 ms.
_CHUNK = 5_000_000
# Of domination and twins together; some 0.6 s.
_MAX_WORK = 200_000_000


@dataclass(frozen=True, eq=False)
class Reduction:
    """A graph, its kernel, and what was removed between the two.

    A coloring of the kernel in c colors lifts to one of the graph in at most
    ``max(c, lower_bound)``. So if the graph needs at least `lower_bound` colors, it needs
    ``max(c, lower_bound)`` where the kernel needs c; and for every k from `lower_bound` on, it has
    a coloring in k colors if and only if the kernel has.

    Attributes
    ----------
    adjacency : Adjacency
        The whole graph.
    kernel : Adjacency
        What is left, as a graph of its own.
    nodes : ndarray of int64, shape (kernel.num_nodes,)
        Nodes of the whole graph that the kernel's nodes are, ascending.
    lower_bound : int
        Colors that a lifted coloring may use in any case.
    removed : ndarray of int32, shape (adjacency.num_nodes - kernel.num_nodes,)
        The other nodes, in the order of their removal.
    donor : ndarray of int32, the shape of `removed`
        Node whose color each of them takes; -1 where it takes the first free one.
    """

    adjacency: Adjacency
    kernel: Adjacency
    nodes: NDArray[np.int64]
    lower_bound: int
    removed: NDArray[np.int32]
    donor: NDArray[np.int32]

    def lift(self, colors: ArrayLike) -> NDArray[np.int32]:
        """Extend a proper coloring of the kernel to the whole graph; O(n + m).

        Parameters
        ----------
        colors : array_like of int, shape (kernel.num_nodes,)
            Any numbers may name the colors.

        Returns
        -------
        ndarray of int32, shape (adjacency.num_nodes,)
            A proper coloring, its colors numbered from 0.

        Raises
        ------
        InputError
            There is not one color per node of the kernel.
        """
        given = np.asarray(colors)
        if given.shape != self.nodes.shape:
            raise InputError(
                f"the kernel has {len(self.nodes)} nodes, the coloring has shape {given.shape}"
            )
        lifted = np.full(self.adjacency.num_nodes, -1, dtype=np.int32)
        # Numbers with gaps would make first free colors out of what nobody uses.
        lifted[self.nodes] = np.unique(given, return_inverse=True)[1]
        restore(
            self.adjacency.indptr,
            self.adjacency.indices,
            self.removed,
            self.donor,
            self.lower_bound,
            lifted,
        )
        return lifted

    def further(
        self, lower_bound: int, *, max_work: int = _MAX_WORK, deadline: float = float("inf")
    ) -> Reduction:
        """Reduce the kernel again, with a bound that has grown since.

        Parameters
        ----------
        lower_bound, max_work, deadline
            As for :func:`reduce_coloring`.

        Returns
        -------
        Reduction
            From the whole graph to the smaller kernel.
        """
        bound = max(lower_bound, self.lower_bound)
        inner = reduce_coloring(self.kernel, bound, max_work=max_work, deadline=deadline)
        donor = inner.donor.copy()
        taken = donor != PEELED
        donor[taken] = self.nodes[donor[taken]]
        removed = self.nodes[inner.removed].astype(np.int32)
        return Reduction(
            self.adjacency,
            inner.kernel,
            frozen(self.nodes[inner.nodes]),
            bound,
            frozen(np.concatenate([self.removed, removed])),
            frozen(np.concatenate([self.donor, donor])),
        )


def reduce_coloring(
    adjacency: Adjacency,
    lower_bound: int,
    *,
    max_work: int = _MAX_WORK,
    deadline: float = float("inf"),
) -> Reduction:
    """Remove nodes that cannot raise the number of colors above `lower_bound`.

    Peels nodes of fewer than `lower_bound` neighbors, and removes twins and dominated nodes, until
    nothing changes: the reductions of Cheeseman, Kanefsky and Taylor, "Where the really hard
    problems are", IJCAI 1991.

    Parameters
    ----------
    adjacency : Adjacency
        The graph; values play no part.
    lower_bound : int
        Colors to be had in any case, often the size of a clique: the higher, the smaller the
        kernel.
    max_work : int
        Budget for twins and domination, in adjacency entries read (some 3 * 10^8 a second). The
        result depends on it alone, unless `deadline` strikes first. Peeling, in O(n + m), is not
        counted.
    deadline : float
        ``time.monotonic()`` at which to stop with what is removed by then.

    Returns
    -------
    Reduction
        With nothing removed, if nothing could be.

    Raises
    ------
    InputError
        `lower_bound` is negative.

    Examples
    --------
    >>> from geocolor.graph import Adjacency
    >>> path_and_triangle = Adjacency.from_edges(5, [(0, 1), (1, 2), (2, 3), (3, 4), (4, 2)])
    >>> reduction = reduce_coloring(path_and_triangle, 2)
    >>> reduction.nodes.tolist()
    [2, 3, 4]
    >>> reduction.lift([0, 1, 2]).tolist()
    [0, 1, 0, 1, 2]
    """
    if lower_bound < 0:
        raise InputError(f"a number of colors must not be negative: {lower_bound}")
    shrinking = _Shrinking(adjacency, lower_bound, max_work, deadline)
    while True:
        shrinking.peel()
        while shrinking.remove_twins():
            shrinking.peel()
        if not shrinking.remove_dominated():
            break
    nodes = np.flatnonzero(shrinking.alive)
    return Reduction(
        adjacency,
        induced(adjacency, nodes),
        frozen(nodes),
        lower_bound,
        frozen(shrinking.removed[: shrinking.count].copy()),
        frozen(shrinking.donor[: shrinking.count].copy()),
    )


class _Shrinking:
    """A graph while nodes are removed from it; sound to stop after any of them."""

    def __init__(self, adjacency: Adjacency, bound: int, max_work: int, deadline: float) -> None:
        count = adjacency.num_nodes
        self.graph = (adjacency.indptr, adjacency.indices)
        self.bound = bound
        self.left = max_work
        self.deadline = deadline
        self.degree = adjacency.degrees.astype(np.int64)
        self.alive = np.ones(count, dtype=np.bool_)
        self.removed = np.empty(count, dtype=np.int32)
        self.donor = np.empty(count, dtype=np.int32)
        self.count = 0
        self._queue = np.empty(count, dtype=np.int32)
        self._queued = np.zeros(count, dtype=np.bool_)
        self._marked = np.zeros(count, dtype=np.bool_)
        # Drawn, so that no regular numbering makes different sums equal.
        self._key = np.random.default_rng(0).integers(2**64, size=count, dtype=np.uint64)

    def peel(self) -> None:
        """Remove nodes of degree below the bound, again and again; O(n + m) over all calls."""
        self._run_queue(np.flatnonzero(self.alive & (self.degree < self.bound)), dominate=False)

    def remove_dominated(self) -> bool:
        """Remove dominated nodes, those of least degree first; whether any was."""
        before = self.count
        nodes = np.flatnonzero(self.alive)
        order = nodes[np.argsort(self.degree[nodes], kind="stable")]
        finished = self._run_queue(order, dominate=True)
        # Once the queue has run dry, no rule has anything left.
        return self.count > before and not finished

    def _run_queue(self, nodes: NDArray[np.int64], *, dominate: bool) -> bool:
        """Work a queue off that begins with `nodes`; whether it ran dry."""
        self._queue[: len(nodes)] = nodes
        self._queued[:] = False
        self._queued[nodes] = True
        head, waiting = 0, len(nodes)
        while waiting and (self.left > 0 or not dominate) and time.monotonic() < self.deadline:
            head, waiting, self.count, used = reduce_chunk(
                *self.graph,
                self.degree,
                self.alive,
                self._queue,
                self._queued,
                self.removed,
                self.donor,
                self._marked,
                head,
                waiting,
                self.count,
                self.bound,
                dominate,
                min(_CHUNK, self.left) if dominate else _CHUNK,
            )
            if dominate:
                self.left -= used
        return waiting == 0

    def remove_twins(self) -> bool:
        """Remove all but one of the nodes with the same neighbors; whether any was removed."""
        if self.left <= 0 or time.monotonic() >= self.deadline:
            return False
        before = self.count
        hashes = neighborhood_hashes(*self.graph, self.alive, self._key)
        self.left -= len(self.graph[1])
        nodes = np.flatnonzero(self.alive)
        order = nodes[np.argsort(hashes[nodes], kind="stable")]
        position = 0
        while position < len(order) - 1 and self.left > 0 and time.monotonic() < self.deadline:
            position, self.count, used = twins_chunk(
                *self.graph,
                self.degree,
                self.alive,
                self.removed,
                self.donor,
                hashes,
                order,
                position,
                self.count,
                min(_CHUNK, self.left),
            )
            self.left -= used
        return self.count > before


def components(adjacency: Adjacency) -> list[NDArray[np.int64]]:
    """Give the nodes of every connected component, ascending, the largest first; O(n + m).

    Colored apart, with colors numbered from 0 in each, they are a coloring of the whole; the
    graph needs as many colors as the component that needs most.

    Examples
    --------
    >>> from geocolor.graph import Adjacency
    >>> [nodes.tolist() for nodes in components(Adjacency.from_edges(4, [(1, 3), (3, 0)]))]
    [[0, 1, 3], [2]]
    """
    count = adjacency.num_nodes
    pattern = sp.csr_array(
        (np.ones(len(adjacency.indices), dtype=np.bool_), adjacency.indices, adjacency.indptr),
        shape=(count, count),
    )
    number, member_of = connected_components(pattern, directed=False)
    order = np.argsort(member_of, kind="stable")
    ends = np.cumsum(np.bincount(member_of, minlength=number))
    parts = np.split(order, ends[:-1]) if number else []
    return sorted(parts, key=len, reverse=True)


def induced(adjacency: Adjacency, nodes: NDArray[np.int64]) -> Adjacency:
    """Restrict to distinct `nodes`, which become 0, 1, ... in the order given; O(m log m)."""
    if len(nodes) == adjacency.num_nodes and np.array_equal(nodes, np.arange(len(nodes))):
        return adjacency
    place = np.full(adjacency.num_nodes, -1, dtype=np.int64)
    place[nodes] = np.arange(len(nodes))
    ends = place[adjacency.edges()]
    return Adjacency.from_edges(len(nodes), ends[(ends >= 0).all(axis=1)])
