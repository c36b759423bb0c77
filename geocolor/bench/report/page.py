"""The page put together."""

from __future__ import annotations

import os
from dataclasses import dataclass

from geocolor import __version__
from geocolor.bench.measures import Measured, measure
from geocolor.bench.report.facts import gather_facts
from geocolor.bench.report.pairs import Matrix, build_matrices
from geocolor.bench.report.pictures import Picture, draw_pictures, figure_json
from geocolor.bench.report.runs import page_data
from geocolor.bench.report.text import duration
from geocolor.bench.report.verdict import Verdict, build_verdict
from geocolor.bench.results import Results
from geocolor.bench.summary import Summary, summarise
from geocolor.bench.summary.caveats import find_warnings
from geocolor.errors import InputError
from geocolor.io.atomic import atomic_file, require_writable
from geocolor.plotting.benchmark import Look, draw_trace_axes, solver_looks
from geocolor.plotting.html import base_style, content_policy, page_environment

__all__ = ["write_report"]

_OBJECTIVES = {
    "coloring": "number of classes",
    "equitable": "number of classes",
    "partition": "weight inside classes",
    "group-partition": "cost of the classes",
    "correlation": "weight inside classes",
}
_STYLE = "report.css"
_SCRIPTS = ("dom.js", "tables.js", "figures.js", "traces.js", "instances.js", "page.js")


@dataclass(frozen=True)
class Part:
    """What is said of the instances of one kind: solvers of different kinds do not compare.

    Attributes
    ----------
    summary : Summary
    kind : str
    verdict : Verdict
    matrices : tuple of Matrix
    pictures : tuple of Picture
    solvers : tuple of str
    """

    summary: Summary
    kind: str
    verdict: Verdict
    matrices: tuple[Matrix, ...]
    pictures: tuple[Picture, ...]
    solvers: tuple[str, ...]


def write_report(
    results: Results, path: str | os.PathLike[str], *, target_gap: float = 0.0
) -> None:
    """Write a campaign as one HTML page that asks for nothing else, from disk or network.

    Parameters
    ----------
    results : Results
        Finished or not.
    path : path-like
        Where it goes; it appears only once complete.
    target_gap : float
        The target is the best known value, worsened by this share of its size.

    Raises
    ------
    InputError
        The target gap is negative, the path cannot be written, or plotly is missing.
    """
    require_writable(path)
    page = _render(results, target_gap)
    with atomic_file(path) as file:
        file.write(page.encode("utf-8"))


def _render(results: Results, target_gap: float) -> str:
    try:
        from plotly.offline import get_plotlyjs
    except ImportError as error:
        raise InputError(f"{error.name} is not installed: pip install 'geocolor[bench]'") from error

    environment = page_environment(__package__)
    environment.filters["duration"] = duration
    environment.policies["json.dumps_kwargs"] = {"separators": (",", ":"), "allow_nan": False}
    style, *sources = (
        environment.loader.get_source(environment, name)[0] for name in (_STYLE, *_SCRIPTS)
    )
    scripts = [get_plotlyjs(), "\n".join(sources)]
    measured = measure(results, target_gap=target_gap)
    looks = solver_looks(measured.solvers)
    parts = tuple(_part(measured.of_kind(kind), looks) for kind in measured.kinds)
    rows = {row.instance: row for part in parts for row in part.summary.instances}
    data = page_data(measured, rows, looks)
    data["figures"] = [picture.figure for part in parts for picture in part.pictures]
    limit = results.campaign.effort.time_limit
    data["traceAxes"] = {
        kind: figure_json(draw_trace_axes(limit, _OBJECTIVES[kind])) for kind in measured.kinds
    }
    return str(
        environment.get_template("report.html.jinja").render(
            facts=gather_facts(results, target_gap),
            campaign=results.campaign,
            measured=measured,
            warnings=find_warnings(measured),
            parts=parts,
            looks=looks,
            generator=f"geocolor {__version__}",
            policy=content_policy(scripts),
            style=base_style() + style,
            scripts=scripts,
            data=data,
        )
    )


def _part(measured: Measured, looks: dict[str, Look]) -> Part:
    records = tuple(run.record for run in measured.runs)
    results = Results(measured.campaign, records)
    summary = summarise(results, target_gap=measured.target_gap)
    return Part(
        summary,
        measured.kinds[0],
        build_verdict(summary),
        build_matrices(summary),
        draw_pictures(measured, looks),
        measured.solvers,
    )
