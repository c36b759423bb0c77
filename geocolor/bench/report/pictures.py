"""The figures of a kind of problem, with what they say."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from geocolor.bench.measures import Measured
from geocolor.bench.profiles import Goal, anytime, cactus, performance_profile
from geocolor.bench.report.text import plural
from geocolor.plotting.benchmark import Look, draw_anytime, draw_cactus, draw_profile

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

__all__ = ["Picture", "draw_pictures", "figure_json"]


@dataclass(frozen=True)
class Picture:
    """A figure.

    Attributes
    ----------
    heading, caption : str
    figure : dict
        data and layout for plotly.
    """

    heading: str
    caption: str
    figure: dict[str, Any]


def draw_pictures(measured: Measured, looks: Mapping[str, Look]) -> tuple[Picture, ...]:
    """Draw the figures of the instances that all solvers have runs on; none if there are none."""
    having = tuple(name for name in measured.solvers if measured.by_instance(name))
    if not measured.common(having):
        return ()
    proving = {run.record.solver for run in measured.runs if run.proved}
    provers = tuple(name for name in having if name in proving)
    pictures = [
        _anytime(measured, having, looks),
        _profile(measured, having, looks),
        _cactus(measured, having, looks, "target"),
    ]
    if provers and measured.common(provers):
        pictures.append(_cactus(measured, provers, looks, "proof"))
    return tuple(picture for picture in pictures if picture is not None)


def figure_json(figure: Figure) -> dict[str, Any]:
    """Give a figure as plain JSON values."""
    found: dict[str, Any] = json.loads(figure.to_json())
    return found


def _over(instances: tuple[str, ...]) -> str:
    return f"Over {plural(len(instances), 'instance')}, medians over seeds."


def _anytime(
    measured: Measured, solvers: tuple[str, ...], looks: Mapping[str, Look]
) -> Picture | None:
    curves = anytime(measured, solvers=solvers)
    if not curves.instances:
        return None
    bands = {}
    if curves.low is not None and curves.high is not None:
        ends = zip(curves.low, curves.high, strict=True)
        bands = dict(zip(curves.solvers, ends, strict=True))
    gaps = dict(zip(curves.solvers, curves.gaps, strict=True))
    caption = (
        "Mean gap of the best answer so far; 100% before the first. Lower is better, and so is "
        f"earlier. Over {plural(len(curves.instances), 'instance')} and all seeds"
    )
    caption += "; bands: 95% over seeds." if bands else "; no bands: they need 2 seeds."
    figure = draw_anytime(curves.times, gaps, bands, looks)
    return Picture("Gap over time", caption, figure_json(figure))


def _profile(measured: Measured, solvers: tuple[str, ...], looks: Mapping[str, Look]) -> Picture:
    profile = performance_profile(measured, solvers=solvers)
    shares = dict(zip(profile.solvers, profile.shares, strict=True))
    caption = (
        "Share of instances on which a solver reached the target within so many times the fastest "
        "solver's time. Left edge: how often it was the fastest; right edge: how often it got "
        f"there at all. {_over(profile.instances)}"
    )
    figure = draw_profile(profile.ratios, shares, looks)
    return Picture("Performance profile", caption, figure_json(figure))


def _cactus(
    measured: Measured, solvers: tuple[str, ...], looks: Mapping[str, Look], goal: Goal
) -> Picture:
    curves = cactus(measured, goal, solvers=solvers)
    times = dict(zip(curves.solvers, curves.times, strict=True))
    what = "brought to the target" if goal == "target" else "proved"
    caption = (
        f"Instances {what} if each is given so much time. Higher is better. "
        f"{_over(curves.instances)}"
    )
    if goal == "proof" and len(solvers) < len(measured.solvers):
        caption += " Solvers without any proof are left out."
    limit = measured.campaign.effort.time_limit
    figure = draw_cactus(times, len(curves.instances), limit, looks)
    return Picture(f"Time to {goal}", caption, figure_json(figure))
