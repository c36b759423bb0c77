"""Ctrl-C and SIGTERM: both end the work, neither loses what it has come to."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

__all__ = ["terminated_like_interrupted", "undisturbed"]


@contextmanager
def terminated_like_interrupted() -> Iterator[None]:
    """Let SIGTERM unwind as Ctrl-C does: incumbents are kept, temporary files removed."""

    def interrupt(_number: int, _frame: object) -> NoReturn:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def undisturbed() -> Iterator[None]:
    """Ignore a second Ctrl-C while the incumbent is written."""
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(number, signal.SIG_IGN) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)
