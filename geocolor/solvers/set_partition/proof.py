"""From a partition to its proof, or to a better one with a proof: groups, bound, gap, cover."""

from __future__ import annotations

import time

import numpy as np
from numpy.typing import NDArray

from geocolor.problem import GroupPartitionProblem, PartitionProblem
from geocolor.solvers.memory import too_much
from geocolor.solvers.result import StopReason
from geocolor.solvers.search import Outcome, Search
from geocolor.solvers.set_partition.certificate import GroupBound
from geocolor.solvers.set_partition.closing import cheapest_cover
from geocolor.solvers.set_partition.generation import GroupGeneration
from geocolor.solvers.set_partition.integers import integer_costs
from geocolor.solvers.start import stopped
from geocolor.wording import counted

__all__ = ["LARGEST", "Grouped", "prove_by_groups"]

# Nodes of the largest graph whose pairs are worth a matrix.
LARGEST = 1_000
# Bytes for each node: of 100,000 groups, as they are found, known and covered with.
_BYTES_A_NODE = 300_000
# Groups that may be listed, and the entries of their table.
_MOST_GROUPS, _MOST_ENTRIES = 200_000, 50_000_000
# Share of the time left that covers by the groups known may take before all are listed.
_KNOWN_SHARE = 0.2

Grouped = PartitionProblem | GroupPartitionProblem


def prove_by_groups(problem: Grouped, search: Search, until: float = float("inf")) -> Outcome:
    """Prove the incumbent, or find a better one and prove that.

    Parameters
    ----------
    problem : PartitionProblem or GroupPartitionProblem
        The question.
    search : Search
        With an incumbent, without which nothing is done.
    until : float
        ``time.monotonic()`` at which to stop.

    Raises
    ------
    InputError
        The weights or sizes spread too far for integers.
    """
    if search.coloring is None:
        return Outcome(stopped(search), message="no partition is known to start from")
    if problem.graph.num_nodes > LARGEST:
        return Outcome(
            StopReason.COMPLETED,
            message=f"groups of more than {LARGEST:,} nodes are not listed",
        )
    refused = too_much(_BYTES_A_NODE * problem.graph.num_nodes, "a list of groups")
    if refused is not None:
        return Outcome(StopReason.MEMORY, message=refused)
    return _Proof(problem, search, min(until, search.deadline)).run()


class _Proof:
    def __init__(self, problem: Grouped, search: Search, until: float) -> None:
        self._search = search
        self._until = until
        self._k = min(problem.k, problem.graph.num_nodes)
        assert search.objective is not None  # noqa: S101  asked before
        self._costs = integer_costs(problem, search.objective)
        search.scaling_error = self._costs.error
        self._apart = problem.graph.conflicts.matrix > 0

    def run(self) -> Outcome:
        assert self._search.coloring is not None  # noqa: S101  asked before
        groups = _classes(self._search.coloring.colors)
        generation = GroupGeneration(self._costs, self._apart, self._k, groups)
        most = self._cost(groups)
        while generation.round(self._late, self._until - time.monotonic()):
            bound = generation.bound
            if bound is not None and self._rounded(bound) >= most:
                break
            if bound is not None:
                self._report(self._rounded(bound))
        bound = generation.bound
        programs = counted(generation.rounds, "linear program")
        told = f"{programs} over {counted(len(generation), 'group')}"
        # What may be the last word is held to a search of its own first.
        if bound is None or not bound.verify(self._costs, self._apart, self._late):
            return Outcome(stopped(self._search), message=told)
        self._report(self._rounded(bound))
        if self._rounded(bound) < most:
            most = self._cover_by_known(generation, bound, most)
            told += f"; {self._close(bound, most)}"
        return Outcome(stopped(self._search), message=told)

    def _cover_by_known(self, generation: GroupGeneration, bound: GroupBound, most: int) -> int:
        """Choose among the groups known: the less is left to list, the better the incumbent."""
        groups = generation.groups()
        values = self._costs.of(groups) - groups @ bound.duals
        kept = values < bound.price + most - bound.steps
        until = time.monotonic() + _KNOWN_SHARE * (self._until - time.monotonic())
        found, _ = cheapest_cover(
            groups[kept],
            values[kept] - bound.price,
            self._k,
            -bound.price,
            most - bound.steps,
            lambda: self._late() or time.monotonic() >= until,
        )
        return most if found is None else self._offer(found)

    def _close(self, bound: GroupBound, most: int) -> str:
        """Look for a partition that costs less than `most`; what came of it."""
        gap = most - bound.steps
        room = max(1, min(_MOST_GROUPS, _MOST_ENTRIES // len(bound.duals)))
        listing = self._costs.search(
            self._apart, bound.duals, bound.price + gap, self._late, most=room, every=True
        )
        if not listing.finished:
            least = "at least" if self._late() else "more than"
            return f"left under the gap: {least} {counted(len(listing.groups), 'group')}"
        found, finished = cheapest_cover(
            listing.groups, listing.values - bound.price, self._k, -bound.price, gap, self._late
        )
        if found is not None:
            most = self._offer(found)
        if finished:
            self._report(most)
        return f"left under the gap: {counted(len(listing.groups), 'group')}"

    def _late(self) -> bool:
        return time.monotonic() >= self._until or self._search.out_of_time()

    def _cost(self, groups: NDArray[np.bool_]) -> int:
        return int(self._costs.of(groups).sum())

    def _offer(self, colors: NDArray[np.int32]) -> int:
        """Report a partition; what it costs in steps."""
        self._search.offer(colors)
        return self._cost(_classes(colors))

    def _rounded(self, bound: GroupBound) -> int:
        """Give the bound in steps, up to where costs can be."""
        step = self._costs.step
        return -(-bound.steps // step) * step

    def _report(self, bound: int) -> None:
        self._search.raise_lower_bound(self._costs.lower_bound(bound))


def _classes(colors: NDArray[np.int32]) -> NDArray[np.bool_]:
    groups: NDArray[np.bool_] = colors == np.unique(colors)[:, None]
    return groups
