"""The sharing map: layers by role, colored by sharing class, rank shown."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from geocolor.plotting.canvas import AS_IS, canvas, save_picture, shortened
from geocolor.plotting.colors import DENSE, NARROW, PRIVATE, ink
from geocolor.plotting.sharing_grid import Cell, SharingGrid, sharing_grid
from geocolor.sharing import SharingPlan
from geocolor.units import Unit

__all__ = ["draw_sharing_map"]

_PLAIN = {"dense": DENSE, "narrow": NARROW}
_SHARED = "#4e79a7"
# Inches of a cell, and of all cells in a row and in a column: large models have smaller ones.
_CELL, _WIDEST, _HIGHEST = 0.42, 22.0, 40.0


def draw_sharing_map(
    plan: SharingPlan, units: Sequence[Unit], path: str | os.PathLike[str], title: str
) -> None:
    """Draw which layers share.

    A cell is a matrix: gray is dense, white is private low rank, pale green is around a hidden
    layer that was narrowed, any other color is a sharing class. The number is the rank, or the
    hidden units that stay; an equals sign marks one matrix for several layers, and the number
    behind it is the rank of each one's difference from it. Several models have a row each for every
    role.

    Parameters
    ----------
    plan : SharingPlan
        What to draw.
    units : sequence of Unit
        All units.
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
    columns, rows = max(len(grid.layers), 1), max(len(grid.rows), 1)
    width, height = min(_CELL, _WIDEST / columns), min(_CELL, _HIGHEST / rows)
    font = 15.5 * min(width, height)
    figure, axes = canvas(2.2 + width * columns, 1.5 + height * rows)
    for y, (_, cells) in enumerate(grid.rows):
        for x, cell in enumerate(cells):
            if cell is not None:
                _add_cell(axes, cell, x, y, font)
    axes.set_xlim(-0.6, columns - 0.4)
    axes.set_ylim(rows - 0.4, -0.6)
    step = 1 + columns // 60
    ticks = range(0, len(grid.layers), step)
    axes.set_xticks(ticks, [str(layer) for layer in grid.layers[::step]], fontsize=7)
    names = [shortened(name, 40) for name, _ in grid.rows]
    axes.set_yticks(range(len(names)), names, fontsize=min(8.0, 24 * height), **AS_IS)
    axes.set_xlabel("layer", fontsize=8)
    axes.tick_params(length=0)
    for spine in axes.spines.values():
        spine.set_visible(False)
    axes.set_title(shortened(title, 100), fontsize=10, loc="left", **AS_IS)
    axes.legend(
        handles=_keys(grid),
        loc="upper center",
        bbox_to_anchor=(0.5, -0.55 / (height * rows)),
        ncols=2,
        fontsize=7,
        frameon=False,
    )
    save_picture(figure, path)


def _add_cell(axes: Any, cell: Cell, x: int, y: int, font: float) -> None:
    from matplotlib.patches import Rectangle

    face = cell.color or _PLAIN.get(cell.group.form, PRIVATE)
    axes.add_patch(Rectangle((x - 0.47, y - 0.47), 0.94, 0.94, fc=face, ec="#999999", lw=0.5))
    if font >= 2.5:
        axes.text(x, y, cell.mark, ha="center", va="center", fontsize=font, color=ink(face))


def _keys(grid: SharingGrid) -> list[Any]:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    shown = [
        (DENSE, "dense"),
        (PRIVATE, "low rank of its own (number: rank)"),
        (NARROW, "narrowed (number: hidden units that stay)"),
        (_SHARED, grid.sharing) if grid.classes else ("none", "no layers share"),
    ]
    patches = [
        Patch(fc=color, ec="none" if color == "none" else "#999999", label=label)
        for color, label in shown
    ]
    signs = [
        Line2D([], [], ls="", marker=f"${sign}$", ms=6 * len(sign), mew=0, c="#000000", label=label)
        for sign, label in grid.signs
    ]
    return [*patches, *signs]
