"""What rank each layer needs and what it got, role by role."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from geocolor.plotting.sharing_grid import Cell, SharingGrid

__all__ = ["SHARES", "Bar", "Panel", "rank_panels"]

# Of what a matrix would cost at rank 0.
SHARES = (0.5, 0.1, 0.01)


@dataclass(frozen=True)
class Bar:
    """A matrix.

    Attributes
    ----------
    label : str
        What stands below it.
    cell : Cell
        What became of it.
    needed : tuple of float
        Ranks, of as many as there are, at which low rank of its own costs each of :data:`SHARES`
        of what it would cost at rank 0. Empty where that is not known.
    """

    label: str
    cell: Cell
    needed: tuple[float, ...]


@dataclass(frozen=True)
class Panel:
    """Matrices side by side.

    Attributes
    ----------
    title : str
    bars : tuple of Bar
    """

    title: str
    bars: tuple[Bar, ...]


def rank_panels(grid: SharingGrid, needed: Mapping[str, Sequence[int]]) -> tuple[Panel, ...]:
    """Set the matrices of each role side by side; roles of one layer alone stand together.

    Parameters
    ----------
    grid : SharingGrid
        The matrices.
    needed : mapping of str to sequence of int
        For each unit, the ranks that it needs for each of :data:`SHARES`.
    """
    panels, alone = [], []
    for name, cells in grid.rows:
        there = [cell for cell in cells if cell is not None]
        if len(there) > 1:
            bars = tuple(_bar(str(cell.unit.layer), cell, needed) for cell in there)
            panels.append(Panel(f"{name}, {_shapes(there)}", bars))
        else:
            alone += [_bar(name, cell, needed) for cell in there]
    if alone:
        panels.append(Panel("roles of one layer" if panels else "all layers", tuple(alone)))
    return tuple(panels)


def _bar(label: str, cell: Cell, needed: Mapping[str, Sequence[int]]) -> Bar:
    most = min(cell.unit.shape)
    return Bar(label, cell, tuple(rank / most for rank in needed.get(cell.unit.name, ())))


def _shapes(cells: Sequence[Cell]) -> str:
    shapes = list(dict.fromkeys(cell.unit.shape for cell in cells))
    rows, columns = shapes[0]
    return f"{rows} x {columns}" if len(shapes) == 1 else f"{len(shapes)} shapes"
