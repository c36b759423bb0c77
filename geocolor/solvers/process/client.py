"""The parent's end of a worker process: start, talk, stop hard, keep warm."""

from __future__ import annotations

import atexit
import contextlib
import itertools
import json
import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Generator
from pathlib import Path
from typing import IO, Any

from geocolor.errors import SolverError
from geocolor.solvers.memory import lacks_memory

__all__ = ["Worker", "WorkerDiedError", "WorkerPool"]

# Seconds a stopped worker gets to answer before it is killed.
_GRACE = 0.1
# Idle workers of a kind kept; each holds up to 90 MB.
_MOST_IDLE = 2
# Seconds without an event after which the caller is given a tick, and Ctrl-C its chance anywhere.
_POLL = 0.1


class WorkerDiedError(Exception):
    """The process ended in the middle of a request."""

    def __init__(self, name: str, returncode: int, complaint: str) -> None:
        self.returncode = returncode
        self._complaint = complaint
        told = f": {complaint}" if complaint else ""
        super().__init__(f"the {name} worker process ended with code {returncode}{told}")

    @property
    def for_memory(self) -> bool:
        """Whether memory was the likely reason: killed from outside, or there was none."""
        killed = self.returncode == -getattr(signal, "SIGKILL", 9)
        return killed or lacks_memory(self._complaint)


class Worker:
    """One warm process; serves one request at a time.

    Parameters
    ----------
    module : str
        Run as ``python -m``; it calls :func:`geocolor.solvers.process.server.serve`.
    name : str
        Of the library in it, for messages.

    Raises
    ------
    SolverError
        The process cannot be started.
    MemoryError
        There is none for it.
    """

    def __init__(self, module: str, name: str) -> None:
        self._name = name
        if not sys.executable:
            raise SolverError(f"{name} runs in its own Python process, but sys.executable is empty")
        # -P keeps the working directory off the child's path.
        command = [sys.executable, "-P", "-m", module]
        environment = dict(os.environ)
        # The child finds the modules the parent finds, however the parent found them.
        here = str(Path(__file__).parents[3])
        environment["PYTHONPATH"] = os.pathsep.join([*filter(None, sys.path), here])
        self._complaints = tempfile.TemporaryFile()  # noqa: SIM115  closed with the worker
        try:
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._complaints,
                env=environment,
                start_new_session=True,
            )
        except OSError as error:
            if lacks_memory(error):
                raise MemoryError(f"no memory for the {name} worker process") from error
            raise SolverError(f"cannot start the {name} worker process: {error}") from error
        self._numbers = itertools.count(1)
        self._number = 0
        self._events: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
        threading.Thread(target=self._listen, daemon=True).start()

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return self.process.poll() is None

    def _listen(self) -> None:
        stream = _pipe(self.process.stdout)
        for line in stream:
            # A line cut short is the last word of a killed process.
            with contextlib.suppress(json.JSONDecodeError):
                self._events.put(json.loads(line))
        self._events.put(None)

    def _write(self, message: dict[str, Any]) -> None:
        stream = _pipe(self.process.stdin)
        # A process that is gone shows at the other pipe.
        with contextlib.suppress(OSError, ValueError):
            stream.write(json.dumps(message, separators=(",", ":")).encode() + b"\n")
            stream.flush()

    def _send(self, message: dict[str, Any]) -> None:
        # In a thread: a pipe is full after 64 KiB, and the worker may not be reading yet.
        threading.Thread(target=self._write, args=(message,), daemon=True).start()

    def run(
        self, request: dict[str, Any], deadline: float
    ) -> Generator[dict[str, Any], None, None]:
        """Send a request and yield its events as they come, until `deadline`.

        An empty event is a tick: nothing came for a tenth of a second, and the caller may want to
        look at what others have done meanwhile. When the caller stops listening, or an exception
        such as Ctrl-C ends it, the worker is told to stop, and killed if it does not do so at once.

        Raises
        ------
        WorkerDiedError
            The process ended.
        """
        number = self._number = next(self._numbers)
        finished = False
        self._send({**request, "id": number})
        try:
            while not finished:
                left = deadline - time.monotonic()
                if left <= 0:
                    return
                try:
                    event = self._events.get(timeout=min(left, _POLL))
                except queue.Empty:
                    yield {}
                    continue
                if event is None:
                    finished = True
                    raise WorkerDiedError(self._name, self.process.wait(), self._complaint())
                finished = "done" in event or "error" in event
                yield event
        finally:
            if not finished:
                self._stop(number)

    def tell(self, news: dict[str, Any]) -> None:
        """Send news to the request that runs; its solver looks at them when it can."""
        self._send({"tell": self._number, **news})

    def _complaint(self) -> str:
        """Last line the process wrote to stderr."""
        self._complaints.seek(0)
        lines = self._complaints.read().decode(errors="replace").strip().splitlines()
        return lines[-1] if lines else ""

    def _stop(self, number: int) -> None:
        """Make the worker idle within the grace period, or end it."""
        try:
            self._send({"stop": number})
            until = time.monotonic() + _GRACE
            while (left := until - time.monotonic()) > 0:
                event = self._events.get(timeout=left)
                if event is None or "done" in event or "error" in event:
                    return
        except queue.Empty:
            pass
        except BaseException:
            self.kill()
            raise
        self.kill()

    def kill(self) -> None:
        """End the process at once."""
        self.process.kill()
        self.process.wait()

    def close(self) -> None:
        """End the process and close the pipes."""
        self.kill()
        for stream in (self.process.stdin, self.process.stdout, self._complaints):
            with contextlib.suppress(OSError):
                _pipe(stream).close()


def _pipe(stream: IO[bytes] | None) -> IO[bytes]:
    if stream is None:
        raise SolverError("the worker process has no pipes")
    return stream


class WorkerPool:
    """Warm workers of one kind; as many run as there are calls at once.

    Parameters
    ----------
    module, name : str
        What :class:`Worker` takes.
    """

    def __init__(self, module: str, name: str) -> None:
        self.module = module
        self.name = name
        self._lock = threading.Lock()
        self._idle: list[Worker] = []
        atexit.register(self.close)
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self.forget)

    def acquire(self) -> Worker:
        """Take an idle worker, or start one."""
        with self._lock:
            while self._idle:
                worker = self._idle.pop()
                if worker.alive:
                    return worker
                worker.close()
        return Worker(self.module, self.name)

    def release(self, worker: Worker) -> None:
        """Give a worker back; a dead or surplus one is closed."""
        with self._lock:
            if worker.alive and len(self._idle) < _MOST_IDLE:
                self._idle.append(worker)
                return
        worker.close()

    def close(self) -> None:
        """End all idle workers."""
        with self._lock:
            idle, self._idle = self._idle, []
        for worker in idle:
            worker.close()

    def forget(self) -> None:
        """Drop the workers without ending them: after a fork they are the parent's."""
        self._lock = threading.Lock()
        self._idle = []
