"""The guard: starts the template, asks for runs, watches clock and memory, ends what must end."""

from __future__ import annotations

import contextlib
import json
import math
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Any, Self

from geocolor.bench.guard.processes import Family
from geocolor.bench.record import Outcome
from geocolor.errors import InputError, SolverError

__all__ = ["Ending", "Guard", "Limits"]

_TEMPLATE = "geocolor.bench.guard.template"
# Seconds between two looks at the memory of a run; each takes some milliseconds.
_LOOK = 0.2
# Seconds a killed run's template gets to say so.
_LAST_WORD = 10.0
_TAIL = 4096


@dataclass(frozen=True)
class Limits:
    """What a run may take.

    Attributes
    ----------
    seconds : float
        Wall clock from the event ``{"clock": "started"}`` on; the run is killed then. A run of
        several stages may start it anew at each.
    setup_seconds : float
        Wall clock until that event, and for the template to get ready.
    memory : int or None
        Bytes that the run's processes may hold together.
    """

    seconds: float
    setup_seconds: float = 120.0
    memory: int | None = None


@dataclass(frozen=True)
class Ending:
    """How a run ended.

    Attributes
    ----------
    outcome : Outcome or None
        TIMED_OUT or OUT_OF_MEMORY if it was killed for that, CRASHED if it ended by a signal or
        a bad exit code, None if it ended well.
    message : str
        One line for people; empty if it ended well.
    wall : float
        Seconds from the start of its clock to its end; 0 if the clock never started.
    setup : float
        Seconds from the request to the start of its clock.
    cpu : float
        Processor seconds of its processes.
    peak_memory : int
        Bytes; the most its processes were seen to hold together.
    """

    outcome: Outcome | None
    message: str = ""
    wall: float = 0.0
    setup: float = 0.0
    cpu: float = 0.0
    peak_memory: int = 0


class _TemplateEndedError(Exception):
    """The template closed its end of the pipe."""


