"""One look a solver, wherever it is drawn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict

__all__ = ["Look", "solver_looks"]

# Okabe and Ito's colors, told apart by color-blind readers, less black and yellow: one of them
# is lost on a dark page, the other on a white one.
_COLORS = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#8c8c8c")
_DASHES = ("solid", "dash", "dot", "dashdot")
_SYMBOLS = ("circle", "square", "diamond", "triangle-up", "cross")


class Look(TypedDict):
    """How a solver is drawn, wherever it is drawn."""

    color: str
    dash: str
    symbol: str


def solver_looks(solvers: Sequence[str]) -> dict[str, Look]:
    """Give each solver a color, with dashes and markers as a second cue.

    The lists have no common divisor, so 28 solvers differ in color or dash.

    Parameters
    ----------
    solvers : sequence of str
        All solvers of a campaign, in its order.

    Returns
    -------
    dict from str to Look
    """
    return {
        name: Look(
            color=_COLORS[i % len(_COLORS)],
            dash=_DASHES[i % len(_DASHES)],
            symbol=_SYMBOLS[i % len(_SYMBOLS)],
        )
        for i, name in enumerate(solvers)
    }
