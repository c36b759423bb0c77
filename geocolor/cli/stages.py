"""How far a call is that goes through stages, and how long the stage will take."""

from __future__ import annotations

import time
from collections.abc import Callable

__all__ = ["Stages", "duration"]


class Stages:
    """What to say of the stage that a call is in.

    Parameters
    ----------
    clock : callable
        Gives seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._stage: str | None = None
        self._began = 0.0
        self._first = 0

    def tell(self, stage: str, done: int, total: int) -> str:
        """Say the stage, its steps, and how long the rest of them takes at the pace so far."""
        now = self._clock()
        if stage != self._stage or done < self._first:
            self._stage, self._began, self._first = stage, now, done
        if total <= 1:
            return f"{stage} {done}" if done else stage
        text = f"{stage} {done} of {total}"
        if not self._first < done < total:
            return text
        left = (now - self._began) / (done - self._first) * (total - done)
        return f"{text}, {duration(left)} left"


def duration(seconds: float) -> str:
    """Write seconds as people say them.

    Examples
    --------
    >>> duration(7.4), duration(90), duration(8000)
    ('7 s', '2 min', '2.2 h')
    """
    if seconds < 60:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
