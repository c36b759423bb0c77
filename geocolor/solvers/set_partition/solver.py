"""Exact min-k-partition: generate groups, list what the gap leaves, and cover."""

from __future__ import annotations

import math
import time

import numpy as np
from numpy.typing import NDArray

from geocolor.problem import PartitionProblem, Problem
from geocolor.solvers.budget import Budget
from geocolor.solvers.result import StopReason
from geocolor.solvers.scaling import Scaled, scale_weights
from geocolor.solvers.search import Outcome, Search
from geocolor.solvers.set_partition.certificate import FINE, GroupBound
from geocolor.solvers.set_partition.closing import cheapest_cover
from geocolor.solvers.set_partition.generation import GroupGeneration
from geocolor.solvers.set_partition.pricing import GroupSearch
from geocolor.solvers.spectral import improve
from geocolor.solvers.start import begin, stopped

__all__ = ["LARGEST", "prove_by_groups", "solve_set_partition"]

# Nodes of the largest graph whose pairs are worth a matrix.
LARGEST = 1_000
_CLIQUE_WORK = 20_000_000
# Share of the time left that the heuristics get for a first partition, and their most in seconds.
_SHARE, _SECONDS = 0.2, 2.0
# Groups that may be listed, and the entries of their table.
_MOST_GROUPS, _MOST_ENTRIES = 200_000, 50_000_000


def solve_set_partition(problem: Problem, search: Search) -> Outcome:
    """Find the least cost of at most k groups, and prove it.

    Heuristics give a first partition; column generation a lower bound that mostly meets it; what
    is left of the gap, all groups that could be part of a better partition and an exact cover
    close. Exponential time in the worst case: it is the size of the groups that counts, not their
    number.

    Parameters
    ----------
    problem : PartitionProblem
        Pair costs of any sign, and hard conflicts.
    search : Search
        Gets incumbents and bounds.

    Returns
    -------
    Outcome
        COMPLETED if the partition is proven, or there were too many groups to list.

    Raises
    ------
    InputError
        The weights spread too far for integers.
    """
    _, outcome = begin(problem, search, clique_work=_CLIQUE_WORK)
    if outcome is not None:
        return outcome
    scale_weights(problem.graph.weights.edge_values())
    until = time.monotonic() + min(_SECONDS, _SHARE * search.remaining())
    improve(problem, search, Budget(search, until))
    if search.answered():
        return Outcome(StopReason.COMPLETED)
    assert isinstance(problem, PartitionProblem)  # noqa: S101  the registry sees to it
    return prove_by_groups(problem, search)


def prove_by_groups(problem: PartitionProblem, search: Search, until: float = math.inf) -> Outcome:
    """Prove the incumbent, or find a better one and prove that; see :func:`solve_set_partition`.

    Parameters
    ----------
    problem : PartitionProblem
        The question.
    search : Search
        With an incumbent, without which nothing is done.
    until : float
        ``time.monotonic()`` at which to stop.
    """
    if search.coloring is None:
        return Outcome(stopped(search), message="no partition is known to start from")
    if problem.graph.num_nodes > LARGEST:
        return Outcome(
            StopReason.COMPLETED,
            message=f"groups of more than {LARGEST:,} nodes are not listed",
        )
    return _Proof(problem, search, min(until, search.deadline)).run()


class _Proof:
    def __init__(self, problem: PartitionProblem, search: Search, until: float) -> None:
        graph = problem.graph
        self._search = search
        self._until = until
        self._k = min(problem.k, graph.num_nodes)
        self._scaled: Scaled = scale_weights(graph.weights.edge_values())
        search.scaling_error = self._scaled.error
        self._weights = np.zeros((graph.num_nodes, graph.num_nodes), dtype=np.int64)
        rows, columns = graph.weights.edges().T
        self._weights[rows, columns] = self._weights[columns, rows] = self._scaled.integers
        self._apart = graph.conflicts.matrix > 0

    def run(self) -> Outcome:
        assert self._search.coloring is not None  # noqa: S101  asked before
        colors = self._search.coloring.colors
        groups = colors == np.unique(colors)[:, None]
        generation = GroupGeneration(self._weights, self._apart, self._k, groups)
        most = self._cost(colors)
        while generation.round(self._late, self._until - time.monotonic()):
            bound = generation.bound
            if bound is not None and bound.value >= most:
                break
            if bound is not None:
                self._report(bound.value)
        bound = generation.bound
        told = f"{generation.rounds} linear programs over {len(generation)} groups"
        # What may be the last word is held to a search of its own first.
        if bound is None or not bound.verify(self._weights, self._apart, self._late):
            return Outcome(stopped(self._search), message=told)
        self._report(bound.value)
        if bound.value < most:
            told += f"; {self._close(bound, most)}"
        return Outcome(stopped(self._search), message=told)

    def _close(self, bound: GroupBound, most: int) -> str:
        """Look for a partition that costs less than `most`; what came of it."""
        gap = most * FINE - bound.fine
        room = max(1, min(_MOST_GROUPS, _MOST_ENTRIES // len(bound.duals)))
        listing = GroupSearch(
            self._weights * FINE, self._apart, bound.duals, bound.price + gap, every=True, most=room
        )
        listing.run(self._late)
        if not listing.finished:
            least = "at least" if self._late() else "more than"
            return f"{least} {len(listing.groups):,} groups are left under the gap"
        found, finished = cheapest_cover(
            listing.groups, listing.values - bound.price, self._k, -bound.price, gap, self._late
        )
        if found is not None:
            self._search.offer(found)
            most = self._cost(found)
        if finished:
            self._report(most)
        return f"{len(listing.groups)} groups were left under the gap"

    def _late(self) -> bool:
        return time.monotonic() >= self._until or self._search.out_of_time()

    def _cost(self, colors: NDArray[np.int32]) -> int:
        """Give the integer cost of a partition."""
        return int(self._weights[colors[:, None] == colors].sum()) // 2

    def _report(self, bound: int) -> None:
        self._search.raise_lower_bound(self._scaled.lower_bound(bound))
