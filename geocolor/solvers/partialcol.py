"""PartialCol: fewer colors by tabu search over proper colorings of a part of the nodes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from geocolor.graph import Adjacency
from geocolor.problem import Problem
from geocolor.solvers.budget import Budget
from geocolor.solvers.fixed_k import largest_first, table_fits
from geocolor.solvers.kernels.partialcol import partialcol_chunk, partialcol_start
from geocolor.solvers.search import Outcome, Search
from geocolor.solvers.tabucol import descend

__all__ = ["partialcol", "solve_partialcol"]

# Table entries that the kernel may read in one call: some 20 ms.
_CHUNK = 10_000_000


def solve_partialcol(problem: Problem, search: Search) -> Outcome:
    """Take a DSATUR coloring down, one color after the other, until time or iterations end.

    Blöchliger and Zufferey, "A graph coloring heuristic using partial solutions and a reactive
    tabu scheme", Computers & OR 35 (2008), with their dynamic tenure.

    Parameters
    ----------
    problem : ColoringProblem
        With `k`, the search ends with the first coloring of at most k classes.
    search : Search
        Gets every improvement; its time and iterations are the budget.

    Returns
    -------
    Outcome
        COMPLETED if a bound is met, or without any limit once the search has lost patience.
    """
    return descend(problem, search, partialcol)


def partialcol(
    adjacency: Adjacency, colors: NDArray[np.int32], k: int, budget: Budget, patience: int
) -> NDArray[np.int32] | None:
    """Look for a coloring with `k` classes by PartialCol.

    Parameters
    ----------
    adjacency : Adjacency
        The conflicts.
    colors : ndarray of int32
        Where to start; nodes of the smallest classes beyond `k` lose their color.
    k : int
        Classes.
    budget : Budget
        What may be spent.
    patience : int
        Iterations without a new least number of nodes left over after which to give up.

    Returns
    -------
    ndarray or None
        The coloring, None if none was found.
    """
    count = adjacency.num_nodes
    if not table_fits(count, k):
        return None
    colors = largest_first(colors)
    colors[colors >= k] = -1
    beside = np.empty((count, k), dtype=np.int32)
    until = np.zeros((count, k), dtype=np.int64)
    listed, place = np.empty((2, count), dtype=np.int32)
    size = partialcol_start(adjacency.indptr, adjacency.indices, colors, beside, listed, place)
    state = budget.kernel_state()
    best = size
    iteration, since, last = 0, 0, budget.iterations_left
    while size:
        if iteration >= last or iteration - since >= patience or budget.too_late(k):
            return None
        before, least = iteration, best
        iteration, size, best = partialcol_chunk(
            adjacency.indptr,
            adjacency.indices,
            colors,
            beside,
            until,
            listed,
            place,
            state,
            size,
            best,
            iteration,
            min(last, since + patience),
            _CHUNK,
        )
        budget.spend(iteration - before)
        if best != least:
            since = iteration
    return colors
