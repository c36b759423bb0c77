"""DSATUR: the next node is the one that sees most colors already."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from geocolor.graph import Adjacency
from geocolor.problem import ColoringProblem, Problem
from geocolor.solvers.kernels.dsatur import dsatur_chunk
from geocolor.solvers.result import StopReason
from geocolor.solvers.search import Outcome, Search
from geocolor.solvers.start import begin

__all__ = ["dsatur", "solve_dsatur"]

# Adjacency entries in one kernel call: some 30 ms.
_CHUNK = 300_000
# Enough for the maximum clique of most sparse graphs, and no more than the coloring itself costs.
_CLIQUE_WORK = 20_000_000


def dsatur(
    adjacency: Adjacency, search: Search
) -> tuple[NDArray[np.int32], NDArray[np.int32]] | None:
    """Color greedily by saturation, then by uncolored degree.

    Returns
    -------
    tuple of ndarray, or None
        Colors in node order, and the nodes in the order they were colored; None if `search` ran
        out of time.
    """
    count = adjacency.num_nodes
    colors = np.full(count, -1, dtype=np.int32)
    order = np.empty(count, dtype=np.int32)
    heap = np.arange(count, dtype=np.int32)
    place = heap.copy()
    key = adjacency.degrees.astype(np.int64)
    # Half full at most: there are no more (node, color) pairs than adjacency entries.
    bits = max(4, int(2 * len(adjacency.indices)).bit_length())
    table = np.full(1 << bits, -1, dtype=np.int64)
    left = count
    while left > 0:
        if search.out_of_time():
            return None
        left = dsatur_chunk(
            adjacency.indptr,
            adjacency.indices,
            colors,
            heap,
            place,
            key,
            table,
            64 - bits,
            left,
            order,
            _CHUNK,
        )
    return colors, order


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
    assert isinstance(problem, ColoringProblem)  # noqa: S101  the registry sees to it
    _, outcome = begin(problem, search, clique_work=_CLIQUE_WORK)
    if outcome is not None:
        return outcome
    found = dsatur(problem.graph.conflicts, search)
    if found is None:
        return Outcome(StopReason.TIME, message="the time ended before every node had a color")
    used = int(found[0].max()) + 1
    if used > problem.max_colors:
        return Outcome(
            StopReason.COMPLETED,
            message=f"DSATUR needs {used} classes, {problem.max_colors} were asked for; "
            "another solver may find them",
        )
    search.offer(found[0])
    return Outcome(StopReason.COMPLETED)
