"""One budget: prices, a bound from them, and an exact choice among the options that they leave."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from geocolor.errors import CheckError, WrongAnswerError
from geocolor.graph import SharingOptions
from geocolor.problem import BudgetedSharingProblem, check_sharing
from geocolor.solvers.budgeted.bound import PricedBound, Steps
from geocolor.solvers.budgeted.master import Master, choose
from geocolor.solvers.budgeted.result import SharingResult
from geocolor.solvers.result import Status, StopReason

__all__ = ["Halt", "solve_point"]

# Options above their prices that a first exact choice is made among, for each unit.
_FIRST = 2
# What floats of an integer program may have lost, relative to the cost.
_ROUNDING = 1e-9
# The most of a cost that rounding to steps may leave open in an OPTIMAL.
_RELATIVE = 1e-6


@dataclass(frozen=True, eq=False)
class Halt:
    """When to stop.

    Attributes
    ----------
    deadline : float
        On the monotonic clock.
    stopped : threading.Event
        Set by Ctrl-C.
    """

    deadline: float
    stopped: threading.Event

    def __call__(self) -> bool:
        """Whether it is time to stop."""
        return self.stopped.is_set() or time.monotonic() >= self.deadline

    def reason(self) -> StopReason:
        """Say why it was."""
        return StopReason.INTERRUPT if self.stopped.is_set() else StopReason.TIME


def solve_point(
    problem: BudgetedSharingProblem, steps: Steps, master: Master, halt: Halt
) -> SharingResult:
    """Solve for one budget; once more with finer steps where these were too coarse.

    Parameters
    ----------
    problem : BudgetedSharingProblem
        The question.
    steps : Steps
        Its options in integers.
    master : Master
        The linear program over the same options; it keeps what it learns for other budgets.
    halt : Halt
        When to stop.
    """
    found = _Point(problem, steps, master, halt).run()
    options = problem.options
    if found.stop_reason is not StopReason.COMPLETED or found.status is not Status.FEASIBLE:
        return found
    fitting = options.sizes <= problem.budget
    if found.cost is None or not (options.costs[fitting] >= 0).all():
        return found
    # Without gains no option of a better choice is dearer than all of this one.
    kept = np.flatnonzero(fitting & (options.costs <= found.cost))
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
        BudgetedSharingProblem(few, problem.budget), finer, Master(few, finer), halt
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
        self, problem: BudgetedSharingProblem, steps: Steps, master: Master, halt: Halt
    ) -> None:
        self._problem, self._steps, self._master = problem, steps, master
        self._started, self._halt = time.monotonic(), halt
        self._chosen: NDArray[np.int64] | None = None
        self._bound: PricedBound | None = None
        self._closed = False

    def run(self) -> SharingResult:
        options, steps, budget = self._problem.options, self._steps, self._problem.budget
        if not options.units:
            self._chosen, self._closed = np.zeros(0, dtype=np.int64), True
            return self._result()
        if not self._master.solve(budget, self._halt):
            return self._result()
        self._bound = PricedBound.lowered(self._master.units, self._master.size, steps, options)
        above = self._bound.reduced(steps, options)
        order = np.argsort(above, kind="stable")
        order = order[steps.sizes[order] <= steps.room(budget)]
        most = min(len(order), _FIRST * len(options.units))
        while not self._halt():
            among = order[:most]
            chosen, finished = choose(options, steps, among, budget, self._halt, self._chosen)
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
            stop_reason=StopReason.COMPLETED if self._closed else self._halt.reason(),
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
