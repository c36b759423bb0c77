"""Colors of classes: told apart, the same each time, as many as are needed."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["ALONE", "DENSE", "NARROW", "PRIVATE", "class_colors", "ink", "rgb"]

# What shares nothing: nodes alone in their class, and matrices as they were, around narrower hidden
# layers, and of a low rank of their own.
ALONE, DENSE, NARROW, PRIVATE = "#c4c4c4", "#d9d9d9", "#d5e8d4", "#ffffff"
# Of Tableau's twenty those that are far apart, the strong ones first.
_FIRST = (
    "#4e79a7", "#f28e2b", "#59a14f", "#e15759", "#b07aa1", "#76b7b2", "#edc948", "#ff9da7",
    "#9c755f", "#a0cbe8", "#ffbe7d",
)  # fmt: skip
# Of CIE Lab: neither dark nor pale, neither gray nor shrill.
_LIGHTNESS, _CHROMA = (35, 85), (18, 70)
# Linear sRGB to CIE XYZ, each row over the white of D65 (IEC 61966-2-1).
_XYZ = np.array(
    [[0.412456, 0.357576, 0.180438], [0.212673, 0.715152, 0.072175], [0.019334, 0.119192, 0.950304]]
)
_XYZ /= _XYZ.sum(axis=1, keepdims=True)


def class_colors(count: int) -> list[str]:
    """Give colors, ``#rrggbb``, to so many classes.

    The first eleven are a palette. Each further one is, of some 2,500, the farthest in CIE Lab from
    all before it and from the colors of what shares nothing (farthest-first traversal: Gonzalez,
    Theoretical Computer Science 38, 1985). Beyond those colors repeat.

    Complexity: a distance to each of the 2,500 for each color.

    Examples
    --------
    >>> class_colors(2)
    ['#4e79a7', '#f28e2b']
    """
    known = [*_FIRST, *_farthest_first(count - len(_FIRST))]
    return [known[at % len(known)] for at in range(count)]


def _farthest_first(count: int) -> list[str]:
    if count <= 0:
        return []
    levels = np.arange(0, 256, 15)
    grid = np.stack(np.meshgrid(levels, levels, levels), axis=-1).reshape(-1, 3)
    places = _lab(grid / 255)
    lightness, chroma = places[:, 0], np.hypot(places[:, 1], places[:, 2])
    usable = (_LIGHTNESS[0] <= lightness) & (lightness <= _LIGHTNESS[1])
    usable &= (_CHROMA[0] <= chroma) & (chroma <= _CHROMA[1])
    grid, places = grid[usable], places[usable]
    taken = _lab([rgb(color) for color in (*_FIRST, ALONE, DENSE, NARROW, PRIVATE)])
    near = np.linalg.norm(places[:, None] - taken, axis=2).min(axis=1)
    chosen = []
    for _ in range(min(count, len(grid))):
        farthest = int(near.argmax())
        chosen.append("#" + "".join(f"{part:02x}" for part in grid[farthest].tolist()))
        near = np.minimum(near, np.linalg.norm(places - places[farthest], axis=1))
    return chosen


def _lab(colors: ArrayLike) -> NDArray[np.float64]:
    """Give lightness, green to red, blue to yellow of colors in sRGB (CIE 15, D65)."""
    parts = np.asarray(colors, dtype=np.float64)
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    bent = linear @ _XYZ.T
    bent = np.where(bent > 216 / 24389, np.cbrt(bent), (24389 / 27 * bent + 16) / 116)
    x, y, z = np.moveaxis(bent, -1, 0)
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1)


def rgb(color: str) -> NDArray[np.float64]:
    """Give the parts of ``#rrggbb``, in [0, 1]."""
    return np.array([int(color[at : at + 2], 16) for at in (1, 3, 5)]) / 255


def ink(color: str) -> str:
    """Give black or white, whichever is read on `color`."""
    light = float(rgb(color) @ (0.299, 0.587, 0.114))
    return "#000000" if light > 0.51 else "#ffffff"
