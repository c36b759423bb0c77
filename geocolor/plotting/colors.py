"""Colors of classes: told apart, the same each time, as many as are needed."""

from __future__ import annotations

import colorsys

import numpy as np
from numpy.typing import NDArray

__all__ = ["class_colors", "ink", "rgb"]

# Tableau's twenty, the strong ones first.
_PALETTE = (
    "#4e79a7", "#f28e2b", "#59a14f", "#e15759", "#b07aa1", "#76b7b2", "#edc948", "#ff9da7",
    "#9c755f", "#a0cbe8", "#ffbe7d", "#8cd17d", "#f1a7a9", "#d4a6c8", "#499894", "#b6992d",
    "#d37295", "#d7b5a6", "#86bcb6", "#79706e",
)  # fmt: skip
# Hues a golden angle apart never come close to each other again.
_GOLDEN = 0.61803398875


def class_colors(count: int) -> list[str]:
    """Give colors, ``#rrggbb``, to so many classes.

    The first twenty are a palette; hues a golden angle apart at three lightnesses follow.

    Examples
    --------
    >>> class_colors(2)
    ['#4e79a7', '#f28e2b']
    """
    return [*_PALETTE[:count], *(_further(at) for at in range(len(_PALETTE), count))]


def _further(at: int) -> str:
    lightness = (0.45, 0.6, 0.75)[at % 3]
    parts = colorsys.hls_to_rgb(at * _GOLDEN % 1.0, lightness, 0.55)
    return "#" + "".join(f"{round(255 * part):02x}" for part in parts)


def rgb(color: str) -> NDArray[np.float64]:
    """Give the parts of ``#rrggbb``, in [0, 1]."""
    return np.array([int(color[at : at + 2], 16) for at in (1, 3, 5)]) / 255


def ink(color: str) -> str:
    """Give black or white, whichever is read on `color`."""
    light = float(rgb(color) @ (0.299, 0.587, 0.114))
    return "#000000" if light > 0.51 else "#ffffff"
