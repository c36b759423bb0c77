"""The worker's end: JSON lines in, JSON lines out, one request at a time.

A request is ``{"id": number, ...}``. What its solver sends goes out with that ``id``; the last
event of a request is ``{"id": .., "done": status}`` or ``{"id": .., "error": text, "kind": ..}``.
While it runs the parent may write ``{"tell": number, ...}``, news for its solver to look at, and
``{"stop": number}``. The process ends when stdin closes.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, TextIO

from geocolor.solvers.memory import lacks_memory

__all__ = ["Job", "serve"]


class Job:
    """A request being served: where its events go, and what the parent has said since.

    Parameters
    ----------
    number : int
        The request's.
    emit : callable
        Writes one event.
    """

    def __init__(self, number: int, emit: Callable[[dict[str, Any]], None]) -> None:
        self._number = number
        self._emit = emit
        self._lock = threading.Lock()
        self._news: dict[str, Any] = {}
        self._halt: Callable[[], None] | None = None
        self.stopped = False

    def send(self, event: dict[str, Any]) -> None:
        """Send an event of this request."""
        self._emit({"id": self._number, **event})

    def on_stop(self, halt: Callable[[], None]) -> None:
        """Have `halt` called when the parent says stop; at once if it has."""
        with self._lock:
            self._halt = halt
            late = self.stopped
        if late:
            halt()

    def stop(self) -> None:
        """Stop, whether the solver already runs or not."""
        with self._lock:
            self.stopped = True
            halt = self._halt
        if halt is not None:
            halt()

    def tell(self, news: dict[str, Any]) -> None:
        """Keep news until they are asked for; a later word on the same thing replaces it."""
        with self._lock:
            self._news.update(news)

    def news(self) -> dict[str, Any]:
        """Take what the parent told since the last call."""
        with self._lock:
            news, self._news = self._news, {}
        return news


class _Jobs:
    """The requests under way, by number."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._jobs: dict[int, Job] = {}

    def add(self, number: int, job: Job) -> None:
        with self._lock:
            self._jobs[number] = job

    def find(self, number: int) -> Job | None:
        with self._lock:
            return self._jobs.get(number)

    def drop(self, number: int) -> None:
        with self._lock:
            self._jobs.pop(number, None)


_Waiting = queue.SimpleQueue[tuple[dict[str, Any], Job]]


def _read(
    source: TextIO, waiting: _Waiting, jobs: _Jobs, emit: Callable[[dict[str, Any]], None]
) -> None:
    for line in source:
        message = json.loads(line)
        if "id" in message:
            job = Job(message["id"], emit)
            jobs.add(message["id"], job)
            waiting.put((message, job))
            continue
        # A request may be over before the parent knows.
        if "stop" in message:
            running = jobs.find(message["stop"])
            if running is not None:
                running.stop()
        else:
            running = jobs.find(message.pop("tell"))
            if running is not None:
                running.tell(message)
    # The parent closed the pipe or died; whatever runs here has no one to report to.
    os._exit(0)


def _volunteer_for_the_oom_killer() -> None:
    """Let Linux kill this process rather than its parent when memory runs out."""
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")


def serve(solve: Callable[[dict[str, Any], Job], str]) -> None:
    """Serve requests until stdin closes.

    Parameters
    ----------
    solve : callable
        Works on one request, sending events; returns the status that ends it.
    """
    _volunteer_for_the_oom_killer()
    # Only events go to the real stdout; what a library prints goes to stderr.
    events = os.fdopen(os.dup(1), "w", encoding="ascii")
    os.dup2(2, 1)
    lock = threading.Lock()

    def emit(event: dict[str, Any]) -> None:
        with lock:
            try:
                events.write(json.dumps(event, separators=(",", ":")) + "\n")
                events.flush()
            except BrokenPipeError:
                os._exit(0)

    jobs = _Jobs()
    waiting: _Waiting = queue.SimpleQueue()
    threading.Thread(target=_read, args=(sys.stdin, waiting, jobs, emit), daemon=True).start()
    while True:
        request, job = waiting.get()
        try:
            job.send({"done": solve(request, job)})
        except Exception as error:
            if lacks_memory(error):
                job.send({"kind": "memory", "error": "out of memory"})
            else:
                job.send({"kind": "failure", "error": f"{type(error).__name__}: {error}"})
        finally:
            jobs.drop(request["id"])
