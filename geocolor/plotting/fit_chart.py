"""Measured against predicted increases, laid out for a page."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from geocolor.plotting.prediction import Fit

__all__ = ["FitChart", "fit_chart"]

_LEFT, _RIGHT, _TOP, _BOTTOM = 60.0, 450.0, 10.0, 280.0

Point = tuple[float, float, str]


@dataclass(frozen=True)
class FitChart:
    """Places of a chart 460 wide and 330 high, on logarithmic axes.

    Attributes
    ----------
    plans, this : tuple of (float, float, str)
        Random plans, and the plan that was chosen, with what they say.
    law, equal, around : str
        Points of the law fitted, of where prediction and measurement are equal, and of the band 25%
        around the law.
    ticks_x, ticks_y : tuple of (float, str)
    """

    plans: tuple[Point, ...]
    this: tuple[Point, ...]
    law: str
    equal: str
    around: str
    ticks_x: tuple[tuple[float, str], ...]
    ticks_y: tuple[tuple[float, str], ...]


def fit_chart(fit: Fit, predicted: float, measured: float) -> FitChart:
    """Lay out a fit, and the plan that was chosen where it has a place on logarithmic axes.

    Parameters
    ----------
    fit : Fit
        Of random plans.
    predicted, measured : float
        Of the plan that was chosen.
    """
    chosen = [(predicted, measured)] if predicted > 0 and measured > 0 else []
    points = [*zip(fit.predicted, fit.measured, strict=True), *chosen]
    low_x, high_x = _ends([x for x, _ in points])
    low_y, high_y = _ends([y for _, y in points])
    to_x = _scale(low_x, high_x, _LEFT, _RIGHT)
    to_y = _scale(low_y, high_y, _BOTTOM, _TOP)

    def placed(x: float, y: float) -> Point:
        return to_x(x), to_y(y), f"predicted {x:.4g}, measured {y:.4g}"

    def line(change: Callable[[float], float]) -> list[str]:
        ratio = high_x / low_x
        along = (low_x * ratio ** (step / 40) for step in range(41))
        inside = ((x, min(max(change(x), low_y), high_y)) for x in along)
        return [f"{to_x(x):.1f},{to_y(y):.1f}" for x, y in inside]

    upper = line(lambda x: fit.increase(x) * 1.25)
    lower = line(lambda x: fit.increase(x) / 1.25)
    low, high = max(low_x, low_y), min(high_x, high_y)
    equal = [f"{to_x(v):.1f},{to_y(v):.1f}" for v in (low, high)] if low < high else []
    return FitChart(
        tuple(placed(x, y) for x, y in zip(fit.predicted, fit.measured, strict=True)),
        tuple(placed(x, y) for x, y in chosen),
        " ".join(line(fit.increase)),
        " ".join(equal),
        " ".join([*upper, *reversed(lower)]),
        tuple((to_x(tick), f"{tick:g}") for tick in _ticks(low_x, high_x)),
        tuple((to_y(tick), f"{tick:g}") for tick in _ticks(low_y, high_y)),
    )


def _ends(values: list[float]) -> tuple[float, float]:
    return min(values) / 1.3, max(values) * 1.3


def _scale(low: float, high: float, start: float, end: float) -> Callable[[float], float]:
    width = math.log(high / low)
    return lambda value: round(start + (end - start) * math.log(value / low) / width, 1)


def _ticks(low: float, high: float) -> list[float]:
    """Give round values: all 1, 2 and 5, or powers of ten where those are many."""
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    for parts in ((1, 2, 5), (1,)):
        ticks = [part * 10.0**power for power in powers for part in parts]
        inside = [tick for tick in ticks if low <= tick <= high]
        if len(inside) <= 8:
            break
    return inside
