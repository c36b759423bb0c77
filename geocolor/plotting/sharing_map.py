"""The sharing map: layers by role, colored by sharing class, rank shown."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from geocolor.errors import InputError
from geocolor.io.atomic import atomic_file
from geocolor.sharing import GroupPlan, SharingPlan
from geocolor.units import Unit

__all__ = ["draw_sharing_map"]

_DENSE = "#d9d9d9"
_PRIVATE = "#ffffff"
_NARROW = "#d5e8d4"
# Classes that share get one of these; a class keeps its color wherever its members are.
_PALETTE = (
    "#4e79a7", "#f28e2b", "#59a14f", "#e15759", "#b07aa1", "#76b7b2", "#edc948", "#ff9da7",
    "#9c755f", "#a0cbe8", "#ffbe7d", "#8cd17d", "#f1a7a9", "#d4a6c8", "#499894", "#b6992d",
    "#d37295", "#d7b5a6", "#86bcb6", "#79706e",
)  # fmt: skip


def draw_sharing_map(
    plan: SharingPlan, units: Sequence[Unit], path: str | os.PathLike[str], title: str
) -> None:
    """Draw which layers share, and write a PNG.

    A cell is a matrix: gray is dense, white is private low rank, pale green is around a hidden
    layer that was narrowed, any other color is a sharing class. The number is the rank, or the
    hidden units that stay; an equals sign marks a tied matrix. Several models have a row each for
    every role.

    Parameters
    ----------
    plan : SharingPlan
        What to draw.
    units : sequence of Unit
        All units.
    path : path-like
        Where the PNG goes.
    title : str
        What stands above it.

    Raises
    ------
    InputError
        matplotlib is not installed, or the file cannot be written.
    """
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
        from matplotlib.patches import Patch, Rectangle
    except ImportError as error:
        raise InputError("matplotlib is not installed: pip install 'geocolor[plot]'") from error

    roles = list(dict.fromkeys(_row(unit) for unit in units))
    names = _role_names(roles)
    layers = sorted({unit.layer for unit in units})
    group_of = {member: group for group in plan.groups for member in group.members}
    shared = plan.shared_groups
    colors = {group: _PALETTE[i % len(_PALETTE)] for i, group in enumerate(shared)}
    plain = {"dense": _DENSE, "narrow": _NARROW, "basis": _PRIVATE}

    figure = Figure(figsize=(2.2 + 0.42 * len(layers), 1.5 + 0.42 * len(roles)), dpi=140)
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    for unit in units:
        group = group_of[unit.name]
        x, y = layers.index(unit.layer), roles.index(_row(unit))
        face = colors.get(group) or plain.get(group.form, _PRIVATE)
        axes.add_patch(Rectangle((x - 0.47, y - 0.47), 0.94, 0.94, fc=face, ec="#999999", lw=0.5))
        axes.text(x, y, _mark(group), ha="center", va="center", fontsize=6.5, color=_ink(face))
    axes.set_xlim(-0.6, len(layers) - 0.4)
    axes.set_ylim(len(roles) - 0.4, -0.6)
    axes.set_xticks(range(len(layers)), [str(layer) for layer in layers], fontsize=7)
    axes.set_yticks(range(len(roles)), [names[role] for role in roles], fontsize=8)
    axes.set_xlabel("layer", fontsize=8)
    axes.tick_params(length=0)
    for spine in axes.spines.values():
        spine.set_visible(False)
    axes.set_title(title, fontsize=10, loc="left")
    sharing = sum(len(group.members) for group in shared)
    legend: list[Any] = [
        Patch(fc=_DENSE, ec="#999999", label="dense"),
        Patch(fc=_PRIVATE, ec="#999999", label="low rank of its own (number: rank)"),
        Patch(fc=_NARROW, ec="#999999", label="narrowed (number: hidden units that stay)"),
        Patch(
            fc=_PALETTE[0],
            ec="#999999",
            label=f"one color, one class: {len(shared)} classes share, {sharing} matrices",
        ),
    ]
    axes.legend(
        handles=legend,
        loc="upper center",
        bbox_to_anchor=(0.5, -0.55 / (0.42 * len(roles))),
        ncols=2,
        fontsize=7,
        frameon=False,
    )
    with atomic_file(path) as file:
        figure.savefig(file, format="png", bbox_inches="tight")


def _row(unit: Unit) -> str:
    """Name the row of a unit: its role, of several models in each."""
    return unit.role if unit.model is None else f"{unit.role}.model {unit.model}"


def _role_names(roles: Sequence[str]) -> dict[str, str]:
    """Shorten roles to their last telling part, or as many parts as keep them apart."""
    parts = {role: [p for p in role.split(".") if p not in ("*", "dense")] for role in roles}
    names = dict.fromkeys(roles, "")
    for depth in range(1, 1 + max(len(p) for p in parts.values())):
        names = {role: ".".join(p[-depth:]) or role for role, p in parts.items()}
        if len(set(names.values())) == len(roles):
            break
    return names


def _mark(group: GroupPlan) -> str:
    return {"dense": "", "tied": "="}.get(group.form, str(group.rank))


def _ink(face: str) -> str:
    red, green, blue = (int(face[i : i + 2], 16) for i in (1, 3, 5))
    return "#000000" if 0.299 * red + 0.587 * green + 0.114 * blue > 130 else "#ffffff"
