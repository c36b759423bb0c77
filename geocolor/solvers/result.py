"""What a solve returns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from geocolor.problem import Coloring

__all__ = ["SolveResult", "Status", "StopReason", "TracePoint"]


class Status(StrEnum):
    """What is known about the answer."""

    OPTIMAL = "OPTIMAL"
    FEASIBLE = "FEASIBLE"
    INFEASIBLE = "INFEASIBLE"
    UNKNOWN = "UNKNOWN"


class StopReason(StrEnum):
    """Why the solver stopped.

    FAILED is a program on the command line that ended badly after it had answered.
    """

    COMPLETED = "COMPLETED"
    TIME = "TIME"
    ITERATIONS = "ITERATIONS"
    MEMORY = "MEMORY"
    FAILED = "FAILED"
    INTERRUPT = "INTERRUPT"


@dataclass(frozen=True, slots=True)
class TracePoint:
    """One improvement during a solve.

    Attributes
    ----------
    time : float
        Seconds since the call.
    objective : float or None
        Best objective so far, recomputed by the checker.
    lower_bound : float or None
        Best proven bound so far.
    """

    time: float
    objective: float | None
    lower_bound: float | None


@dataclass(frozen=True, eq=False)
class SolveResult:
    """Answer of :func:`geocolor.solve`, with all that is needed to repeat it.

    Attributes
    ----------
    status : Status
        OPTIMAL only if the checked objective meets the proven bound.
    stop_reason : StopReason
        Why the solver stopped.
    coloring : Coloring or None
        Best coloring found; it passed the independent checker.
    objective : float or None
        Its objective, recomputed by the checker.
    lower_bound : float or None
        Proven lower bound on the objective of any solution.
    runtime : float
        Wall-clock seconds from the call.
    trace : tuple of TracePoint
        Every improvement of objective or bound. A bound that rounding had put above the objective
        of a later answer comes down to it.
    solver : str
        Name of the solver that ran.
    seed, workers
        As used.
    versions : mapping of str to str
        geocolor, Python and the libraries that took part.
    options : mapping
        Problem kind, k, limits; ``restricted`` if colors were fixed or had lists.
    instance_hash : str
        Fingerprint of the graph.
    scaling_error : float
        Bound on the objective error an integer model made by rounding weights; 0 if exact.
    message : str
        One line for people: why this solver, what the proof rests on.
    """

    status: Status
    stop_reason: StopReason
    coloring: Coloring | None
    objective: float | None
    lower_bound: float | None
    runtime: float
    trace: tuple[TracePoint, ...]
    solver: str
    seed: int
    workers: int
    versions: Mapping[str, str]
    options: Mapping[str, Any] = field(default_factory=dict)
    instance_hash: str = ""
    scaling_error: float = 0.0
    message: str = ""

    @property
    def gap(self) -> float | None:
        """Relative distance of objective and bound; None while either is unknown.

        ``(objective - lower_bound) / max(|objective|, |lower_bound|)``, 0 if OPTIMAL.
        """
        if self.objective is None or self.lower_bound is None:
            return None
        if self.status is Status.OPTIMAL:
            return 0.0
        scale = max(abs(self.objective), abs(self.lower_bound))
        return 0.0 if scale == 0 else max(0.0, self.objective - self.lower_bound) / scale

    @property
    def num_colors(self) -> int | None:
        """Classes in use, or None without a coloring."""
        return None if self.coloring is None else self.coloring.num_colors
