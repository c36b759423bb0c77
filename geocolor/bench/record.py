"""What came of a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from geocolor.bench.typed import typed
from geocolor.solvers import TracePoint

__all__ = ["Outcome", "Record"]


class Outcome(StrEnum):
    """How a run ended, in one word of the harness, not of the solver."""

    SOLVED = "solved"  # by itself, with an answer that the checker accepts
    NO_ANSWER = "no answer"  # by itself before the limit, without one
    TIMED_OUT = "timed out"  # killed at the hard limit, or nothing in time
    OUT_OF_MEMORY = "out of memory"  # killed, or gave up, at the memory limit
    CRASHED = "crashed"  # an exception, a signal, a strange exit
    WRONG = "wrong"  # the checker refused what it offered or claimed
    UNREADABLE = "unreadable"  # what it printed is no answer


@dataclass(frozen=True)
class Record:
    """One run, as it is written to the journal.

    A run that was killed keeps the incumbents it had streamed; a wrong or unreadable one keeps
    nothing.

    Attributes
    ----------
    key : str
        Of the :class:`geocolor.bench.trial.Trial`.
    instance, solver : str
        Names.
    kind : str
        Problem kind.
    k : int or None
        Classes asked for.
    seed : int
    outcome : Outcome
    status, stop_reason : str or None
        Of the SolveResult; None if the run gave none.
    objective : float or None
        Best, recomputed by the checker in the harness, not in the solver's process.
    lower_bound : float or None
        As the solver claims it.
    runtime : float
        Seconds on the run's clock: from the call of the solver, with the problem in its own
        library's form, to its return or its end.
    setup : float
        Seconds before the clock: reading, converting, warming up.
    cpu : float
        Processor seconds of the run's processes, setup included.
    peak_memory : int
        Bytes; the most that the run's processes were seen to hold together.
    trace : tuple of TracePoint
        Improvements of objective and bound.
    message : str
        One line for people: what the checker said, how it crashed.
    versions : mapping of str to str
        What the solver reported of itself.
    answer : str
        Hex SHA-256 of the colors' bytes (int32, classes by first appearance); empty without.
    host : str
        Machine it ran on.
    started : str
        UTC, ISO 8601.
    """

    key: str
    instance: str
    solver: str
    kind: str
    k: int | None
    seed: int
    outcome: Outcome
    status: str | None = None
    stop_reason: str | None = None
    objective: float | None = None
    lower_bound: float | None = None
    runtime: float = 0.0
    setup: float = 0.0
    cpu: float = 0.0
    peak_memory: int = 0
    trace: tuple[TracePoint, ...] = ()
    message: str = ""
    versions: Mapping[str, str] = field(default_factory=dict)
    answer: str = ""
    host: str = ""
    started: str = ""

    @property
    def optimal(self) -> bool:
        """Whether the run proved its answer optimal."""
        return self.outcome is Outcome.SOLVED and self.status == "OPTIMAL"

    def to_json(self) -> dict[str, Any]:
        """Give plain JSON values."""
        data = asdict(self)
        data["trace"] = [[p.time, p.objective, p.lower_bound] for p in self.trace]
        return data

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Record:
        """Read what :meth:`to_json` gave."""
        trace = tuple(TracePoint(*point) for point in data["trace"])
        return typed(cls(**{**data, "outcome": Outcome(data["outcome"]), "trace": trace}))
