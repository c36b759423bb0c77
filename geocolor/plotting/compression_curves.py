"""What compression costs, as plotly figures: predicted against measured, and loss by budget.

Text and axes have no color of their own, so that a page can dress them light or dark.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import TYPE_CHECKING

from geocolor.errors import InputError
from geocolor.plotting.benchmark import Look, solver_looks

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

__all__ = ["CompressionPoint", "draw_agreement", "draw_losses"]

_GRID = "rgba(128,128,128,0.25)"


@dataclass(frozen=True)
class CompressionPoint:
    """A compressed model.

    Attributes
    ----------
    preset : str
    keep : float
        Share of the parameters kept.
    seed : int
        Of the calibration.
    predicted, measured : float
        Increase of the loss, in nats per scored output.
    """

    preset: str
    keep: float
    seed: int
    predicted: float
    measured: float


def draw_agreement(points: Sequence[CompressionPoint]) -> Figure:
    """Draw measured against predicted increases, with the line on which they are equal.

    Parameters
    ----------
    points : sequence of CompressionPoint
        Of one model.

    Returns
    -------
    plotly.graph_objects.Figure
    """
    # A logarithmic axis has no place for nothing.
    shown = [point for point in points if point.predicted > 0 and point.measured > 0]
    figure = _figure("predicted increase (nats)", "measured increase (nats)")
    _add_markers(figure, shown, [point.predicted for point in shown])
    values = [value for point in shown for value in (point.predicted, point.measured)]
    ends = [min(values, default=1.0), max(values, default=1.0)]
    line = {"color": "gray", "dash": "dot", "width": 1}
    figure.add_scatter(x=ends, y=ends, mode="lines", line=line, name="equal", hoverinfo="skip")
    figure.update_xaxes(type="log")
    figure.update_yaxes(type="log")
    return figure


def draw_losses(points: Sequence[CompressionPoint]) -> Figure:
    """Draw the measured increase over the share of parameters kept.

    Parameters
    ----------
    points : sequence of CompressionPoint
        Of one model; the line of a preset goes through the means over seeds.

    Returns
    -------
    plotly.graph_objects.Figure
    """
    figure = _figure("share of the shareable parameters kept", "measured increase (nats)")
    _add_markers(figure, points, [point.keep for point in points])
    losses: dict[str, dict[float, list[float]]] = defaultdict(lambda: defaultdict(list))
    for point in sorted(points, key=lambda point: point.keep):
        losses[point.preset][point.keep].append(point.measured)
    for preset, look in _looks(points).items():
        figure.add_scatter(
            x=list(losses[preset]),
            y=[fmean(values) for values in losses[preset].values()],
            mode="lines",
            line={"color": look["color"], "dash": look["dash"], "width": 1.5},
            showlegend=False,
            hoverinfo="skip",
        )
    least = min((point.keep for point in points), default=0.0)
    figure.update_xaxes(tickformat=".0%", range=[1.0, least - 0.05])
    figure.update_yaxes(rangemode="tozero")
    return figure


def _looks(points: Sequence[CompressionPoint]) -> dict[str, Look]:
    return solver_looks(list(dict.fromkeys(point.preset for point in points)))


def _add_markers(figure: Figure, points: Sequence[CompressionPoint], x: Sequence[float]) -> None:
    """One trace a preset, so that the legend can hide it."""
    for preset, look in _looks(points).items():
        own = [(at, point) for at, point in zip(x, points, strict=True) if point.preset == preset]
        figure.add_scatter(
            x=[at for at, _ in own],
            y=[point.measured for _, point in own],
            mode="markers",
            name=preset,
            marker={"color": look["color"], "symbol": look["symbol"], "size": 9},
            customdata=[[point.keep, point.seed, point.predicted] for _, point in own],
            hovertemplate=(
                "keep %{customdata[0]:.0%}, seed %{customdata[1]}<br>"
                "predicted %{customdata[2]:.3f}, measured %{y:.3f}"
            ),
        )


def _figure(x: str, y: str) -> Figure:
    try:
        from plotly.graph_objects import Figure
    except ImportError as error:
        raise InputError("plotly is not installed: pip install 'geocolor[bench]'") from error
    axis = {"gridcolor": _GRID, "zeroline": False, "automargin": True}
    return Figure(
        layout={
            "template": "none",
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "margin": {"l": 56, "r": 12, "t": 12, "b": 44},
            "legend": {"orientation": "h", "y": 1.02, "yanchor": "bottom"},
            "xaxis": {**axis, "title": {"text": x}},
            "yaxis": {**axis, "title": {"text": y}},
        }
    )
