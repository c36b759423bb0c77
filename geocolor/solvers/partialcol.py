"""PartialCol: fewer colors by tabu search over proper colorings of a part of the nodes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from geocolor.graph import Adjacency
from geocolor.problem import Problem
from geocolor.solvers.budget import Budget
from geocolor.solvers.fixed_k import entries, largest_first, padded, ring_slots, table_fits
from geocolor.solvers.kernels.partialcol import partialcol_chunk, partialcol_start
from geocolor.solvers.search import Outcome, Search
from geocolor.solvers.tabucol import descend

__all__ = ["fewest_left", "partialcol", "solve_partialcol"]

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
    if not table_fits(adjacency.num_nodes, k):
        return None
    found = fewest_left(adjacency, colors, k, budget, patience)
    return None if (found < 0).any() else found


def fewest_left(
    adjacency: Adjacency,
    colors: NDArray[np.int32],
    k: int,
    budget: Budget,
    patience: int,
    most: int | None = None,
) -> NDArray[np.int32]:
    """Run PartialCol from `colors` and give the best coloring it saw.

    Parameters
    ----------
    adjacency, colors, k, budget, patience
        As for :func:`partialcol`; :func:`~geocolor.solvers.fixed_k.table_fits` must hold.
    most : int, optional
        Iterations after which to stop in any case.

    Returns
    -------
    ndarray of int32
        Classes; -1 for the nodes left over.
    """
    count = adjacency.num_nodes
    colors = largest_first(colors)
    colors[colors >= k] = -1
    flag, entry = entries(adjacency)
    lost = np.empty((count, padded(k)), dtype=entry)
    listed, place, low = np.empty((3, count), dtype=np.int32)
    graph = (adjacency.indptr, adjacency.indices, colors, k, flag)
    size = best = partialcol_start(*graph, lost, listed, place)
    until, chain = np.zeros(lost.shape, dtype=np.int64), np.full(lost.size, -1, dtype=np.int64)
    due = np.full(ring_slots(count), -1, dtype=np.int64)
    best_colors = colors.copy()
    arrays = (*graph, lost, listed, place, low, until, due, chain, budget.kernel_state())
    iteration, since = 0, 0
    last = budget.iterations_left if most is None else min(most, budget.iterations_left)
    while size and iteration < last and iteration - since < patience and not budget.too_late(k):
        before, least = iteration, best
        iteration, size, best = partialcol_chunk(
            *arrays, best_colors, size, best, iteration, min(last, since + patience), _CHUNK
        )
        budget.spend(iteration - before)
        if best != least:
            since = iteration
    return best_colors
