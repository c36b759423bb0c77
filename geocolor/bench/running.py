"""One trial, guarded, checked and put on record."""

from __future__ import annotations

import atexit
import hashlib
import json
import math
import platform
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geocolor.bench.guard import Ending, Guard, Limits
from geocolor.bench.instances import problem_of
from geocolor.bench.record import Outcome, Record
from geocolor.bench.solving import unpack
from geocolor.bench.trial import Contender, Trial
from geocolor.errors import CheckError
from geocolor.problem import Coloring, check
from geocolor.solvers import TracePoint

__all__ = ["guards", "run_trial"]

# Templates kept ready in a worker, one a solver; each holds 50 to 180 MB.
_MOST_IDLE = 16
# What decides how many threads numerical libraries start.
_THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMBA_NUM_THREADS",
)
_LONGEST_MESSAGE = 500
# A claimed objective may differ from the checker's by the rounding of a sum.
_ROUNDING = 1e-9


def run_trial(trial: Trial) -> tuple[Record, NDArray[np.int32] | None]:
    """Run a solver on an instance in a process of its own, whatever it does.

    Parameters
    ----------
    trial : Trial
        What to run.

    Returns
    -------
    record : Record
        What came of it.
    colors : ndarray or None
        The coloring behind the record's objective; it has passed the checker here.

    Raises
    ------
    InputError
        The trial cannot be made: its instance is missing on this machine or has changed, or
        the code is not what it was planned with. No fault of the solver, so there is nothing to
        record.
    """
    problem_of(trial.instance)  # refuse here what the template would refuse
    report = _Report()
    started = datetime.now(UTC)
    effort = trial.effort
    with guards.lend(trial.contender, effort.threads) as guard:
        ending = guard.run(
            {
                "instance": asdict(trial.instance),
                "contender": trial.contender.to_json(),
                "seed": trial.seed,
                "effort": asdict(effort),
            },
            Limits(effort.hard_limit, memory=effort.memory),
            report.listen,
        )
    record = Record(
        key=trial.key,
        instance=trial.instance.name,
        solver=trial.contender.name,
        kind=trial.instance.kind,
        k=trial.instance.k,
        seed=trial.seed,
        outcome=Outcome.NO_ANSWER,
        runtime=ending.wall,
        setup=ending.setup,
        cpu=ending.cpu,
        peak_memory=ending.peak_memory,
        host=platform.node(),
        started=started.isoformat(timespec="seconds"),
    )
    judged, colors = _judge(trial, record, report, ending)
    return replace(judged, message=_one_line(judged.message)), colors


class _Guards:
    """Templates between runs."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._idle: dict[str, Guard] = {}

    @contextmanager
    def lend(self, contender: Contender, threads: int) -> Iterator[Guard]:
        """Lend a solver's template to one run; threads of a worker never share one."""
        key = json.dumps([contender.to_json(), threads])
        with self._lock:
            guard = self._idle.pop(key, None)
        if guard is None:
            guard = Guard(
                "geocolor.bench.solving",
                {"contender": contender.to_json()},
                dict.fromkeys(_THREAD_VARIABLES, str(threads)),
            )
        try:
            yield guard
        finally:
            with self._lock:
                # Solvers take turns, so the one just used is the last to be needed again.
                kept = key not in self._idle and len(self._idle) < _MOST_IDLE
                if kept:
                    self._idle[key] = guard
            if not kept:
                guard.close()

    def close(self) -> None:
        """End the templates that are not lent."""
        with self._lock:
            idle, self._idle = self._idle, {}
        for guard in idle.values():
            guard.close()


guards = _Guards()
atexit.register(guards.close)


class _Report:
    """What a run said while it lived."""

    def __init__(self) -> None:
        self.trace: list[TracePoint] = []
        self.colors: NDArray[np.int32] | None = None
        self.result: dict[str, Any] | None = None
        self.failure: tuple[Outcome, str] | None = None

    def listen(self, event: dict[str, Any]) -> None:
        """Take an event of the run."""
        if "points" in event:
            self.trace += [TracePoint(*point) for point in event["points"]]
            if "colors" in event:
                self.colors = unpack(event["colors"])
        elif "result" in event:
            self.result = event["result"]
        elif "failed" in event:
            self.failure = Outcome(event["failed"]), event["message"]


def _judge(
    trial: Trial, record: Record, report: _Report, ending: Ending
) -> tuple[Record, NDArray[np.int32] | None]:
    """Say what came of a run; the harness's own checker has the last word on its answer."""
    if report.failure is not None and report.failure[0] in (Outcome.WRONG, Outcome.UNREADABLE):
        outcome, message = report.failure
        return replace(record, outcome=outcome, message=message), None
    record = replace(record, trace=tuple(report.trace))
    if report.colors is not None:
        claimed = report.trace[-1].objective
        try:
            objective = check(problem_of(trial.instance), report.colors).objective
        except CheckError as error:
            return _wrong(record, str(error)), None
        if claimed is None or not math.isclose(objective, claimed, rel_tol=_ROUNDING, abs_tol=1e-9):
            return _wrong(record, f"it claims {claimed}, the checker finds {objective}"), None
        record = replace(record, objective=objective, answer=_digest(report.colors))
    if report.trace:
        record = replace(record, lower_bound=report.trace[-1].lower_bound)
    if report.failure is not None:
        outcome, message = report.failure
        return replace(record, outcome=outcome, message=message), report.colors
    if report.result is None or ending.outcome is Outcome.OUT_OF_MEMORY:
        outcome = ending.outcome or Outcome.CRASHED
        message = ending.message or "it ended without a word"
        return replace(record, outcome=outcome, message=message), report.colors
    result = report.result
    if result["status"] in ("OPTIMAL", "FEASIBLE") and report.colors is None:
        return _wrong(record, f"it claims {result['status']} and offered no coloring"), None
    record = replace(
        record,
        outcome=_outcome(result, trial.effort.time_limit),
        status=result["status"],
        stop_reason=result["stop_reason"],
        lower_bound=result["lower_bound"],
        runtime=result["runtime"],
        message=result["message"],
        versions=result["versions"],
    )
    return record, report.colors


def _one_line(message: object) -> str:
    """Make a line of whatever a solver said; it may be no text at all, or none that can be kept."""
    text = str(message).encode("utf-8", "replace").decode()
    return " ".join(text.split())[:_LONGEST_MESSAGE]


def _wrong(record: Record, message: str) -> Record:
    return replace(record, outcome=Outcome.WRONG, message=message, trace=())


def _outcome(result: dict[str, Any], time_limit: float) -> Outcome:
    if result["stop_reason"] == "MEMORY":
        return Outcome.OUT_OF_MEMORY
    if result["stop_reason"] == "FAILED":
        return Outcome.CRASHED
    if result["status"] != "UNKNOWN":
        return Outcome.SOLVED
    # By the clock, whatever the solver says of it; a program on the command line is ended then.
    return Outcome.TIMED_OUT if result["runtime"] >= time_limit else Outcome.NO_ANSWER


def _digest(colors: NDArray[np.int32]) -> str:
    """Hash of a coloring that does not depend on how its classes are numbered."""
    first = Coloring.from_colors(colors).colors
    return hashlib.sha256(first.astype("<i4").tobytes()).hexdigest()