class Guard:
    """Runs a module's ``run`` again and again, each time in a process of its own.

    Parameters
    ----------
    module : str
        Dotted name; see :mod:`geocolor.bench.guard.template` for what it offers.
    warm : mapping
        Given to its ``warm_up``, plain JSON values.
    environment : mapping of str to str, optional
        Added to the environment.

    Raises
    ------
    InputError
        The system cannot fork.
    """

    def __init__(
        self,
        module: str,
        warm: Mapping[str, Any],
        environment: Mapping[str, str] | None = None,
    ) -> None:
        if not hasattr(os, "fork"):
            raise InputError("benchmarks need a system that can fork: Linux or macOS")
        self._module = module
        self._warm = dict(warm)
        self._environment = dict(environment or {})
        self._process: subprocess.Popen[bytes] | None = None
        self._events = -1
        self._pending = b""
        self._tail = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def run(
        self,
        payload: Mapping[str, Any],
        limits: Limits,
        on_event: Callable[[dict[str, Any]], None],
    ) -> Ending:
        """Make one run and wait for its end.

        Parameters
        ----------
        payload : mapping
            What to run, plain JSON values.
        limits : Limits
            Held whatever the run does.
        on_event : callable
            Gets every event the run emits, in order.

        Raises
        ------
        InputError
            The run cannot be prepared as asked: its file is missing, say. No fault of the run.
        """
        asked = time.monotonic()
        try:
            self._require_template(asked + limits.setup_seconds)
            # Files that a killed run leaves behind go with it.
            with TemporaryDirectory(prefix="geocolor-run-", ignore_cleanup_errors=True) as scratch:
                request = {"payload": payload, "memory": limits.memory, "scratch": scratch}
                return self._watch(request, limits, on_event, asked)
        except _TemplateEndedError:
            message = self._last_words()
            self.close()
            return Ending(Outcome.CRASHED, f"before its clock started{message}")
        except TimeoutError:
            self.close()
            return Ending(
                Outcome.TIMED_OUT,
                f"not ready after {limits.setup_seconds:g} s; the clock never started",
                setup=time.monotonic() - asked,
            )
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """End the template and all that came from it."""
        if self._process is None:
            return
        process, self._process = self._process, None
        family = Family(process.pid)
        # The end of its stdin tells the template; the rest is for one that does not listen.
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(0.2)
        family.kill()
        process.wait()
        os.close(self._events)

    def _require_template(self, deadline: float) -> None:
        if self._process is not None and self._process.poll() is None:
            return
        self.close()
        read, write = os.pipe()
        environment = {**os.environ, **self._environment}
        # The template finds the modules that this process finds, however it found them.
        here = str(Path(__file__).parents[3])
        environment["PYTHONPATH"] = os.pathsep.join([*filter(None, sys.path), here])
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", _TEMPLATE, self._module, str(write)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                pass_fds=[write],
                env=environment,
                start_new_session=True,
            )
        except OSError as error:
            os.close(read)
            raise SolverError(f"cannot start a process for runs: {error}") from error
        finally:
            os.close(write)
        self._events, self._pending, self._tail = read, b"", b""
        self._send(self._warm)
        while True:
            for message in self._read(deadline):
                if "refused" in message.get("template", {}):
                    raise InputError(message["template"]["refused"])
                if "ready" in message.get("template", {}):
                    return
            if time.monotonic() >= deadline:
                raise TimeoutError

    def _watch(
        self,
        request: Mapping[str, Any],
        limits: Limits,
        on_event: Callable[[dict[str, Any]], None],
        asked: float,
    ) -> Ending:
        self._tail = b""
        self._send(request)
        family: Family | None = None
        started, deadline = math.nan, asked + limits.setup_seconds
        verdict: Outcome | None = None
        reason = ""
        peak, next_look, last_look = 0, math.inf, 0.0
        while True:
            try:
                messages = self._read(min(deadline, next_look))
            except _TemplateEndedError:
                if math.isnan(started):
                    raise
                wall = time.monotonic() - started
                self.close()
                reason = reason or "the process it was forked from was ended"
                return Ending(verdict or Outcome.CRASHED, reason, wall, started - asked, 0.0, peak)
            for message in messages:
                said = message.get("template", {})
                if "refused" in said:
                    raise InputError(said["refused"])
                if "forked" in said:
                    family = Family(said["forked"])
                    next_look = time.monotonic() + _LOOK
                if "ended" in said:
                    ended = time.monotonic()
                    peak = max(peak, said["peak"])
                    if verdict is None and limits.memory is not None and peak > limits.memory:
                        verdict, reason = Outcome.OUT_OF_MEMORY, _held(peak, limits.memory)
                    if verdict is None and said["ended"] != 0:
                        verdict = Outcome.CRASHED
                        reason = f"{_exit(said['ended'])}{self._last_words()}"
                    clocked = not math.isnan(started)
                    return Ending(
                        verdict,
                        reason,
                        ended - started if clocked else 0.0,
                        (started if clocked else ended) - asked,
                        said["cpu"],
                        peak,
                    )
                event = message.get("event")
                if event is not None and "clock" in event:
                    started = time.monotonic()
                    deadline = started + limits.seconds
                elif event is not None and verdict is None:
                    on_event(event)
            now = time.monotonic()
            if family is None:
                if now >= deadline:
                    raise TimeoutError
                continue
            if now >= next_look:
                held = family.memory()
                last_look = time.monotonic() - now
                peak = max(peak, held)
                # A look at many processes takes longer; it is never more than a twentieth.
                next_look = now + max(_LOOK, 20.0 * last_look)
                if limits.memory is not None and held > limits.memory and verdict is None:
                    verdict = Outcome.OUT_OF_MEMORY
                    reason = _held(held, limits.memory)
            if now >= deadline:
                if verdict is not None:  # killed long ago, and the template says nothing
                    self.close()
                    return Ending(verdict, reason, now - started, started - asked, 0.0, peak)
                verdict = Outcome.TIMED_OUT
                reason = (
                    "killed in its setup: the clock never started"
                    if math.isnan(started)
                    else f"killed after {limits.seconds:g} s"
                )
            if verdict is not None and next_look < math.inf:
                family.kill()
                next_look, deadline = math.inf, time.monotonic() + _LAST_WORD

    def _send(self, message: Mapping[str, Any]) -> None:
        process = self._process
        if process is None or process.stdin is None:
            raise _TemplateEndedError
        try:
            process.stdin.write(json.dumps(message, allow_nan=False).encode() + b"\n")
            process.stdin.flush()
        except OSError as error:
            raise _TemplateEndedError from error

    def _read(self, until: float) -> list[dict[str, Any]]:
        """Wait for messages until `until` at most, keeping the tail of what is printed."""
        process = self._process
        if process is None or process.stdout is None:
            raise _TemplateEndedError
        printed = process.stdout.fileno()
        wait = None if math.isinf(until) else max(0.0, until - time.monotonic())
        readable, _, _ = select.select([self._events, printed], [], [], wait)
        if printed in readable:
            block = os.read(printed, 1 << 16)
            self._tail = (self._tail + block)[-_TAIL:]
            if not block and self._events not in readable:
                self._await_the_end(process)
        if self._events not in readable:
            return []
        block = os.read(self._events, 1 << 20)
        if not block:
            raise _TemplateEndedError
        *lines, self._pending = (self._pending + block).split(b"\n")
        found = []
        for line in lines:
            # A line cut short is the last word of a killed run.
            with contextlib.suppress(json.JSONDecodeError, UnicodeDecodeError):
                found.append(json.loads(line))
        return [message for message in found if isinstance(message, dict)]

    def _await_the_end(self, process: subprocess.Popen[bytes]) -> None:
        """Do not spin on a closed stdout: either the process ends now, or it closed it itself."""
        try:
            process.wait(0.05)
        except subprocess.TimeoutExpired:
            return

    def _last_words(self) -> str:
        """Last line that was printed, as ``: text``."""
        process = self._process
        if process is not None and process.stdout is not None:
            os.set_blocking(process.stdout.fileno(), False)
            with contextlib.suppress(OSError):
                while block := os.read(process.stdout.fileno(), 1 << 16):
                    self._tail = (self._tail + block)[-_TAIL:]
                    if len(block) < 1 << 16:
                        break
            os.set_blocking(process.stdout.fileno(), True)
        lines = self._tail.decode(errors="replace").strip().splitlines()
        return f": {lines[-1].strip()[:300]}" if lines else ""


def _held(peak: int, limit: int) -> str:
    return f"held {peak / 1e6:,.0f} MB of {limit / 1e6:,.0f} MB allowed"


def _exit(code: int) -> str:
    if code >= 0:
        return f"ended with exit code {code}"
    try:
        return f"ended by {signal.Signals(-code).name}"
    except ValueError:
        return f"ended by signal {-code}"
