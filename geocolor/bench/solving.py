"""What happens in a run's own process: the solver at work, everything streamed out.

Runs in processes of :mod:`geocolor.bench.guard`. What is told here is not believed: the harness
checks every coloring again.
"""

from __future__ import annotations

import base64
import platform
import time
import zlib
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geocolor.bench.instances import problem_of
from geocolor.bench.machine import contender_versions
from geocolor.bench.trial import Contender, Instance
from geocolor.errors import GeocolorError, InputError, UnreadableAnswerError, WrongAnswerError
from geocolor.problem import Coloring, Problem
from geocolor.solvers import SOLVERS, Search, Solver, TracePoint
from geocolor.solvers.rehearsal import rehearse
from geocolor.solvers.solve import answer

__all__ = ["pack", "prepare", "run", "unpack", "warm_up"]

Emit = Callable[[dict[str, Any]], None]

# Share of the run's time, and a second more, that sending incumbents may take; what comes too fast
# waits for the next.
_SHARE = 0.05


def pack(colors: NDArray[np.int32]) -> str:
    """Put colors into a short text."""
    raw = np.ascontiguousarray(colors, dtype="<i4").tobytes()
    return base64.b64encode(zlib.compress(raw, 1)).decode("ascii")


def unpack(text: str) -> NDArray[np.int32]:
    """Get back what :func:`pack` put away."""
    return np.frombuffer(zlib.decompress(base64.b64decode(text)), dtype="<i4").astype(np.int32)


def warm_up(warm: Mapping[str, Any]) -> None:
    """Import the solver; compile ours by small problems, call another's own ``warm_up()``.

    Raises
    ------
    InputError
        The code here is not the code that the campaign was planned with.

    Notes
    -----
    Another's solver is not tried on a problem here: nobody knows whether it would come back.
    """
    contender = Contender.from_json(warm["contender"])
    solver = contender.info.load()
    planned = dict(contender.versions)
    if planned and contender_versions(contender.info) != planned:
        raise InputError(
            f"{platform.node()} has another version of the solver {contender.name!r}, or of what "
            "it stands on, than when the campaign was planned; begin it again, with the same on "
            "all machines"
        )
    if SOLVERS.get(contender.name) == contender.info:
        # A kernel not yet loaded would cost its first run 30 ms.
        for kind in sorted(contender.info.kinds):
            rehearse(contender.name, kind)
    elif hasattr(solver, "warm_up"):
        solver.warm_up()


def prepare(payload: Mapping[str, Any]) -> Problem:
    """Read the instance, once for runs on the same one in a row.

    Raises
    ------
    InputError
        It is not there, or not what it was when the campaign was planned.
    """
    return problem_of(Instance.from_json(payload["instance"]))


def run(problem: Problem, payload: Mapping[str, Any], emit: Emit) -> None:
    """Run the solver on the clock; emit points, incumbents, and how it ended."""
    try:
        _run(problem, payload, emit)
    except WrongAnswerError as error:
        emit({"failed": "wrong", "message": str(error)})
    except UnreadableAnswerError as error:
        emit({"failed": "unreadable", "message": str(error)})
    except MemoryError:
        emit({"failed": "out of memory", "message": "an allocation was refused"})
    except GeocolorError as error:
        emit({"failed": "crashed", "message": str(error)})
    except Exception as error:
        emit({"failed": "crashed", "message": f"{type(error).__name__}: {error}"})


def _run(problem: Problem, payload: Mapping[str, Any], emit: Emit) -> None:
    info = Contender.from_json(payload["contender"]).info
    effort = payload["effort"]
    solver: Solver = info.load()
    if hasattr(solver, "prepare"):
        solver = solver.prepare(problem)
    incumbents = _Incumbents(emit)
    emit({"clock": "started"})
    search = Search(
        problem,
        started=time.monotonic(),
        time_limit=effort["time_limit"],
        seed=payload["seed"],
        workers=effort["threads"],
        max_iterations=effort["max_iterations"],
        on_progress=incumbents.add,
    )
    try:
        result = answer(info, solver, search)
    finally:
        incumbents.send()
    emit(
        {
            "result": {
                "status": result.status.value,
                "stop_reason": result.stop_reason.value,
                "lower_bound": result.lower_bound,
                "runtime": result.runtime,
                "message": result.message,
                "versions": dict(result.versions),
            }
        }
    )


class _Incumbents:
    """Streams the trace, and the coloring of its last point not too often."""

    def __init__(self, emit: Emit) -> None:
        self._emit = emit
        self._points: list[list[float | None]] = []
        self._coloring: Coloring | None = None
        self._sent: Coloring | None = None
        self._started = time.monotonic()
        self._spent = 0.0

    def add(self, point: TracePoint, coloring: Coloring | None) -> None:
        self._points.append([point.time, point.objective, point.lower_bound])
        self._coloring = coloring
        if self._spent <= _SHARE * (1.0 + time.monotonic() - self._started):
            self.send()

    def send(self) -> None:
        """Send what was not sent yet: points, with the coloring that backs the last one."""
        if not self._points:
            return
        began = time.monotonic()
        event: dict[str, Any] = {"points": self._points}
        if self._coloring is not None and self._coloring is not self._sent:
            event["colors"] = pack(self._coloring.colors)
            self._sent = self._coloring
        self._emit(event)
        self._points = []
        self._spent += time.monotonic() - began
