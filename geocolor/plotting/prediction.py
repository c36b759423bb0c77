"""Measured against predicted increases of random plans, as a picture."""

from __future__ import annotations

import os
from typing import Protocol

import numpy as np

from geocolor.plotting.canvas import AS_IS, canvas, key_below, save_picture, shortened

__all__ = ["Fit", "draw_prediction"]

_POINTS, _FIT, _CHOSEN = "#4e79a7", "#e15759", "#e8a33d"


class Fit(Protocol):
    """A power law of predicted increases, and the plans it was fitted to."""

    @property
    def predicted(self) -> tuple[float, ...]:
        """Nats per scored output, of each plan."""

    @property
    def measured(self) -> tuple[float, ...]:
        """Nats per scored output, of each plan."""

    @property
    def factor(self) -> float:
        """Increase to expect where one nat is predicted."""

    @property
    def exponent(self) -> float:
        """Power of the predicted increase that the measured one grows with."""

    def increase(self, predicted: float) -> float:
        """Give the increase to expect where `predicted` nats are."""


def draw_prediction(
    fit: Fit,
    path: str | os.PathLike[str],
    title: str,
    *,
    chosen: tuple[float, float] | None = None,
) -> None:
    """Draw plans on logarithmic axes, with the power law fitted to them and 25% around it.

    Parameters
    ----------
    fit : Fit
        What was measured.
    path : path-like
        Where the picture goes: ``.png``, ``.svg`` or ``.pdf``.
    title : str
        What stands above it.
    chosen : (float, float), optional
        Increases predicted and measured of the plan that was chosen, which is marked where it has a
        place on logarithmic axes.

    Raises
    ------
    InputError
        matplotlib is not installed, or the file cannot be written.
    """
    figure, axes = canvas(5.6, 4.6)
    marked = [] if chosen is None or min(chosen) <= 0 else [chosen]
    predicted = [*fit.predicted, *(across for across, _ in marked)]
    ends = np.geomspace(min(predicted) / 1.2, max(predicted) * 1.2, 50)
    expected = np.array([fit.increase(value) for value in ends.tolist()])
    law = f"{fit.factor:.2f} times predicted$^{{{fit.exponent:.2f}}}$, 25% around it"
    axes.fill_between(ends, expected / 1.25, expected * 1.25, color=_FIT, alpha=0.12, lw=0)
    axes.plot(ends, expected, color=_FIT, lw=1.2, label=law)
    axes.plot(ends, ends, ":", color="gray", lw=1.0, label="as predicted")
    axes.plot(fit.predicted, fit.measured, "o", ms=5, color=_POINTS, label="random plans")
    for across, up in marked:
        axes.plot([across], [up], "D", ms=7, color=_CHOSEN, mec="white", label="the plan chosen")
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlabel("predicted increase (nats)")
    axes.set_ylabel("measured increase (nats)")
    axes.set_title(shortened(title, 70), fontsize=10, loc="left", **AS_IS)
    axes.grid(color="#dddddd", lw=0.6, which="both")
    axes.set_axisbelow(True)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    key_below(axes, 2)
    save_picture(figure, path)
