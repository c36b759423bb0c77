"""What goes to stderr: errors, notes, and progress for people who watch a terminal."""

from __future__ import annotations

import sys
import threading
import time
from types import TracebackType
from typing import Self

import typer

__all__ = ["ProgressLine", "error", "note", "watched"]

_SHOW_AFTER = 2.0
_REFRESH = 0.25


def _one_line(text: str) -> str:
    """Escape line breaks and control characters, which file names and labels may hold."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def error(message: str) -> None:
    """Write the one line that a failure gets."""
    typer.echo(f"geocolor: error: {_one_line(message)}", err=True)


def note(message: str) -> None:
    """Write one line that is not a failure."""
    typer.echo(f"geocolor: {_one_line(message)}", err=True)


def watched(*, quiet: bool) -> bool:
    """Whether somebody watches stderr who did not ask for silence."""
    return not quiet and sys.stderr.isatty()


class ProgressLine:
    """One line on stderr that shows how a long call is doing.

    It appears after two seconds, only on a terminal, and is gone at the end.

    Parameters
    ----------
    quiet : bool
        Never show it.
    limit : float, optional
        Seconds that the call takes at most.
    """

    def __init__(self, *, quiet: bool = False, limit: float | None = None) -> None:
        self._text = ""
        self._most = "" if limit is None else f" of {limit:g} s"
        self._started = time.monotonic()
        self._ended = threading.Event()
        shown = watched(quiet=quiet)
        self._thread = threading.Thread(target=self._show, daemon=True) if shown else None

    def update(self, text: str) -> None:
        """Say how it is doing now."""
        self._text = text

    def __enter__(self) -> Self:
        if self._thread is not None:
            self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._ended.set()
        if self._thread is not None:
            self._thread.join()

    def _show(self) -> None:
        if self._ended.wait(_SHOW_AFTER):
            return
        from rich.console import Console
        from rich.text import Text

        with Console(stderr=True).status("") as status:
            while not self._ended.wait(_REFRESH):
                status.update(Text(self.line(time.monotonic() - self._started)))

    def line(self, elapsed: float) -> str:
        """Give the line as it is after so many seconds."""
        return f"{elapsed:.0f} s{self._most}  {self._text}"
