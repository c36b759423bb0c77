"""Measured against predicted increases of random plans, as a PNG."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import numpy as np

from geocolor.errors import InputError
from geocolor.io.atomic import atomic_file

if TYPE_CHECKING:
    from geocolor.compression.prediction import PredictionFit

__all__ = ["draw_prediction"]

_POINTS, _FIT = "#4e79a7", "#e15759"


def draw_prediction(fit: PredictionFit, path: str | os.PathLike[str], title: str) -> None:
    """Draw plans on logarithmic axes, with the power law fitted to them and 25% around it.

    Parameters
    ----------
    fit : PredictionFit
        What was measured.
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
    except ImportError as error:
        raise InputError("matplotlib is not installed: pip install 'geocolor[plot]'") from error

    figure = Figure(figsize=(5.6, 4.6), dpi=140)
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    ends = np.geomspace(min(fit.predicted) / 1.2, max(fit.predicted) * 1.2, 50)
    expected = np.array([fit.increase(value) for value in ends.tolist()])
    law = f"{fit.factor:.2f} times predicted$^{{{fit.exponent:.2f}}}$, 25% around it"
    axes.fill_between(ends, expected / 1.25, expected * 1.25, color=_FIT, alpha=0.12, lw=0)
    axes.plot(ends, expected, color=_FIT, lw=1.2, label=law)
    axes.plot(ends, ends, ":", color="gray", lw=1.0, label="as predicted")
    axes.plot(fit.predicted, fit.measured, "o", ms=5, color=_POINTS, label="random plans")
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlabel("predicted increase (nats)")
    axes.set_ylabel("measured increase (nats)")
    axes.set_title(title, fontsize=10, loc="left")
    axes.grid(color="#dddddd", lw=0.6, which="both")
    axes.set_axisbelow(True)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    axes.legend(frameon=False, fontsize=8)
    with atomic_file(path) as file:
        figure.savefig(file, format="png", bbox_inches="tight")
