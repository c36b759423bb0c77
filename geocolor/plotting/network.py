"""A conflict graph as a network: classes as colors, hard conflicts as edges."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geocolor.errors import InputError
from geocolor.graph import ConflictGraph
from geocolor.plotting.canvas import AS_IS, canvas, save_picture, shortened, telling
from geocolor.plotting.classes import Classes
from geocolor.plotting.colors import ink
from geocolor.plotting.layout import circle, springs

__all__ = ["MOST_NODES", "draw_network"]

MOST_NODES = 2_000
_EDGE, _BROKEN, _GAIN = "#555555", "#d00000", "#1b7837"
# Edges for each node beyond which springs only make a ball of hair.
_SPRINGS = 20
_NAMED = 40
_SIDE = 7.2  # inches
_LISTED = 16


def draw_network(
    graph: ConflictGraph,
    coloring: ArrayLike | None,
    path: str | os.PathLike[str],
    title: str,
) -> None:
    """Draw nodes in the color of their class, and lines between those in hard conflict.

    Sparse graphs of conflicts alone are laid out by springs; those with weights, or with more than
    20 conflicts a node, on a circle, class by class. Pairs that gain by sharing are green there. A
    hard conflict inside a class, which no valid coloring has, is bright red.

    Parameters
    ----------
    graph : ConflictGraph
        At most 2,000 nodes can be told apart.
    coloring : array_like of int, shape (nodes,), optional
        The class of each node.
    path : path-like
        Where the picture goes: ``.png``, ``.svg`` or ``.pdf``.
    title : str
        What stands above it.

    Raises
    ------
    InputError
        The coloring is of another graph, matplotlib is not installed, or the file cannot be
        written.
    """
    if graph.num_nodes > MOST_NODES:
        raise InputError(
            f"a network of {graph.num_nodes} nodes cannot be told apart: {MOST_NODES} at most; "
            "draw its matrix"
        )
    classes = Classes.of_coloring(graph, coloring)
    conflicts = graph.conflicts.edges()
    values = graph.weights.edge_values()
    gains = graph.weights.edges()[values < 0]
    broken = classes.of[conflicts[:, 0]] == classes.of[conflicts[:, 1]]
    if coloring is None:
        broken[:] = False
    round_ = graph.is_weighted or len(conflicts) > _SPRINGS * graph.num_nodes
    places = circle(classes.of, classes.order) if round_ else springs(graph.num_nodes, conflicts)

    figure, axes = canvas(_SIDE, _SIDE)
    # Fewer lines can be darker; on a circle all of them cross.
    faint = float(np.clip((150 if round_ else 600) / max(len(conflicts), 1), 0.012, 0.5))
    _add_lines(axes, places[conflicts[~broken]], _EDGE, faint, 0.7 if faint > 0.1 else 0.4)
    strong = float(np.clip(400 / max(len(gains), 1), 0.15, 0.9))
    _add_lines(axes, _bent(places[gains]), _GAIN, strong, 1.8)
    _add_lines(axes, places[conflicts[broken]], _BROKEN, 1.0, 1.6)
    faces = [classes.colors[number] for number in classes.of.tolist()]
    # Points of diameter: as much as there is room for on a circle, or in a square.
    room = 1200 / (graph.num_nodes + 20) if round_ else 130 / (graph.num_nodes + 20) ** 0.5
    size = float(np.clip(room, 2.5, 16.0))
    edge = 0.7 if size > 8 else 0.0
    axes.scatter(*places.T, s=size**2, c=faces, edgecolors="white", linewidths=edge, zorder=3)
    axes.set_aspect("equal", adjustable="box" if round_ else "datalim")
    axes.set(xticks=[], yticks=[])
    for spine in axes.spines.values():
        spine.set_visible(False)
    axes.margins(0.04)
    if graph.num_nodes <= _NAMED:
        _add_names(axes, graph, places, faces, round_=round_)
    axes.set_title(shortened(title, 100), fontsize=9, loc="left", **AS_IS)
    _add_legend(
        axes,
        classes if coloring is not None else None,
        [
            (_EDGE, "hard conflict", not broken.all() and len(conflicts) > 0),
            (_BROKEN, "hard conflict inside a class", bool(broken.any())),
            (_GAIN, "gains by sharing", len(gains) > 0),
        ],
    )
    save_picture(figure, path)


def _bent(lines: NDArray[np.float64]) -> NDArray[np.float64]:
    """Bend lines towards the middle, where those between neighbours on a circle can be seen."""
    along = np.linspace(0, 1, 15)[:, None]
    start, end = lines[:, :1], lines[:, 1:]
    middle = 0.3 * (start + end)
    bent = (1 - along) ** 2 * start + 2 * along * (1 - along) * middle + along**2 * end
    return np.asarray(bent)


def _add_lines(
    axes: Any, lines: NDArray[np.float64], color: str, alpha: float, width: float
) -> None:
    from matplotlib.collections import LineCollection

    if len(lines):
        # Many lines as pixels: as curves they would make a file of a hundred megabytes.
        drawn = LineCollection(list(lines), colors=color, alpha=alpha, linewidths=width)
        drawn.set_rasterized(len(lines) > 5_000)
        axes.add_collection(drawn)


def _add_names(
    axes: Any,
    graph: ConflictGraph,
    places: NDArray[np.float64],
    faces: list[str],
    *,
    round_: bool,
) -> None:
    """Write short names on the nodes, long ones beside them."""
    names = [shortened(name, 30) for name in telling(graph)]
    longest = max(map(len, names), default=0)
    if longest <= 3:
        for name, place, face in zip(names, places.tolist(), faces, strict=True):
            axes.text(*place, name, ha="center", va="center", fontsize=7, color=ink(face), **AS_IS)
        return
    for name, (x, y) in zip(names, places.tolist(), strict=True):
        if round_:
            angle, left = float(np.degrees(np.arctan2(y, x))), x < 0
            axes.text(
                1.09 * x, 1.09 * y, name, rotation=angle + 180 * left, fontsize=6.5,
                rotation_mode="anchor", ha="right" if left else "left", va="center", **AS_IS,
            )  # fmt: skip
        else:
            axes.annotate(
                name, (x, y), (0, 10), textcoords="offset points", ha="center", fontsize=6.5,
                annotation_clip=False, **AS_IS,
            )  # fmt: skip
    if round_:
        # Names need their width on both sides, which the circle leaves them.
        width = 0.06 * longest
        reach = 1.13 / (1 - 2 * width / _SIDE)
        axes.set(xlim=(-reach, reach), ylim=(-reach, reach))


def _add_legend(axes: Any, classes: Classes | None, lines: list[tuple[str, str, bool]]) -> None:
    from matplotlib.lines import Line2D

    handles = [Line2D([], [], color=color, lw=1.5, label=text) for color, text, is_ in lines if is_]
    if classes is not None:
        words: dict[tuple[str, int], int] = {}
        for size, color in zip(classes.sizes.tolist(), classes.colors, strict=True):
            words[color, size] = words.get((color, size), 0) + 1
        if len(words) <= _LISTED:
            handles += [
                Line2D([], [], marker="o", ls="", color=color, label=_nodes(size, number))
                for (color, size), number in words.items()
            ]
    if handles:
        axes.legend(
            handles=handles, loc="upper center", bbox_to_anchor=(0.5, 0.0), ncols=4, fontsize=7,
            frameon=False,
        )  # fmt: skip


def _nodes(size: int, classes: int) -> str:
    nodes = "1 node" if size == 1 else f"{size} nodes"
    return f"class of {nodes}" if classes == 1 else f"{classes} classes of {nodes}"
