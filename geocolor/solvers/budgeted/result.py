"""What a budgeted choice came to."""

from __future__ import annotations

from dataclasses import dataclass

from geocolor.problem import BudgetedSharingProblem
from geocolor.solvers.budgeted.bound import PricedBound
from geocolor.solvers.result import Status, StopReason

__all__ = ["SharingResult"]


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
