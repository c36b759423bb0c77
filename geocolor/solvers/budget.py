"""What a heuristic may still spend."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from geocolor.problem import ColoringProblem
from geocolor.solvers.result import StopReason
from geocolor.solvers.search import Search

__all__ = ["Budget"]


class Budget:
    """Time and iterations that one thread of heuristics may still spend.

    Parameters
    ----------
    search : Search
        Its deadline and its iteration budget are the limits.
    until : float, optional
        An earlier ``time.monotonic()`` to stop at.
    stream : int, optional
        Which of the independent random streams of the search's seed to draw from; threads have
        different ones.
    unless : callable, optional
        While true, there is something better to do, and the budget is over.

    Attributes
    ----------
    iterations : int
        Made so far.
    unless : callable or None
        As given; may be changed.
    stream : int
        As given; 0 for the thread that would work alone.
    """

    def __init__(
        self,
        search: Search,
        until: float = math.inf,
        stream: int = 0,
        unless: Callable[[], bool] | None = None,
    ) -> None:
        self._search = search
        self._until = min(until, search.deadline)
        self.iterations = 0
        self._limit = search.max_iterations
        self.unless = unless
        self.stream = stream
        self.random = np.random.default_rng([search.seed, stream] if stream else search.seed)

    @property
    def unlimited(self) -> bool:
        """Whether nothing but patience will end the work."""
        return self._limit is None and math.isinf(self._until)

    @property
    def timed(self) -> bool:
        """Whether time is the only limit, so that plans may look at the clock."""
        return self._limit is None and not math.isinf(self._until)

    @property
    def iterations_left(self) -> int:
        """Iterations that may still be made."""
        return (1 << 62) if self._limit is None else self._limit - self.iterations

    def spend(self, iterations: int) -> None:
        """Count iterations made."""
        self.iterations += iterations

    def seconds_left(self) -> float:
        """Seconds until the time limit; infinite without one."""
        return self._until - time.monotonic()

    def over(self) -> bool:
        """Whether time or iterations are used up, or nothing is left to look for."""
        if self.unless is not None and self.unless():
            return True
        return self.reason() is not StopReason.COMPLETED or self._search.answered()

    def too_late(self, k: int) -> bool:
        """Whether a coloring with `k` classes is no news any more, or the budget is over."""
        found = self._search.objective
        if self.over() or found is None:
            return self.over()
        return isinstance(self._search.problem, ColoringProblem) and found <= k

    def reason(self) -> StopReason:
        """Say which limit was met, if any."""
        if self.iterations_left <= 0:
            return StopReason.ITERATIONS
        late = time.monotonic() >= self._until or self._search.out_of_time()
        return StopReason.TIME if late else StopReason.COMPLETED

    def kernel_state(self) -> NDArray[np.uint64]:
        """Draw a fresh state for a kernel's generator; never zero."""
        return self.random.integers(1, 1 << 63, size=1, dtype=np.uint64)
