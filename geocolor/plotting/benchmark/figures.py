"""Performance profile, cactus plot, anytime curves, and axes for traces."""

from __future__ import annotations

import html
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geocolor.errors import InputError
from geocolor.plotting.benchmark.axes import below, gap_axis, gap_floor, ratio_axis, seconds_axis
from geocolor.plotting.benchmark.looks import Look

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

__all__ = ["draw_anytime", "draw_cactus", "draw_profile", "draw_trace_axes"]


def draw_profile(
    ratios: ArrayLike, shares: Mapping[str, ArrayLike], looks: Mapping[str, Look]
) -> Figure:
    """Draw a performance profile.

    Parameters
    ----------
    ratios : array_like, shape (steps,)
        From 1 up: how many times the fastest solver's time.
    shares : mapping from str to array_like, shape (steps,)
        By solver, the share of instances within each ratio.
    looks : mapping from str to Look
        By solver.

    Returns
    -------
    plotly.graph_objects.Figure
    """
    figure = _figure("time, as a multiple of the fastest solver's", "share of instances")
    x = np.asarray(ratios, dtype=float)
    end = max(2.0, float(x.max(initial=1.0)) * 1.1)
    for name, share in shares.items():
        y = np.asarray(share, dtype=float)
        # Drawn on to the edge: the last share holds for every larger ratio.
        _add_steps(figure, name, looks[name], np.append(x, end), np.append(y, y[-1:]))
    figure.update_traces(hovertemplate="%{y:.0%} within %{x:.3~g} times the fastest")
    figure.update_xaxes(**ratio_axis(end))
    figure.update_yaxes(range=[-0.02, 1.03], tickformat=".0%")
    return figure


def draw_cactus(
    times: Mapping[str, ArrayLike], instances: int, time_limit: float, looks: Mapping[str, Look]
) -> Figure:
    """Draw how many instances are solved within a time.

    Parameters
    ----------
    times : mapping from str to array_like
        By solver, the seconds of the instances it solves, ascending.
    instances : int
        All there are.
    time_limit : float
        Seconds; the right edge, unless answers came in the grace after it.
    looks : mapping from str to Look
        By solver.

    Returns
    -------
    plotly.graph_objects.Figure
    """
    figure = _figure("time for each instance", "instances solved")
    solved = {name: np.asarray(value, dtype=float) for name, value in times.items()}
    first = min((float(value[0]) for value in solved.values() if len(value)), default=time_limit)
    start = below(max(first, time_limit * 1e-6))
    end = max([time_limit, *(float(value[-1]) for value in solved.values() if len(value))])
    for name, value in solved.items():
        x = np.concatenate([[start], np.maximum(value, start), [end]])
        y = np.append(np.arange(len(value) + 1), len(value))
        _add_steps(figure, name, looks[name], x, y)
    figure.update_traces(hovertemplate="%{y} solved within %{x:.3~g} s")
    figure.update_xaxes(**seconds_axis(start, end))
    figure.update_yaxes(range=[-0.02 * instances, 1.03 * instances])
    if instances < 10:
        figure.update_yaxes(dtick=1)
    return figure


def draw_anytime(
    times: ArrayLike,
    gaps: Mapping[str, ArrayLike],
    bands: Mapping[str, tuple[ArrayLike, ArrayLike]],
    looks: Mapping[str, Look],
) -> Figure:
    """Draw the mean gap against time.

    Parameters
    ----------
    times : array_like, shape (points,)
        Seconds, ascending, positive.
    gaps : mapping from str to array_like, shape (points,)
        By solver, 0 to 1. The axis is logarithmic and ends where gaps are too small to matter;
        what lies below is drawn at its foot.
    bands : mapping from str to (low, high)
        By solver; may be empty.
    looks : mapping from str to Look
        By solver.

    Returns
    -------
    plotly.graph_objects.Figure
    """
    figure = _figure("time", "mean gap to the best known")
    x = np.asarray(times, dtype=float)
    drawn = {name: np.asarray(gap, dtype=float) for name, gap in gaps.items()}
    floor = gap_floor(drawn.values())
    for name, (low, high) in bands.items():
        _add_band(figure, name, looks[name], x, np.maximum(low, floor), np.maximum(high, floor))
    for name, gap in drawn.items():
        _add_line(figure, name, looks[name], x, np.maximum(gap, floor))
        figure.data[-1].customdata = gap.tolist()
        figure.data[-1].hovertemplate = "%{customdata:.2%} after %{x:.3~g} s"
    figure.update_xaxes(**seconds_axis(float(x[0]), float(x[-1])))
    figure.update_yaxes(**gap_axis(floor))
    return figure


def draw_trace_axes(time_limit: float, objective: str) -> Figure:
    """Draw the axes that a page fills with the traces of the runs on an instance.

    Parameters
    ----------
    time_limit : float
        Seconds.
    objective : str
        What is minimized, for the axis.

    Returns
    -------
    plotly.graph_objects.Figure
    """
    figure = _figure("time", objective)
    figure.update_xaxes(**seconds_axis(time_limit * 1e-4, time_limit))
    return figure


def _figure(x_title: str, y_title: str) -> Figure:
    try:
        from plotly.graph_objects import Figure
    except ImportError as error:
        raise InputError("plotly is not installed: pip install 'geocolor[bench]'") from error
    axis = {
        "showline": True,
        "ticks": "outside",
        "ticklen": 4,
        "zeroline": False,
        "automargin": True,
    }
    return Figure(
        layout={
            "template": "none",
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "margin": {"l": 56, "r": 26, "t": 12, "b": 44},
            "hovermode": "closest",
            "legend": {"orientation": "h", "y": 1.02, "yanchor": "bottom"},
            "xaxis": {**axis, "title": {"text": html.escape(x_title)}},
            "yaxis": {**axis, "title": {"text": html.escape(y_title)}},
        }
    )


def _add_line(
    figure: Figure, name: str, look: Look, x: NDArray[np.float64], y: NDArray[np.float64]
) -> None:
    figure.add_scatter(
        x=x.tolist(),
        y=y.tolist(),
        mode="lines",
        # plotly reads names as markup of its own.
        name=html.escape(name),
        legendgroup=name,
        line={"color": look["color"], "dash": look["dash"], "width": 2},
    )


def _add_steps(
    figure: Figure, name: str, look: Look, x: NDArray[np.float64], y: NDArray[np.float64]
) -> None:
    _add_line(figure, name, look, x, y)
    figure.data[-1].line.shape = "hv"


def _add_band(
    figure: Figure,
    name: str,
    look: Look,
    x: NDArray[np.float64],
    low: NDArray[np.float64],
    high: NDArray[np.float64],
) -> None:
    red, green, blue = (int(look["color"][at : at + 2], 16) for at in (1, 3, 5))
    figure.add_scatter(
        x=[*x.tolist(), *x[::-1].tolist()],
        y=[*high.tolist(), *low[::-1].tolist()],
        fill="toself",
        fillcolor=f"rgba({red},{green},{blue},0.15)",
        line={"width": 0},
        hoverinfo="skip",
        name=html.escape(name),
        legendgroup=name,
        showlegend=False,
        mode="lines",
    )
