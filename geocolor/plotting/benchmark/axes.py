"""Axes of times, ratios and gaps, with ticks as people read them."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["below", "gap_axis", "gap_floor", "ratio_axis", "seconds_axis"]

# Seconds worth a tick.
_TIMES = {
    1e-6: "1 µs", 1e-5: "10 µs", 1e-4: "0.1 ms", 1e-3: "1 ms", 1e-2: "10 ms", 1e-1: "0.1 s",
    1.0: "1 s", 10.0: "10 s", 60.0: "1 min", 600.0: "10 min", 3600.0: "1 h", 36000.0: "10 h",
}  # fmt: skip
_LEAST_GAP = 1e-4


def below(seconds: float) -> float:
    """Round a time down to a power of ten."""
    return float(10.0 ** math.floor(math.log10(seconds)))


def seconds_axis(start: float, end: float) -> dict[str, Any]:
    """Lay out a logarithmic axis of times, with ticks in the units people use."""
    ticks = [time for time in _TIMES if start <= time * 1.001 and time <= end * 1.001]
    return {
        "type": "log",
        "range": [math.log10(start), math.log10(end)],
        "tickvals": ticks,
        "ticktext": [_TIMES[time] for time in ticks],
    }


def ratio_axis(end: float) -> dict[str, Any]:
    """Lay out a logarithmic axis of ratios from 1 up."""
    ticks = [lead * 10**power for power in range(7) for lead in (1, 2, 5)]
    ticks = [tick for tick in ticks if tick <= end]
    if len(ticks) > 9:
        ticks = [tick for tick in ticks if str(tick).startswith("1")]
    return {
        "type": "log",
        "range": [0, math.log10(end)],
        "tickvals": ticks,
        "ticktext": [f"{tick}x" for tick in ticks],
    }


def gap_floor(gaps: Iterable[NDArray[np.float64]]) -> float:
    """Pick the foot of an axis of gaps: the power of ten below the smallest one that matters."""
    least = min((float(gap[gap > 0].min(initial=1.0)) for gap in gaps), default=1.0)
    return min(1e-2, max(_LEAST_GAP, below(least)))


def gap_axis(floor: float) -> dict[str, Any]:
    """Lay out a logarithmic axis of gaps from `floor` to 1."""
    ticks = [10.0**power for power in range(round(math.log10(floor)), 1)]
    return {
        "type": "log",
        "range": [math.log10(floor) - 0.06, 0.06],
        "tickvals": ticks,
        "ticktext": [("≤ " if tick == ticks[0] else "") + f"{100 * tick:g}%" for tick in ticks],
    }
