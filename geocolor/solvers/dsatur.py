"""DSATUR: the next node is the one that sees most colors already."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from geocolor.graph import Adjacency
from geocolor.problem import Problem
from geocolor.solvers.kernels.dsatur import dsatur_chunk
from geocolor.solvers.search import Outcome, Search
from geocolor.solvers.start import construct

__all__ = ["dsatur", "solve_dsatur"]

# Adjacency entries in one kernel call: some 30 ms.
_CHUNK = 300_000


def dsatur(
    adjacency: Adjacency, search: Search
) -> tuple[NDArray[np.int32], NDArray[np.int32]] | None:
    """Color greedily by saturation, then by uncolored degree, then by degree; O(n + m log n).

    Ties beyond go to the first node.

    Brélaz, "New methods to color the vertices of a graph", Communications of the ACM 22 (1979).

    Returns
    -------
    tuple of ndarray, or None
        Colors in node order, and the nodes in the order they were colored; None if `search` ran
        out of time.
    """
    count = adjacency.num_nodes
    degrees = adjacency.degrees
    colors = np.full(count, -1, dtype=np.int32)
    order = np.empty(count, dtype=np.int32)
    # Only the words of colors in use are ever touched, so the rest costs no memory.
    seen = np.zeros((_most_colors(degrees) // 64 + 1, count), dtype=np.uint64)
    saturation = np.zeros(count, dtype=np.int32)
    uncolored = degrees.astype(np.int32)
    # A node of degree d reaches no saturation above d.
    room = count - np.cumsum(np.bincount(degrees, minlength=1))
    starts = np.concatenate([[0], count + np.cumsum(room) - room])
    sizes = np.zeros(len(starts), dtype=np.int64)
    heap = np.empty(count + len(adjacency.indices), dtype=np.int64)
    # All nodes wait at saturation 0; a sorted array is a heap.
    ranking = np.argsort(-degrees, kind="stable").astype(np.int32)
    rank = np.empty_like(ranking)
    rank[ranking] = np.arange(count)
    heap[:count] = (degrees[ranking] << 32) - np.arange(count)
    sizes[0] = count
    left = count
    while left > 0:
        if search.out_of_time():
            return None
        left = dsatur_chunk(
            adjacency.indptr,
            adjacency.indices,
            colors,
            seen,
            saturation,
            uncolored,
            ranking,
            rank,
            starts,
            sizes,
            heap,
            left,
            order,
            _CHUNK,
        )
    return colors, order


def _most_colors(degrees: NDArray[np.int64]) -> int:
    """Bound the colors of any first-fit coloring.

    A node of color c has a degree of at least c, and neighbors of all colors below: K colors need
    nodes of degree at least K - 1, K - 2, ..., so K is at most the i-th largest degree plus i.
    """
    largest = -np.sort(-degrees)
    return int((largest + np.arange(1, len(degrees) + 1)).min(initial=len(degrees)))


def solve_dsatur(problem: Problem, search: Search) -> Outcome:
    """Offer the DSATUR coloring and a clique bound.

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
    return construct(problem, search, "DSATUR", _colors)


def _colors(adjacency: Adjacency, search: Search) -> NDArray[np.int32] | None:
    found = dsatur(adjacency, search)
    return None if found is None else found[0]
