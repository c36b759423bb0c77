"""Ctrl-C held back where it would do harm.

Python raises KeyboardInterrupt between any two instructions of the main thread. In the middle of
numba's setting up a kernel, or between taking a lock and noting that it is taken, that leaves a
process behind in which later calls fail, crash or wait for ever.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

__all__ = ["Held", "held_back"]


class Held:
    """Interrupts held back.

    Attributes
    ----------
    came : bool
        Whether there was one; whoever deals with it sets this back.
    """

    def __init__(self) -> None:
        self.came = False


# Of the main thread, the only one that Python interrupts.
_outermost: Held | None = None


@contextmanager
def held_back() -> Iterator[Held]:
    """Hold back KeyboardInterrupt until the block ends, and raise it then.

    Signal handlers run as they come, and only what they raise waits: so Ctrl-C, and SIGTERM where
    it is treated alike. Blocks may be nested; the outermost raises. In threads other than the
    main one there is nothing to hold back.

    Yields
    ------
    Held
        Tells whether there was an interrupt. Where the block sets that back, none is raised.

    Raises
    ------
    KeyboardInterrupt
        There was one, and the block raised nothing else.

    Examples
    --------
    >>> with held_back() as held:
    ...     signal.raise_signal(signal.SIGINT)
    ...     came, held.came = held.came, False
    >>> came
    True
    """
    global _outermost
    if threading.current_thread() is not threading.main_thread():
        yield Held()
        return
    if _outermost is not None:
        yield _outermost
        return
    held = Held()
    with _deferred(signal.SIGINT, held), _deferred(signal.SIGTERM, held):
        _outermost = held
        try:
            yield held
        finally:
            _outermost = None
    if held.came:
        raise KeyboardInterrupt


@contextmanager
def _deferred(number: signal.Signals, held: Held) -> Iterator[None]:
    before = signal.getsignal(number)
    if not callable(before):  # ignored, or the end of the process
        yield
        return
    try:
        signal.signal(number, _deferring(before, held))
        yield
    finally:
        signal.signal(number, before)


def _deferring(before: Callable[[int, Any], Any], held: Held) -> Callable[[int, Any], None]:
    def handle(number: int, frame: Any) -> None:
        try:
            before(number, frame)
        except KeyboardInterrupt:
            held.came = True

    return handle
