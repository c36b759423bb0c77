"""Measured against predicted increases of random plans, as a picture."""

from __future__ import annotations

import os
from typing import Protocol

import numpy as np

from geocolor.plotting.canvas import AS_IS, canvas, save_picture, shortened

__all__ = ["Fit", "draw_prediction"]

_POINTS, _FIT = "#4e79a7", "#e15759"


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


def draw_prediction(fit: Fit, path: str | os.PathLike[str], title: str) -> None:
    """Draw plans on logarithmic axes, with the power law fitted to them and 25% around it.

    Parameters
    ----------
    fit : Fit
        What was measured.
    path : path-like
        Where the picture goes: ``.png``, ``.svg`` or ``.pdf``.
    title : str
        What stands above it.

    Raises
    ------
    InputError
        matplotlib is not installed, or the file cannot be written.
    """
    figure, axes = canvas(5.6, 4.6)
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
    axes.set_title(shortened(title, 70), fontsize=10, loc="left", **AS_IS)
    axes.grid(color="#dddddd", lw=0.6, which="both")
    axes.set_axisbelow(True)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    axes.legend(frameon=False, fontsize=8)
    save_picture(figure, path)
