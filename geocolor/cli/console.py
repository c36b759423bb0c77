"""All that commands print: answers, and on stderr errors, notes and progress for who watches.

File names, labels and texts of files may hold anything. What a terminal would act on is escaped
here, and so is what the encoding of an output has not.
"""

from __future__ import annotations

import sys
import threading
import time
from types import TracebackType
from typing import Self

import typer

__all__ = ["ProgressLine", "error", "note", "one_line", "say", "say_lines", "watched"]

_SHOW_AFTER = 2.0
_REFRESH = 0.25


def one_line(text: str) -> str:
    """Escape line breaks and control characters, which file names and labels may hold."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def _put(text: str, *, err: bool) -> None:
    encoding = getattr(sys.stderr if err else sys.stdout, "encoding", None) or "utf-8"
    typer.echo(text.encode(encoding, "backslashreplace").decode(encoding), err=err)


def say(text: str, *, err: bool = False) -> None:
    """Write a text as one line, whatever it holds.

    Parameters
    ----------
    text : str
        The text.
    err : bool
        To stderr, since an answer is on stdout already.
    """
    _put(one_line(text), err=err)


def say_lines(text: str, *, err: bool = False) -> None:
    """Write a text that was laid out in lines; the last may have its end or not.

    Parameters
    ----------
    text, err
        As for :func:`say`.
    """
    _put("\n".join(map(one_line, text.removesuffix("\n").split("\n"))), err=err)


def error(message: str) -> None:
    """Write the one line that a failure gets."""
    say(f"geocolor: error: {message}", err=True)


def note(message: str) -> None:
    """Write one line that is not a failure."""
    say(f"geocolor: {message}", err=True)


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
        return f"{elapsed:.0f} s{self._most}  {one_line(self._text)}"
