"""Equitable coloring: balanced heuristic colorings, then proof one number of classes at a time."""

from __future__ import annotations

import heapq
import math
import time

import numpy as np
from numpy.typing import NDArray

from geocolor.bounds import Clique
from geocolor.graph import Adjacency
from geocolor.problem import EquitableColoringProblem
from geocolor.solvers.budget import Budget
from geocolor.solvers.cpsat.solver import decide_equitable
from geocolor.solvers.dsatur import dsatur
from geocolor.solvers.fixed_k import kcolor, table_fits
from geocolor.solvers.kernels.balance import EVEN, balance_chunk, neighbor_table
from geocolor.solvers.result import StopReason
from geocolor.solvers.search import Outcome, Search
from geocolor.solvers.start import begin

__all__ = ["balance", "solve_equitable"]

_CLIQUE_WORK = 300_000_000
# Table entries that the kernel may read in one call: some 30 ms.
_CHUNK = 10_000_000
# Share of the remaining time that the heuristics get before the proof.
_SHARE = 0.3


def solve_equitable(problem: EquitableColoringProblem, search: Search) -> Outcome:
    """Find and prove the fewest classes, or k of them, whose sizes differ by at most one.

    Plain colorings are made even by :func:`balance`; CP-SAT then decides the numbers of classes
    from the bound upwards, each with its sizes.

    Parameters
    ----------
    problem : EquitableColoringProblem
        The question.
    search : Search
        Where colorings and bounds go.

    Returns
    -------
    Outcome
        COMPLETED if the problem is settled; where CP-SAT's model would be too large, the message
        says that nothing was proven.
    """
    clique, outcome = begin(problem, search, clique_work=_CLIQUE_WORK)
    if outcome is not None:
        return outcome
    count = problem.graph.num_nodes
    most = min(problem.max_colors, count)
    least = max(len(clique), _least_by_degree(problem.graph.conflicts))
    if least > most:
        return Outcome(
            StopReason.COMPLETED,
            infeasible=True,
            message=f"{most} classes are so large that one has to hold a node and a neighbor of it",
        )
    search.raise_lower_bound(most if problem.k is not None else least)
    until = time.monotonic() + _SHARE * search.remaining()
    colors = dsatur(problem.graph.conflicts, search)
    if colors is None:
        return Outcome(StopReason.TIME)
    _heuristics(problem, search, Budget(search, until), colors[0])
    return _proof(problem, search, clique)


def _least_by_degree(conflicts: Adjacency) -> int:
    """Fewest classes by size: a class with a node has none of its neighbors."""
    count = conflicts.num_nodes
    # The smallest class has count // k nodes, and so may have the class of the busiest node.
    roomiest = count - int(conflicts.degrees.max(initial=0))
    return count // (roomiest + 1) + 1


def _heuristics(
    problem: EquitableColoringProblem, search: Search, budget: Budget, colors: NDArray[np.int32]
) -> None:
    conflicts, count = problem.graph.conflicts, problem.graph.num_nodes

    def attempt(classes: int) -> bool:
        found = _even_coloring(conflicts, colors, classes, budget)
        if found is not None:
            search.offer(found)
        return found is not None

    if problem.k is not None:
        if not search.answered():
            attempt(min(problem.k, count))
        return
    # Up in growing steps to a number that works, as that of the nodes does, then down again.
    classes = max(int(colors.max()) + 1, int(search.lower_bound or 1))
    while not budget.over() and search.coloring is None and not attempt(classes):
        classes = min(count, classes + max(1, classes // 8))
    while search.objective is not None and not budget.over() and attempt(int(search.objective) - 1):
        pass


def _even_coloring(
    conflicts: Adjacency, colors: NDArray[np.int32], classes: int, budget: Budget
) -> NDArray[np.int32] | None:
    """Try for an equitable coloring with a number of classes, from a plain coloring."""
    if int(colors.max()) >= classes:
        patience = 100_000 + 100 * conflicts.num_nodes
        fewer = kcolor(conflicts, colors, classes, budget, patience)
        if fewer is None:
            return None
        colors = fewer
    return balance(conflicts, _split(colors, classes), classes, budget)


def _split(colors: NDArray[np.int32], classes: int) -> NDArray[np.int32]:
    """Halve the largest class until there are that many."""
    out = colors.copy()
    used = int(colors.max()) + 1
    heap = [(-int((out == color).sum()), color) for color in range(used)]
    heapq.heapify(heap)
    members = {color: np.flatnonzero(out == color) for color in range(used)}
    for new in range(used, classes):
        size, color = heapq.heappop(heap)
        half = -size // 2
        members[new], members[color] = members[color][:half], members[color][half:]
        out[members[new]] = new
        heapq.heappush(heap, (-half, new))
        heapq.heappush(heap, (size + half, color))
    return out


def balance(
    conflicts: Adjacency, colors: NDArray[np.int32], k: int, budget: Budget
) -> NDArray[np.int32] | None:
    """Make the sizes of classes differ by at most one, keeping the coloring proper.

    Parameters
    ----------
    conflicts : Adjacency
        The edges.
    colors : ndarray of int32, shape (n,)
        A proper coloring with classes 0 to ``k - 1``.
    k : int
        Classes.
    budget : Budget
        Its time is the limit.

    Returns
    -------
    ndarray or None
        An equitable coloring; None if no chain of moves leads to one, the time is up, or the table
        of nodes by classes would be too large.
    """
    sizes = np.bincount(colors, minlength=k).astype(np.int64)
    if sizes.max() - sizes.min() <= 1:
        return colors
    if not table_fits(len(colors), k):
        return None
    colors = colors.copy()
    graph = conflicts.indptr, conflicts.indices
    table = neighbor_table(*graph, colors, k)
    ended = 0
    while not ended and budget.seconds_left() > 0:
        ended = balance_chunk(*graph, colors, table, sizes, _CHUNK)
    return colors if ended == EVEN else None


def _proof(problem: EquitableColoringProblem, search: Search, clique: Clique) -> Outcome:
    """Decide one number of classes after the other, from the bound upwards."""
    while not search.answered():
        classes = math.ceil(search.lower_bound or 1)
        outcome = decide_equitable(problem, search, clique, classes)
        if not outcome.infeasible:
            if outcome.stop_reason is StopReason.MEMORY and search.coloring is None:
                message = f"no equitable coloring was found, and none excluded: {outcome.message}"
                return Outcome(outcome.stop_reason, message=message)
            return outcome
        if problem.k is not None:
            return outcome
        search.raise_lower_bound(classes + 1)
    return Outcome(StopReason.COMPLETED)
