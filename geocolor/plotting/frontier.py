"""The frontier of size against cost, as a picture."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass

from geocolor.plotting.canvas import AS_IS, canvas, key_below, save_picture, shortened
from geocolor.wording import counted

__all__ = ["FrontierPoint", "draw_frontier"]

_LINE, _BOUND = "#4e79a7", "#e15759"


@dataclass(frozen=True, order=True)
class FrontierPoint:
    """What was chosen at one budget.

    Attributes
    ----------
    size : int
        Parameters.
    cost : float
    lower_bound : float or None
        No choice within the budget costs less.
    proven : bool
        Whether the cost meets it.
    """

    size: int
    cost: float
    lower_bound: float | None
    proven: bool


def draw_frontier(
    points: Sequence[FrontierPoint],
    path: str | os.PathLike[str],
    title: str,
    *,
    infeasible: Sequence[int] = (),
) -> None:
    """Draw cost over parameters: full marks are proven, open ones have their bound below them.

    Parameters
    ----------
    points : sequence of FrontierPoint
        Of one set of options.
    path : path-like
        Where the picture goes: ``.png``, ``.svg`` or ``.pdf``.
    title : str
        What stands above it.
    infeasible : sequence of int
        Budgets that no choice fits; the picture says so where there are no points.

    Raises
    ------
    InputError
        matplotlib is not installed, or the file cannot be written.
    """
    shown = sorted(points)
    unit, scale = _unit(max((point.size for point in shown), default=0))
    figure, axes = canvas(7.0, 4.2)
    # What fits one budget fits every larger one: up to the next point nothing costs more than that.
    axes.plot(
        [point.size / scale for point in shown],
        [point.cost for point in shown],
        ":",
        color=_LINE,
        lw=1.2,
        drawstyle="steps-post",
    )
    for proven, label in ((True, "proven optimal"), (False, "best found")):
        marked = [point for point in shown if point.proven is proven]
        if marked:
            axes.plot(
                [point.size / scale for point in marked],
                [point.cost for point in marked],
                "o",
                ms=5,
                color=_LINE,
                mfc=_LINE if proven else "white",
                label=label,
            )
    bounded = [
        (point.size / scale, point.lower_bound)
        for point in shown
        if not point.proven and point.lower_bound is not None
    ]
    if bounded:
        axes.plot(
            [size for size, _ in bounded],
            [bound for _, bound in bounded],
            "_",
            ms=9,
            mew=1.6,
            color=_BOUND,
            label="no choice costs less",
        )
    axes.set_xlabel(f"parameters ({unit})" if unit else "parameters")
    axes.set_ylabel("cost")
    axes.set_title(shortened(title, 90), fontsize=10, loc="left", **AS_IS)
    axes.grid(color="#dddddd", lw=0.6)
    axes.set_axisbelow(True)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    if shown:
        key_below(axes, 3)
    else:
        axes.set_xticks([])
        axes.set_yticks([])
        axes.text(0.5, 0.5, _nothing(infeasible), transform=axes.transAxes, ha="center")
    save_picture(figure, path)


def _nothing(infeasible: Sequence[int]) -> str:
    """Say why there are no points."""
    if not infeasible:
        return "no choice was found"
    return f"infeasible: every choice has more than {counted(max(infeasible), 'parameter')}"


def _unit(largest: int) -> tuple[str, float]:
    for name, scale in (("billions", 1e9), ("millions", 1e6), ("thousands", 1e3)):
        if largest >= 10 * scale:
            return name, scale
    return "", 1.0
