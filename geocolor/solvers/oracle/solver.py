"""Partitions at what an oracle says groups cost: agglomeration, repairs, covers by groups known."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from geocolor.problem import GroupPartitionProblem, PartitionProblem, Problem
from geocolor.solvers.budget import Budget
from geocolor.solvers.oracle.agglomeration import agglomerate
from geocolor.solvers.oracle.cover import cheapest_partition
from geocolor.solvers.oracle.links import Links, candidates
from geocolor.solvers.oracle.rounds import regroup, reinsert
from geocolor.solvers.oracle.values import Group, SpentError, Values
from geocolor.solvers.result import StopReason
from geocolor.solvers.search import Outcome, Search
from geocolor.solvers.spectral import improve
from geocolor.solvers.start import begin
from geocolor.wording import counted

__all__ = ["solve_agglomeration", "solve_oracle"]

_CLIQUE_WORK = 20_000_000
# Share of the time for a first partition where not all nodes may be alone, and its most in seconds.
_SHARE, _SECONDS = 0.2, 2.0
# Share of the rounds that dissolve groups.
_REGROUPED = 0.4
# Rounds in vain before the end, for each node; and the factor by which the groups asked about grow
# from one cover to the next.
_VAIN, _GROWN = 20, 1.05
# Share of the time left that a cover may take.
_COVER_SHARE = 0.1
# A saving that is no rounding, relative to the cost.
_GAIN = 1e-12


def solve_oracle(problem: Problem, search: Search) -> Outcome:
    """Find a partition of low cost where each group has to be asked about.

    Greedy agglomeration first. Then rounds that move some nodes, or dissolve some groups and merge
    them anew, keeping what is cheaper; and, now and then, the best partition into groups that were
    asked about in any round. Estimates decide what is worth asking about, costs what is kept.

    Parameters
    ----------
    problem : GroupPartitionProblem
        Its weighted pairs are the candidates for merging; without any all pairs are.
    search : Search
        Gets incumbents, and the floors of the nodes as a bound. A group asked about, or estimated,
        is an iteration.

    Returns
    -------
    Outcome
        COMPLETED if many rounds were in vain.
    """
    return _solve(problem, search, lambda run: run.improve())


def solve_agglomeration(problem: Problem, search: Search) -> Outcome:
    """Merge the two groups that save most, until no two save anything; see :func:`solve_oracle`."""
    return _solve(problem, search, lambda run: None)


def _solve(problem: Problem, search: Search, then: Callable[[_Run], None]) -> Outcome:
    _, outcome = begin(problem, search, clique_work=_CLIQUE_WORK)
    if outcome is not None:
        return outcome
    assert isinstance(problem, GroupPartitionProblem)  # noqa: S101  the registry sees to it
    run = _Run(problem, search)
    try:
        run.start()
        then(run)
    except SpentError:
        return Outcome(run.budget.reason(), message=run.told())
    return Outcome(StopReason.COMPLETED, message=run.told())


class _Run:
    """One search: the groups of its partition, and all that was asked about."""

    def __init__(self, problem: GroupPartitionProblem, search: Search) -> None:
        self.budget = Budget(search)
        self._problem = problem
        self._search = search
        self._values = Values(problem, self.budget)
        self._count = problem.graph.num_nodes
        self._groups: list[Group] = []

    def told(self) -> str:
        """One line for people."""
        asked, guessed = len(self._values.costs), len(self._values.guesses)
        estimates = "" if self._values.guesses is self._values.costs else f", {guessed:,} estimated"
        return f"{counted(asked, 'group')} asked about{estimates}"

    def start(self) -> None:
        """Find a first partition, and agglomerate."""
        alone: list[Group] = [(node,) for node in range(self._count)]
        if self._search.coloring is not None:
            self._groups = _groups_of(self._search.coloring.colors)
        elif self._problem.k >= self._count:
            self._keep(alone)
        else:
            self._start_within()
        if self.budget.over():
            raise SpentError
        pairs = candidates(self._problem, self.budget)
        self._links = Links(self._values, pairs, self._count)
        merged = agglomerate(self._values, self._links, alone)
        if not self._groups and len(merged) <= self._problem.k:
            self._keep(merged)
        self._try(self._groups, merged)

    def _start_within(self) -> None:
        """Find a partition of at most k groups, pair sums being what can be had for nothing."""
        pairs = PartitionProblem(self._problem.graph, self._problem.k)
        inner = self._search.part(pairs, 1.0)
        until = time.monotonic() + min(_SECONDS, _SHARE * self._search.remaining())
        improve(pairs, inner, Budget(inner, until))
        if inner.coloring is not None:
            self._search.offer(inner.coloring.colors)
            self._groups = _groups_of(inner.coloring.colors)

    def improve(self) -> None:
        """Go on until the budget is over or nothing helps."""
        if not self._groups:
            return
        vain, covered, random = 0, 0, self.budget.random
        while not self._search.answered():
            change = regroup if random.random() < _REGROUPED else reinsert
            old, new = change(self._values, self._links, self._groups, self._problem.k, random)
            better = self._try(old, new)
            patient = vain < _VAIN * self._count
            if not patient or len(self._values.guesses) >= _GROWN * covered:
                better |= self._cover()
                covered = len(self._values.guesses)
            if not better and not patient:
                return
            vain = 0 if better else vain + 1

    def _try(self, old: list[Group], new: list[Group]) -> bool:
        """Replace groups by others of the same nodes if that is cheaper."""
        if not old or len(self._groups) - len(old) + len(new) > self._problem.k:
            return False
        left, come = set(old) - set(new), set(new) - set(old)
        least = _GAIN * sum(abs(self._values.guess(group)) for group in old)
        if self._values.guessed(left) - self._values.guessed(come) <= least:
            return False
        if self._values.total(left) - self._values.total(come) <= least:
            return False
        self._keep([group for group in self._groups if group not in left] + sorted(come))
        return True

    def _keep(self, groups: list[Group]) -> None:
        self._values.total(groups)
        self._groups = sorted(groups)
        colors = np.zeros(self._count, dtype=np.int32)
        for color, group in enumerate(self._groups):
            colors[list(group)] = color
        self._search.offer(colors)

    def _cover(self) -> bool:
        """Look for a better choice among all groups that are known."""
        self._values.guessed(self._groups)
        until = time.monotonic() + _COVER_SHARE * self._search.remaining()
        found = cheapest_partition(
            self._values.guesses,
            self._groups,
            self._problem.k,
            lambda: self.budget.over() or time.monotonic() >= until,
        )
        return found is not None and self._try(self._groups, found)


def _groups_of(colors: NDArray[np.int32]) -> list[Group]:
    order = np.argsort(colors, kind="stable")
    ends = np.cumsum(np.unique(colors, return_counts=True)[1])
    return [tuple(part.tolist()) for part in np.split(order, ends[:-1])]
