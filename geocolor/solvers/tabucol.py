"""TabuCol: fewer colors by tabu search over colorings with conflicts."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from geocolor.graph import Adjacency
from geocolor.problem import ColoringProblem, Problem
from geocolor.solvers.budget import Budget
from geocolor.solvers.dsatur import dsatur
from geocolor.solvers.fixed_k import kcolor
from geocolor.solvers.result import StopReason
from geocolor.solvers.search import Outcome, Search
from geocolor.solvers.start import begin

__all__ = ["descend", "fewer_colors", "solve_tabucol"]

_CLIQUE_WORK = 20_000_000

# A search for a given number of classes: see `kcolor`.
FindColoring = Callable[[Adjacency, NDArray[np.int32], int, Budget, int], NDArray[np.int32] | None]


def solve_tabucol(problem: Problem, search: Search) -> Outcome:
    """Take a DSATUR coloring down, one color after the other, until time or iterations end.

    Hertz and de Werra, "Using tabu search techniques for graph coloring", Computing 39 (1987).

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
    return descend(problem, search, kcolor)


def descend(problem: Problem, search: Search, find: FindColoring) -> Outcome:
    """Color by DSATUR, and look for fewer and fewer classes by `find`, until the budget ends."""
    assert isinstance(problem, ColoringProblem)  # noqa: S101  the registry sees to it
    _, outcome = begin(problem, search, clique_work=_CLIQUE_WORK)
    if outcome is not None:
        return outcome
    greedy = dsatur(problem.graph.conflicts, search)
    if greedy is None:
        return Outcome(StopReason.TIME, message="the time ended before every node had a color")
    colors = greedy[0]
    if int(colors.max()) < problem.max_colors:
        search.offer(colors)
    budget = Budget(search)
    while True:
        if search.coloring is not None:
            colors = search.coloring.colors
        before = budget.iterations
        reason = fewer_colors(problem, search, budget, colors, find)
        # It lost patience: with a limit to use up, again from the incumbent, with other dice.
        if budget.unlimited or reason is not StopReason.COMPLETED or search.answered():
            return Outcome(reason)
        if budget.iterations == before:
            return Outcome(reason, message="the graph is too large for its table")


def fewer_colors(
    problem: ColoringProblem,
    search: Search,
    budget: Budget,
    colors: NDArray[np.int32],
    find: FindColoring = kcolor,
) -> StopReason:
    """Go down one class after the other until the patience or the budget ends."""
    patience = 500_000 + 500 * problem.graph.num_nodes
    while not search.answered() and not budget.over():
        target = min(int(colors.max()), problem.max_colors)
        if target < 1:
            break
        found = find(problem.graph.conflicts, colors, target, budget, patience)
        if found is None:
            break
        colors = found
        search.offer(colors)
    return budget.reason()
