"""Greedy colorings: in a given order, and class by class."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geocolor.bounds.clique_kernels import degeneracy_order
from geocolor.errors import InputError
from geocolor.graph import Adjacency
from geocolor.problem import Problem
from geocolor.solvers.kernels.greedy import first_fit_chunk, rlf_chunk
from geocolor.solvers.search import Outcome, Search
from geocolor.solvers.start import Constructor, construct

__all__ = [
    "greedy_coloring",
    "rlf",
    "smallest_last",
    "solve_first_fit",
    "solve_rlf",
    "solve_smallest_last",
    "solve_welsh_powell",
    "welsh_powell",
]

# Adjacency entries in one kernel call: some 30 ms.
_CHUNK, _HEAP_CHUNK = 3_000_000, 1_000_000


def greedy_coloring(adjacency: Adjacency, order: ArrayLike) -> NDArray[np.int32]:
    """Give every node, in the order given, the first color that no neighbor has; O(n + m).

    Parameters
    ----------
    adjacency : Adjacency
        The conflicts.
    order : array_like of int, shape (num_nodes,)
        Every node once.

    Returns
    -------
    ndarray of int32, shape (num_nodes,)
        Colors from 0, at most the largest degree + 1.

    Raises
    ------
    InputError
        `order` does not list every node once.

    Examples
    --------
    >>> greedy_coloring(Adjacency.from_edges(4, [(0, 1), (1, 2), (2, 3)]), [0, 3, 1, 2]).tolist()
    [0, 1, 2, 0]
    """
    nodes = np.asarray(order)
    count = adjacency.num_nodes
    if nodes.size == 0:
        nodes = np.empty(0, dtype=np.int64)
    if nodes.dtype.kind not in "iu" or not np.array_equal(np.sort(nodes), np.arange(count)):
        raise InputError(f"an order must list every node from 0 to {count - 1} once")
    nodes = nodes.astype(np.int64)
    colors = np.full(count, -1, dtype=np.int32)
    position = 0
    while position < count:
        position = first_fit_chunk(
            adjacency.indptr, adjacency.indices, nodes, colors, position, _CHUNK
        )
    return colors


def welsh_powell(adjacency: Adjacency) -> NDArray[np.int64]:
    """Order nodes by degree, the largest first; O(n log n).

    Welsh and Powell, "An upper bound for the chromatic number of a graph and its application to
    timetabling problems", The Computer Journal 10 (1967).
    """
    return np.argsort(-adjacency.degrees, kind="stable")


def smallest_last(adjacency: Adjacency) -> NDArray[np.int64]:
    """Order nodes so that each has fewest neighbors before it: the degeneracy at most; O(n + m).

    Matula and Beck, "Smallest-last ordering and clustering and graph coloring algorithms", J. ACM
    30 (1983), with their bucket queue.
    """
    return degeneracy_order(adjacency.indptr, adjacency.indices)[0][::-1].copy()


def rlf(adjacency: Adjacency, search: Search) -> NDArray[np.int32] | None:
    """Color by recursive largest first: one class after the other, each as snug as can be.

    A class begins with the node of most uncolored neighbors. The next is the candidate with most
    neighbors among those that the class bars, of these the one that bars fewest others. Leighton,
    "A graph coloring algorithm for large scheduling problems", J. Res. Nat. Bur. Standards 84
    (1979). With a heap of candidates, O(k (n + m) log n) for k classes.

    Returns
    -------
    ndarray of int32, shape (num_nodes,), or None
        Colors, at most the largest degree + 1; None if `search` ran out of time.
    """
    count = adjacency.num_nodes
    colors, barred = np.full((2, count), -1, dtype=np.int32)
    heap, place = np.empty((2, count), dtype=np.int32)
    key = np.empty(count, dtype=np.int64)
    degree = adjacency.degrees
    size, color = 0, -1
    while count and colors.min() < 0:
        if search.out_of_time():
            return None
        size, color = rlf_chunk(
            adjacency.indptr,
            adjacency.indices,
            colors,
            degree,
            barred,
            heap,
            place,
            key,
            size,
            color,
            _HEAP_CHUNK,
        )
    return colors


def solve_first_fit(problem: Problem, search: Search) -> Outcome:
    """Offer the greedy coloring in the nodes' own order, and a clique bound; as :func:`solve_rlf`.

    A coloring to start from stands as it is: it may have been made in another order.
    """
    return construct(problem, search, "first fit", _first_fit)


def solve_welsh_powell(problem: Problem, search: Search) -> Outcome:
    """Offer the greedy coloring by degree, and a clique bound; as :func:`solve_rlf`."""
    return construct(problem, search, "Welsh-Powell", _in_order(welsh_powell))


def solve_smallest_last(problem: Problem, search: Search) -> Outcome:
    """Offer the greedy coloring smallest last, and a clique bound; as :func:`solve_rlf`."""
    return construct(problem, search, "smallest-last", _in_order(smallest_last))


def solve_rlf(problem: Problem, search: Search) -> Outcome:
    """Offer the coloring by recursive largest first, and a clique bound.

    Parameters
    ----------
    problem : ColoringProblem
        With `k`, the coloring counts only if it has at most k classes.
    search : Search
        Where both are reported.

    Returns
    -------
    Outcome
        COMPLETED unless time ran out.
    """
    return construct(problem, search, "RLF", rlf)


def _first_fit(adjacency: Adjacency, search: Search) -> NDArray[np.int32]:
    if search.coloring is not None:
        return search.coloring.colors
    return greedy_coloring(adjacency, np.arange(adjacency.num_nodes))


def _in_order(ordering: Callable[[Adjacency], NDArray[np.int64]]) -> Constructor:
    return lambda adjacency, search: greedy_coloring(adjacency, ordering(adjacency))
