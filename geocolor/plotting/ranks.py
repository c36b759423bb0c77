"""Spectrum and rank per layer of a compressed model."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from typing import Any

from geocolor.plotting.canvas import AS_IS, canvas, save_picture, shortened
from geocolor.plotting.rank_panels import SHARES, Bar, Panel, rank_panels
from geocolor.plotting.sharing_grid import SharingGrid, sharing_grid
from geocolor.sharing import SharingPlan
from geocolor.units import Unit

__all__ = ["draw_ranks"]

_BANDS = ("#6f8fae", "#a9bfd4", "#dde6ee")
_MARKS = {"dense": "s", "basis": "o", "tied": "s", "residual": "^", "narrow": "D"}
_FACES = {"dense": "#bbbbbb", "basis": "#ffffff", "narrow": "#7fbf7b"}
_ACROSS, _LABELS = 3, 24


def draw_ranks(
    plan: SharingPlan,
    units: Sequence[Unit],
    needed: Mapping[str, Sequence[int]],
    path: str | os.PathLike[str],
    title: str,
) -> None:
    """Draw how fast each matrix's spectrum falls, and the rank it was given.

    Bars end at the ranks at which low rank of its own would cost a half, a tenth and a hundredth of
    what a matrix costs at rank 0, in the metric of the method: short ones are matrices that a few
    directions are enough for. A mark is what became of it; full height is a matrix of full rank.

    Parameters
    ----------
    plan : SharingPlan
        What was done.
    units : sequence of Unit
        All units.
    needed : mapping of str to sequence of int
        For each unit, its ranks for 1/2, 1/10 and 1/100.
    path : path-like
        Where the picture goes: ``.png``, ``.svg`` or ``.pdf``.
    title : str
        What stands above it.

    Raises
    ------
    InputError
        matplotlib is not installed, or the file cannot be written.
    """
    grid = sharing_grid(plan, units)
    panels = rank_panels(grid, needed)
    across = min(_ACROSS, max(len(panels), 1))
    down = max(1, math.ceil(len(panels) / across))
    widest = max((len(panel.bars) for panel in panels), default=1)
    width = min(max(3.4, 0.13 * widest), 9.0 if across > 1 else 14.0)
    figure, only = canvas(width * across, 1.9 * down + 0.8)
    only.remove()
    for at, panel in enumerate(panels):
        _draw(figure.add_subplot(down, across, at + 1), panel)
    figure.suptitle(shortened(title, 100), fontsize=10, x=0.01, ha="left", **AS_IS)
    figure.legend(
        handles=_keys(panels, grid), loc="lower center", ncols=4, fontsize=7, frameon=False
    )
    inch = 1 / (1.9 * down + 0.8)
    # Not tight_layout(): what a font has no sign for must wait until the picture is saved.
    figure.set_layout_engine("tight", rect=(0, 0.5 * inch, 1, 1), h_pad=0.8, w_pad=0.8)
    save_picture(figure, path)


def _draw(axes: Any, panel: Panel) -> None:
    places = range(len(panel.bars))
    for band in reversed(range(len(SHARES))):
        known = [(x, bar.needed[band]) for x, bar in zip(places, panel.bars, strict=True)
                 if bar.needed]  # fmt: skip
        axes.bar([x for x, _ in known], [y for _, y in known], width=0.9, color=_BANDS[band])
    for x, bar in zip(places, panel.bars, strict=True):
        form = bar.cell.group.form
        axes.plot(
            [x], [bar.cell.share], _MARKS[form], ms=4.2, mew=0.7, mec="#222222", clip_on=False,
            color=bar.cell.color or _FACES.get(form, "#ffffff"), zorder=4,
        )  # fmt: skip
    axes.set_xlim(-0.7, len(panel.bars) - 0.3)
    axes.set_ylim(0, 1.0)
    axes.set_yticks([0, 0.5, 1.0], ["0", "1/2", "full"], fontsize=7)
    _label(axes, panel.bars)
    axes.tick_params(length=2, width=0.5)
    axes.set_title(shortened(panel.title, 46), fontsize=8, loc="left", **AS_IS)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)


def _label(axes: Any, bars: Sequence[Bar]) -> None:
    step = 1 + (len(bars) - 1) // _LABELS
    labels = [shortened(bar.label, 28) for bar in bars[::step]]
    upright = max(map(len, labels)) > 3
    turned = {"rotation": 90} if upright else {}
    axes.set_xticks(range(0, len(bars), step), labels, fontsize=6, **turned, **AS_IS)


def _keys(panels: Sequence[Panel], grid: SharingGrid) -> list[Any]:
    from matplotlib.patches import Patch

    bars = [bar for panel in panels for bar in panel.bars]
    words = {
        "dense": "dense", "basis": "low rank", "tied": "tied", "residual": "tied, and a difference",
        "narrow": "hidden units that stay",
    }  # fmt: skip
    there = {bar.cell.group.form for bar in bars}
    keys = [
        _mark(form, _FACES.get(form, "#ffffff"), word)
        for form, word in words.items()
        if form in there
    ]
    if any(bar.needed for bar in bars):
        texts = (f"rank at which it costs {share:.0%} of rank 0" for share in SHARES)
        keys += [Patch(fc=color, label=text) for color, text in zip(_BANDS, texts, strict=True)]
    if grid.classes:
        group, color = grid.classes[0]
        keys.append(_mark(group.form, color, grid.sharing))
    return keys


def _mark(form: str, color: str, label: str) -> Any:
    from matplotlib.lines import Line2D

    return Line2D(
        [], [], ls="", marker=_MARKS[form], mec="#222222", mew=0.7, ms=5, color=color, label=label
    )
