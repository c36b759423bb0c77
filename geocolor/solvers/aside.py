"""Work in a thread of its own, so that Ctrl-C reaches whoever waits for it and nothing else.

A solve may be in numba, in a lock or in a library that knows no interrupts when Ctrl-C comes. So
it is told to end, as when its time is up, and never torn out of what it does.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

from geocolor.interrupts import held_back

__all__ = ["THREAD", "run_aside"]

# Name of the threads that work.
THREAD = "geocolor solve"

# Seconds between two looks for an interrupt, and that work called off gets to end.
_LOOK, _GRACE = 0.05, 0.5

T = TypeVar("T")


def run_aside(work: Callable[[], T], call_off: Callable[[], None]) -> T:
    """Do some work such that Ctrl-C calls it off.

    Ctrl-C reaches the main thread only; called from another, the work is done there.

    Parameters
    ----------
    work : callable
        What to do.
    call_off : callable
        Has the work end soon; called after Ctrl-C.

    Returns
    -------
    object
        What the work returned, if it was done within half a second of being called off.

    Raises
    ------
    KeyboardInterrupt
        It was not: its thread is left behind, to end when it next looks whether it should.
    """
    if threading.current_thread() is not threading.main_thread():
        return work()
    done: Future[T] = Future()
    # A bare lock. Python's other ways to wait go wrong with signals: a queue whose time runs out
    # in a handler waits for ever, a thread whose join a handler breaks counts as ended.
    working = threading.Lock()
    working.acquire()

    def act() -> None:
        try:
            done.set_result(work())
        except BaseException as error:
            done.set_exception(error)
        working.release()

    with held_back() as held:
        threading.Thread(target=act, name=THREAD, daemon=True).start()
        ended = False
        try:
            while not ended and not held.came:
                ended = working.acquire(timeout=_LOOK)
        finally:
            # Ctrl-C, or what the handler of some other signal raised.
            if held.came or not ended:
                held.came = False
                call_off()
                ended = ended or working.acquire(timeout=_GRACE)
        if not ended:
            raise KeyboardInterrupt
        return done.result()
