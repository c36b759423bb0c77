"""A foreign program: started, listened to, and ended with all that it started."""

from __future__ import annotations

import math
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from geocolor.errors import SolverError, UnreadableAnswerError

__all__ = ["LONGEST_ANSWER", "Program"]

# Bytes without an answer in them, in a line, in all that follows the last answer or in a file:
# a coloring of two million nodes, the most a graph file may have, takes half of it.
LONGEST_ANSWER = 64 << 20
# Seconds between asking a program to end, when it may still print its best, and killing it.
_GRACE = 0.3
# Seconds between two looks whether its time is up.
_LOOK = 0.05
_BLOCK = 1 << 16
_TAIL = 4096


class Program:
    """A program in a process group of its own; leaving the context ends the whole group.

    Parameters
    ----------
    arguments : sequence of str
        Program and arguments; no shell sees them.
    folder : Path
        Working directory.
    environment : mapping of str to str
        Added to this process's own.

    Attributes
    ----------
    timed_out : bool
        Whether it had to be ended when its time was up.

    Raises
    ------
    SolverError
        It cannot be started.
    """

    def __init__(
        self, arguments: Sequence[str], folder: Path, environment: Mapping[str, str]
    ) -> None:
        self.timed_out = False
        self._end = math.inf
        self._tail = b""
        try:
            self._process = subprocess.Popen(
                list(arguments),
                cwd=folder,
                env={**os.environ, **environment},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                process_group=0,
            )
        except (OSError, ValueError) as error:
            raise SolverError(f"cannot start {arguments[0]}: {error}") from error
        if sys.platform == "linux":
            import resource

            limit = (LONGEST_ANSWER, LONGEST_ANSWER)
            with suppress(OSError):  # it is over already
                resource.prlimit(self._process.pid, resource.RLIMIT_FSIZE, limit)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._signal(signal.SIGKILL)
        self._process.wait()
        for stream in (self._process.stdout, self._process.stderr):
            _open(stream).close()

    @property
    def complaint(self) -> str:
        """Last line it wrote to stderr."""
        lines = self._tail.decode(errors="replace").strip().splitlines()
        return lines[-1] if lines else ""

    @property
    def exit_code(self) -> int | None:
        """Its exit code, below 0 if a signal ended it; None while it runs."""
        return self._process.returncode

    @property
    def fate(self) -> str:
        """How it ended, where that was not with exit code 0; else empty."""
        code = self.exit_code
        if not code:
            return ""
        if code > 0:
            return f"ended with exit code {code}"
        try:
            name = signal.Signals(-code).name
        except ValueError:
            name = str(-code)
        return f"was killed by signal {name}"

    def lines(self, remaining: Callable[[], float]) -> Iterator[str]:
        """Yield the lines of its standard output as they come, until it ends.

        Parameters
        ----------
        remaining : callable
            Gives the seconds it has left. When there are none it is asked to end, and 0.3 s later
            it is killed.

        Raises
        ------
        UnreadableAnswerError
            A line is longer than any answer.
        """
        stdout, stderr = _open(self._process.stdout), _open(self._process.stderr)
        pieces: list[bytes] = []
        size = 0
        with selectors.DefaultSelector() as selector:
            selector.register(stdout, selectors.EVENT_READ)
            selector.register(stderr, selectors.EVENT_READ)
            while selector.get_map():
                left = self._left(remaining)
                if left <= 0:
                    break
                for key, _ in selector.select(min(left, _LOOK)):
                    data = os.read(key.fd, _BLOCK)
                    if not data:
                        selector.unregister(key.fileobj)
                    elif key.fileobj is stderr:
                        self._tail = (self._tail + data)[-_TAIL:]
                    else:
                        whole, newline, rest = data.rpartition(b"\n")
                        if newline:
                            yield from _lines(b"".join([*pieces, whole]))
                            pieces, size = [], 0
                        pieces.append(rest)
                        size += len(rest)
                        if size > LONGEST_ANSWER:
                            raise UnreadableAnswerError(
                                f"printed a line of over {LONGEST_ANSWER >> 20} MiB"
                            )
        if size:
            yield from _lines(b"".join(pieces))
        self._wait(remaining)

    def _wait(self, remaining: Callable[[], float]) -> None:
        """Wait for its end, which may come long after it closed its output."""
        while self._process.poll() is None and (left := self._left(remaining)) > 0:
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(min(left, _LOOK))

    def _left(self, remaining: Callable[[], float]) -> float:
        """Give the seconds until it is killed, or asked to end; ask it, when it is time."""
        if not self.timed_out:
            left = remaining()
            if left > 0:
                return left
            self.timed_out = True
            self._signal(signal.SIGTERM)
            self._end = time.monotonic() + _GRACE
        return self._end - time.monotonic()

    def _signal(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, number)


def _lines(block: bytes) -> Iterator[str]:
    for line in block.split(b"\n"):
        yield line.decode(errors="replace")


def _open(stream: IO[bytes] | None) -> IO[bytes]:
    assert stream is not None  # noqa: S101  both pipes were asked for
    return stream
