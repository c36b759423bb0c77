"""A conflict graph as a matrix, its nodes ordered by class."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geocolor.errors import InputError
from geocolor.graph import ConflictGraph
from geocolor.plotting.canvas import AS_IS, canvas, save_picture, shortened, telling
from geocolor.plotting.classes import Classes
from geocolor.plotting.colors import rgb

__all__ = ["MOST_NODES", "draw_matrix"]

MOST_NODES = 4_000
_CONFLICT, _BROKEN, _NOTHING = "#7f7f7f", "#d00000", "#ffffff"
# So many nodes have their names beside the matrix.
_NAMED = 60
# Weights beyond this share of their kind have its last color: a few would pale all others.
_SHOWN = 98
_PIXELS = 1_000
# Of the darkness of a pair, what is left of it among others that are white.
_VISIBLE = 0.5
_COSTS, _GAINS = "#b2182b", "#2166ac"


def draw_matrix(
    graph: ConflictGraph,
    coloring: ArrayLike | None,
    path: str | os.PathLike[str],
    title: str,
) -> None:
    """Draw all pairs of nodes: hard conflicts gray, costs red, gains blue, classes framed.

    Nodes are ordered by class, the largest class first, so that what a class costs and gains is in
    its frame on the diagonal. A hard conflict inside a class, which no valid coloring has, is
    bright red.

    Parameters
    ----------
    graph : ConflictGraph
        At most 4,000 nodes.
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
    from matplotlib.patches import Patch, Rectangle

    if graph.num_nodes > MOST_NODES:
        raise InputError(
            f"a matrix of {graph.num_nodes} nodes is too large to be drawn: {MOST_NODES} at most"
        )
    classes = Classes.of_coloring(graph, coloring)
    ends = _ends(graph)
    image = _colored(graph, classes, ends)
    rows, columns = _placed(graph.conflicts.edges(), classes)
    inside = classes.of[classes.order[rows]] == classes.of[classes.order[columns]]
    broken = inside & (coloring is not None)
    for among, color in ((~broken, _CONFLICT), (broken, _BROKEN)):
        image[rows[among], columns[among]] = rgb(color)

    count = graph.num_nodes
    named = 0 < count <= _NAMED
    side = float(np.clip(0.17 * count, 3.5, 8.5))
    figure, axes = canvas(side + (1.2 if named else 0.0), side)
    if count:
        edge = (-0.5, count - 0.5)
        axes.imshow(_reduced(image), extent=(*edge, *edge[::-1]), interpolation="nearest")
    starts = classes.starts.tolist()
    if coloring is not None:
        width = 1.2 if len(classes.colors) < 40 else 0.6
        for start, end, color in zip(starts, starts[1:], classes.colors, strict=False):
            place = (start - 0.5, start - 0.5)
            axes.add_patch(
                Rectangle(place, end - start, end - start, fill=False, ec=color, lw=width)
            )
            strip = Rectangle((-0.5 - 0.022 * count, start - 0.5), 0.016 * count, end - start)
            strip.set(fc=color, lw=0, clip_on=False)
            axes.add_patch(strip)
    axes.set_title(shortened(title, 110), fontsize=9, loc="left", **AS_IS)
    axes.set_xticks([])
    known = telling(graph) if named else []
    names = [shortened(known[node], 34) for node in classes.order.tolist()] if named else []
    axes.set_yticks(range(len(names)), names, fontsize=min(7.0, 420 / max(count, 1)), **AS_IS)
    axes.tick_params(length=0, pad=9)
    for spine in axes.spines.values():
        spine.set(color="#cccccc", lw=0.6)
    if any(ends):
        _add_scale(figure, axes, _scale(ends))
    keys = [(_CONFLICT, "hard conflict", len(rows) > broken.sum()),
            (_BROKEN, "hard conflict inside a class", broken.any())]  # fmt: skip
    handles = [Patch(fc=color, label=text) for color, text, there in keys if there]
    if handles:
        axes.legend(
            handles=handles, loc="upper left", bbox_to_anchor=(0.0, -0.01), ncols=2, fontsize=7,
            frameon=False, borderaxespad=0.0, handlelength=1.0,
        )  # fmt: skip
    save_picture(figure, path)


def _reduced(image: NDArray[np.float32]) -> NDArray[np.float32]:
    """Put several pairs into one pixel where there are too many: their mean, a lone one visible."""
    step = -(-len(image) // _PIXELS)
    if step == 1:
        return image
    rest = -len(image) % step
    dark = np.pad(1 - image, ((0, rest), (0, rest), (0, 0)))
    side = len(dark) // step
    blocks = dark.reshape(side, step, side, step, 3)
    mean, most = blocks.mean(axis=(1, 3)), blocks.max(axis=(1, 3))
    return np.asarray(1 - np.maximum(mean, _VISIBLE * most), dtype=np.float32)


def _placed(
    edges: NDArray[np.int32], classes: Classes
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Give rows and columns of pairs, in both directions."""
    place = np.empty_like(classes.order)
    place[classes.order] = np.arange(len(place))
    first, second = place[edges[:, 0]], place[edges[:, 1]]
    return np.concatenate([first, second]), np.concatenate([second, first])


def _ends(graph: ConflictGraph) -> tuple[float, float]:
    """Give the cost and the gain that have the last colors; 0 where there is none."""
    values = graph.weights.edge_values()
    cost, gain = (
        float(np.percentile(kind, _SHOWN)) if len(kind) else 0.0
        for kind in (values[values > 0], -values[values < 0])
    )
    return cost, gain


def _scale(ends: tuple[float, float]) -> Any:
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import LinearSegmentedColormap, Normalize, TwoSlopeNorm

    # Costs and gains have a scale each: what is gained is often a hundredth of what may be lost.
    norm: Any = Normalize(-ends[1], ends[0])
    if all(ends):
        norm = TwoSlopeNorm(vmin=-ends[1], vcenter=0.0, vmax=ends[0])
    shades = [*([_GAINS] if ends[1] else []), _NOTHING, *([_COSTS] if ends[0] else [])]
    return ScalarMappable(norm, LinearSegmentedColormap.from_list("weights", shades))


def _colored(
    graph: ConflictGraph, classes: Classes, ends: tuple[float, float]
) -> NDArray[np.float32]:
    shape = (graph.num_nodes, graph.num_nodes)
    if not any(ends):
        return np.ones((*shape, 3), dtype=np.float32)
    # As shares of their ends: float32, which is half the memory, holds no 1e39.
    cost, gain = ends
    values = np.clip(graph.weights.edge_values(), -gain, cost)
    values /= np.where(values > 0, cost or 1.0, gain or 1.0)
    weights = np.zeros(shape, dtype=np.float32)
    weights[_placed(graph.weights.edges(), classes)] = np.concatenate([values, values])
    colors = _scale((float(cost > 0), float(gain > 0))).to_rgba(weights, bytes=True)[..., :3]
    return np.asarray(colors / 255, dtype=np.float32)


def _add_scale(figure: Any, axes: Any, scale: Any) -> None:
    low, high = scale.norm.vmin < 0, scale.norm.vmax > 0
    extend = "both" if low and high else "min" if low else "max"
    bar = figure.colorbar(scale, ax=axes, fraction=0.035, pad=0.02, extend=extend)
    bar.ax.tick_params(labelsize=7)
    bar.set_label("weight of a pair: gains below 0, costs above", fontsize=7)
    bar.outline.set_visible(False)
