"""Which units share, in which form, within a budget: proven, for one budget or many."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from geocolor.errors import CheckError, InputError, WrongAnswerError
from geocolor.graph import SharingOptions
from geocolor.problem import BudgetedSharingProblem, check_sharing
from geocolor.solvers.budgeted.bound import PricedBound, Steps
from geocolor.solvers.budgeted.master import Master, choose
from geocolor.solvers.result import Status, StopReason

__all__ = ["SharingResult", "frontier", "solve_budgeted"]

# Options above their prices that a first exact choice is made among, for each unit.
_FIRST = 2
# What floats of an integer program may have lost, relative to the cost.
_ROUNDING = 1e-9
# The most of a cost that rounding to steps may leave open in an OPTIMAL.
_RELATIVE = 1e-6


@dataclass(frozen=True, eq=False)
class SharingResult:
    """Answer of :func:`solve_budgeted`.

    Attributes
    ----------
    status : Status
        OPTIMAL only if the checked cost meets the proven bound.
    stop_reason : StopReason
        Why the solver stopped.
    problem : BudgetedSharingProblem
        The question.
    chosen : tuple of int or None
        Numbers of the options, ascending; checked.
    cost : float or None
        Recomputed by the checker.
    size : int or None
        Parameters in all.
    lower_bound : float or None
        No choice within the budget costs less.
    price : float or None
        What a parameter more would save, at the margin.
    bound : PricedBound or None
        The certificate behind `lower_bound`, as far as prices carry it; HiGHS's exact choice among
        the options that it leaves closes the rest.
    runtime : float
        Wall-clock seconds from the call.
    """

    status: Status
    stop_reason: StopReason
    problem: BudgetedSharingProblem
    chosen: tuple[int, ...] | None
    cost: float | None
    size: int | None
    lower_bound: float | None
    price: float | None
    bound: PricedBound | None
    runtime: float

    @property
    def gap(self) -> float | None:
        """Relative distance of cost and bound; 0 if OPTIMAL, None while either is unknown."""
        if self.cost is None or self.lower_bound is None:
            return None
        scale = max(abs(self.cost), abs(self.lower_bound))
        if self.status is Status.OPTIMAL or scale == 0:
            return 0.0
        return max(0.0, self.cost - self.lower_bound) / scale


def solve_budgeted(
    problem: BudgetedSharingProblem, *, time_limit: float | None = 10.0
) -> SharingResult:
    """Choose an option for every unit at least cost within the budget, and prove it.

    The linear program over all options prices units and parameters; with the prices in integers
    comes a bound that holds for every choice, and what each option costs above its prices. A better
    choice than the incumbent has no option that is as far above as the gap, so that few are left to
    choose among exactly.

    Parameters
    ----------
    problem : BudgetedSharingProblem
        The question.
    time_limit : float or None
        Wall-clock seconds from this call; None for no limit.

    Returns
    -------
    SharingResult
        INFEASIBLE if no choice is that small.

    Raises
    ------
    InputError
        The time limit is not positive.
    """
    return frontier(problem.options, [problem.budget], time_limit=time_limit)[0]


def frontier(
    options: SharingOptions,
    budgets: Sequence[int] | None = None,
    *,
    points: int = 20,
    time_limit: float | None = 60.0,
    on_progress: Callable[[SharingResult], None] | None = None,
) -> tuple[SharingResult, ...]:
    """Solve the same options for many budgets: the frontier of size against cost.

    Parameters
    ----------
    options : SharingOptions
        To choose from.
    budgets : sequence of int, optional
        Parameters in all, one for each point; else as many as `points`, from the fewest possible to
        those of the cheapest choice.
    points : int
        Budgets where none are given.
    time_limit : float or None
        Wall-clock seconds for all points together; None for no limit.
    on_progress : callable, optional
        Called with each point.

    Returns
    -------
    tuple of SharingResult
        In the order of the budgets. After Ctrl-C the points that were not reached are UNKNOWN, with
        stop reason INTERRUPT.

    Raises
    ------
    InputError
        The time limit is not positive, or a budget is negative.
    """
    started = time.monotonic()
    if time_limit is not None and not time_limit > 0:
        raise InputError(f"the time limit must be positive, not {time_limit}")
    deadline = math.inf if time_limit is None else started + time_limit
    if budgets is None:
        budgets = _spread(options, points, deadline)
    problems = [BudgetedSharingProblem(options, budget) for budget in budgets]
    steps = Steps.of(options)
    master = Master(options, steps)
    results: list[SharingResult] = []
    try:
        for left, problem in zip(range(len(problems), 0, -1), problems, strict=True):
            share = time.monotonic() + (deadline - time.monotonic()) / left
            results.append(_solved(problem, steps, master, share))
            if on_progress is not None:
                on_progress(results[-1])
    except KeyboardInterrupt:
        results += [_unreached(problem) for problem in problems[len(results) :]]
    return tuple(results)


def _unreached(problem: BudgetedSharingProblem) -> SharingResult:
    """Give the result of a point that Ctrl-C came before."""
    nothing = (None,) * 6
    return SharingResult(Status.UNKNOWN, StopReason.INTERRUPT, problem, *nothing, runtime=0.0)


def _spread(options: SharingOptions, points: int, deadline: float) -> list[int]:
    """Give budgets from the fewest parameters possible to those of the cheapest choice."""
    everything = int(options.sizes.sum())
    sized = SharingOptions(options.units, options.groups, options.sizes, options.sizes)
    least, most = 0, everything
    for each, asked in ((options, "most"), (sized, "least")):
        steps = Steps.of(each)
        # A tenth of the time each: a poor end of the range only moves the points.
        until = time.monotonic() + 0.1 * (deadline - time.monotonic())
        problem = BudgetedSharingProblem(each, everything)
        found = _Point(problem, steps, Master(each, steps), until).run()
        if found.size is not None:
            least, most = (least, found.size) if asked == "most" else (found.size, most)
    most = max(least, most)
    return [least + (most - least) * at // max(1, points - 1) for at in range(points)]


def _solved(
    problem: BudgetedSharingProblem, steps: Steps, master: Master, deadline: float
) -> SharingResult:
    """Solve for one budget; once more with finer steps where these were too coarse."""
    found = _Point(problem, steps, master, deadline).run()
    options = problem.options
    if found.stop_reason is not StopReason.COMPLETED or found.status is not Status.FEASIBLE:
        return found
    if found.cost is None or not (options.costs >= 0).all():
        return found
    # Without gains no option of a better choice is dearer than all of this one.
    kept = np.flatnonzero(options.costs <= found.cost)
    if len(kept) == len(options):
        return found
    few = SharingOptions(
        options.units,
        [options.groups[at] for at in kept],
        options.costs[kept],
        options.sizes[kept],
    )
    finer = Steps.of(few)
    again = _Point(
        BudgetedSharingProblem(few, problem.budget), finer, Master(few, finer), deadline
    ).run()
    if again.status is not Status.OPTIMAL or again.chosen is None:
        return found
    return replace(
        again,
        problem=problem,
        chosen=tuple(int(kept[at]) for at in again.chosen),
        bound=found.bound,
        runtime=found.runtime + again.runtime,
    )


class _Point:
    """One budget."""

    def __init__(
        self, problem: BudgetedSharingProblem, steps: Steps, master: Master, deadline: float
    ) -> None:
        self._problem, self._steps, self._master = problem, steps, master
        self._started, self._deadline = time.monotonic(), deadline
        self._chosen: NDArray[np.int64] | None = None
        self._bound: PricedBound | None = None
        self._closed = False

    def run(self) -> SharingResult:
        options, steps, budget = self._problem.options, self._steps, self._problem.budget
        if not options.units:
            self._chosen, self._closed = np.zeros(0, dtype=np.int64), True
            return self._result()
        if not self._master.solve(budget, self._late):
            return self._result()
        self._bound = PricedBound.lowered(self._master.units, self._master.size, steps, options)
        above = self._bound.reduced(steps, options)
        order = np.argsort(above, kind="stable")
        most = min(len(order), _FIRST * len(options.units))
        while not self._late():
            among = order[:most]
            chosen, finished = choose(options, steps, among, budget, self._late)
            if chosen is not None:
                self._chosen = np.sort(chosen)
            if not finished:
                break
            # Options from here on are too dear for any better choice.
            needed = len(order)
            if self._chosen is not None:
                gap = int(steps.costs[self._chosen].sum()) - self._bound.value(steps, budget)
                needed = int(np.searchsorted(above[order], gap))
            if needed <= most:
                self._closed = True
                break
            most = min(len(order), needed if self._chosen is not None else 4 * most)
        return self._result()

    def _late(self) -> bool:
        return time.monotonic() >= self._deadline

    def _result(self) -> SharingResult:
        cost, size, bound = None, None, self._proven_bound()
        if self._chosen is not None:
            try:
                report = check_sharing(self._problem, self._chosen.tolist())
            except CheckError as error:
                raise WrongAnswerError(f"an invalid choice of options: {error}") from error
            cost, size = report.cost, report.size
            bound = None if bound is None else min(bound, cost)
        return SharingResult(
            status=self._status(cost, bound),
            stop_reason=StopReason.COMPLETED if self._closed else StopReason.TIME,
            problem=self._problem,
            chosen=None if self._chosen is None else tuple(self._chosen.tolist()),
            cost=cost,
            size=size,
            lower_bound=bound,
            price=None
            if self._bound is None
            else self._bound.size * self._steps.unit / self._steps.grain,
            bound=self._bound,
            runtime=time.monotonic() - self._started,
        )

    def _proven_bound(self) -> float | None:
        """Give the best bound there is; None if there is none, or nothing to bound."""
        steps, options = self._steps, self._problem.options
        if self._bound is None or (self._closed and self._chosen is None):
            return 0.0 if self._chosen is not None else None
        bound = self._bound.value(steps, self._problem.budget) * steps.unit
        if self._closed and self._chosen is not None:
            # HiGHS compares in floats.
            best = float(steps.costs[self._chosen].sum()) * steps.unit
            bound = max(bound, best - _ROUNDING * abs(best))
        return max(bound, 0.0) if (options.costs >= 0).all() else bound

    def _status(self, cost: float | None, bound: float | None) -> Status:
        if cost is None or bound is None:
            return Status.INFEASIBLE if self._closed else Status.UNKNOWN
        # Steps may be coarse beside a small cost; then the gap says how coarse.
        met = cost - bound <= _RELATIVE * abs(cost)
        return Status.OPTIMAL if met else Status.FEASIBLE
