"""Layers by role and depth, each with its sharing class: what maps of sharing show."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from geocolor.errors import InputError
from geocolor.plotting.colors import class_colors
from geocolor.sharing import GroupPlan, SharingPlan
from geocolor.units import Unit
from geocolor.wording import counted

__all__ = ["Cell", "SharingGrid", "sharing_grid"]


# What stands for a matrix that others have too, and what a key says of it.
_SIGNS = {
    "tied": ("=", "one matrix for several layers"),
    "residual": ("=+", "one matrix for several layers, and a difference of this rank"),
}


@dataclass(frozen=True)
class Cell:
    """A matrix.

    Attributes
    ----------
    unit : Unit
    group : GroupPlan
        Its sharing class.
    color : str or None
        Of the class, ``#rrggbb``, where it is shared.
    """

    unit: Unit
    group: GroupPlan
    color: str | None

    @property
    def mark(self) -> str:
        """Rank, or hidden units that stay; after ``=`` if it is one matrix with others."""
        sign, _ = _SIGNS.get(self.group.form, ("", ""))
        return sign if self.group.form in ("dense", "tied") else f"{sign}{self.group.rank}"

    @property
    def share(self) -> float:
        """Rank, or hidden units that stay, of as many as there can be."""
        if self.group.form in ("dense", "tied"):
            return 1.0
        most = min(self.unit.shape)
        if self.group.form == "narrow":
            most = self.unit.shape[self.unit.name == self.group.members[-1]]
        return self.group.rank / most if most else 0.0


@dataclass(frozen=True)
class SharingGrid:
    """Matrices in rows by role and columns by layer.

    Attributes
    ----------
    rows : tuple of (str, tuple of Cell or None)
        A name, and the cell of each column.
    layers : tuple of int
        The columns.
    classes : tuple of (GroupPlan, str)
        Classes that share, with their colors.
    """

    rows: tuple[tuple[str, tuple[Cell | None, ...]], ...]
    layers: tuple[int, ...]
    classes: tuple[tuple[GroupPlan, str], ...]

    @property
    def signs(self) -> tuple[tuple[str, str], ...]:
        """Signs in marks that are there, each with what a key says of it."""
        forms = {cell.group.form for _, cells in self.rows for cell in cells if cell is not None}
        return tuple(told for form, told in _SIGNS.items() if form in forms)

    @property
    def sharing(self) -> str:
        """What a key says of the colors of classes; empty where no layers share."""
        if not self.classes:
            return ""
        members = sum(len(group.members) for group, _ in self.classes)
        classes = counted(len(self.classes), "class shares", "classes share")
        return f"one color, one class: {classes}, {counted(members, 'matrix', 'matrices')}"


def sharing_grid(plan: SharingPlan, units: Sequence[Unit]) -> SharingGrid:
    """Lay units out by role and layer.

    Roles with several matrices in a layer, experts say, and several models have a row for each.

    Raises
    ------
    InputError
        A unit is not in the plan.
    """
    group_of = {member: group for group in plan.groups for member in group.members}
    missing = next((unit.name for unit in units if unit.name not in group_of), None)
    if missing is not None:
        raise InputError(f"the plan does not say what becomes of {missing}")
    shared = plan.shared_groups
    colors = dict(zip(shared, class_colors(len(shared)), strict=True))
    layers = sorted({unit.layer for unit in units})
    column = {layer: at for at, layer in enumerate(layers)}
    rows: dict[tuple[str, int], list[Cell | None]] = {}
    seen: Counter[tuple[str, int]] = Counter()
    for unit in units:
        role = _role(unit)
        at = seen[role, unit.layer]
        seen[role, unit.layer] += 1
        row = rows.setdefault((role, at), [None] * len(layers))
        group = group_of[unit.name]
        row[column[unit.layer]] = Cell(unit, group, colors.get(group))
    names = _short([role for role, _ in rows])
    several = {role for role, at in rows if at}
    return SharingGrid(
        tuple(
            (f"{names[role]} {at}" if role in several else names[role], tuple(cells))
            for (role, at), cells in sorted(
                rows.items(), key=lambda row: (list(names).index(row[0][0]), row[0][1])
            )
        ),
        tuple(layers),
        tuple(colors.items()),
    )


def _role(unit: Unit) -> str:
    """Name the row of a unit: its role, of several models in each."""
    return unit.role if unit.model is None else f"{unit.role}.model {unit.model}"


def _short(roles: Sequence[str]) -> dict[str, str]:
    """Shorten roles to their last telling part, or as many parts as keep them apart."""
    parts = {role: [p for p in role.split(".") if p not in ("*", "dense")] for role in roles}
    names = {role: role for role in roles}
    for depth in range(1, 1 + max((len(p) for p in parts.values()), default=0)):
        names = {role: ".".join(p[-depth:]) or role for role, p in parts.items()}
        if len(set(names.values())) == len(names):
            break
    return names
