"""What all pictures of matplotlib have in common: a canvas, a file, names as they are."""

from __future__ import annotations

import os
import warnings
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from geocolor.errors import InputError
from geocolor.graph import ConflictGraph
from geocolor.io.atomic import atomic_file, require_writable

__all__ = [
    "AS_IS",
    "DPI",
    "canvas",
    "key_below",
    "require_picture",
    "save_picture",
    "shortened",
    "telling",
]

DPI = 140
# Names of users may hold dollars, which are no formulas.
AS_IS = {"parse_math": False}
_FORMATS = {".png": {}, ".svg": {"Date": None}, ".pdf": {"CreationDate": None}}
_MISSING = "matplotlib is not installed: pip install 'geocolor[plot]'"


def require_picture(path: str | os.PathLike[str]) -> None:
    """Refuse early what :func:`save_picture` could not write.

    Raises
    ------
    InputError
        The name is of no picture, its folder cannot be written, or matplotlib is not installed.
    """
    _format_of(path)
    if find_spec("matplotlib") is None:
        raise InputError(_MISSING)
    require_writable(path)


def canvas(width: float, height: float) -> tuple[Any, Any]:
    """Make a figure, in inches, and its axes; no window and no state of pyplot is touched.

    Raises
    ------
    InputError
        matplotlib is not installed.
    """
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as error:
        raise InputError(_MISSING) from error
    figure = Figure(figsize=(width, height), dpi=DPI)
    FigureCanvasAgg(figure)
    return figure, figure.add_subplot()


def key_below(axes: Any, columns: int) -> None:
    """Put the key below the axes, where none of its marks can be taken for data."""
    height = axes.get_position().height * axes.figure.get_figheight()
    axes.legend(
        loc="upper center",
        bbox_to_anchor=(0.5, -0.5 / height),
        ncols=columns,
        fontsize=8,
        frameon=False,
    )


def save_picture(figure: Any, path: str | os.PathLike[str]) -> None:
    """Write a figure by its suffix; the same figure gives the same bytes.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        What was drawn.
    path : path-like
        A ``.png``, ``.svg`` or ``.pdf`` file, which appears whole or not at all.

    Raises
    ------
    InputError
        The name is of no picture, or the file cannot be written.
    """
    from matplotlib import rc_context

    suffix = _format_of(path)
    with warnings.catch_warnings(), rc_context({"svg.hashsalt": "geocolor"}):
        # What a font has no sign for is drawn as a box.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        with atomic_file(path) as file:
            figure.savefig(
                file, format=suffix[1:], bbox_inches="tight", metadata=_FORMATS[suffix] or None
            )


def shortened(name: str, most: int) -> str:
    """Keep both ends of a long name, and put what cannot be printed into signs that can."""
    shown = "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in name)
    if len(shown) <= most:
        return shown
    head = (most - 1) // 3
    return f"{shown[:head]}\N{HORIZONTAL ELLIPSIS}{shown[head + 1 - most :]}"


def telling(graph: ConflictGraph) -> list[str]:
    """Give the names of nodes without the dotted path of names that all of them begin with.

    A number is no such name: 0.25 stays whole.
    """
    names = [graph.label(node) for node in range(graph.num_nodes)]
    if len(names) < 2:
        return names
    parts = [name.split(".") for name in names]
    shared = zip(*(path[:-1] for path in parts), strict=False)
    ends = (at for at, each in enumerate(shared) if len({*each}) > 1 or not each[0].isidentifier())
    common = next(ends, min(map(len, parts)) - 1)
    return [".".join(path[common:]) for path in parts]


def _format_of(path: str | os.PathLike[str]) -> str:
    suffix = Path(path).suffix.lower()
    if suffix not in _FORMATS:
        raise InputError(f"{path}: a picture is written as {', '.join(_FORMATS)}")
    return suffix
