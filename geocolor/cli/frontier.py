"""``geocolor frontier``: what sharing costs at every budget, each point proven."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from geocolor.cli.console import ProgressLine, note
from geocolor.cli.options import (
    MaxBytesOption,
    MaxEdgesOption,
    MaxNodesOption,
    QuietOption,
    limits_of,
    seconds,
)
from geocolor.errors import InputError
from geocolor.interrupts import held_back

if TYPE_CHECKING:
    from geocolor.solvers.budgeted import SharingResult

__all__ = ["EXAMPLES", "command"]

EXAMPLES = """\b
Examples:
  geocolor frontier options.json
  geocolor frontier options.json -o frontier.png
  geocolor frontier options.json --budget 64000000 --budget 85000000 --json
  geocolor frontier options.json --points 50 --time-limit 2m -o frontier.csv

\b
FILE lists what groups of units may be stored as:
  {"format": "geocolor.options", "version": 1, "units": ["q0", "q1"],
   "options": [[[0], "dense", 0.0, 4096], [[1], "dense", 0.0, 4096], [[0, 1], "tied", 0.5, 4096]]}
"""

_PICTURES = (".png", ".svg", ".pdf")
_COLUMNS = ("budget", "parameters", "cost", "bound", "status", "groups", "shared")


def command(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Options: .json, also .json.gz.")],
    budget: Annotated[
        list[int] | None,
        typer.Option("--budget", metavar="N", help="Parameters in all; may be given often."),
    ] = None,
    points: Annotated[
        int, typer.Option("--points", metavar="N", help="Budgets to try where none is given.")
    ] = 20,
    time_limit: Annotated[
        str,
        typer.Option("--time-limit", "-t", metavar="TIME", help="For all points: 10s, 2m, 1h."),
    ] = "60s",
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object instead of the table.")
    ] = False,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="OUT",
            help="A picture (.png, .svg, .pdf), a table .csv, or all as .json.",
        ),
    ] = None,
    quiet: QuietOption = False,
    max_nodes: MaxNodesOption = None,
    max_edges: MaxEdgesOption = None,
    max_bytes: MaxBytesOption = None,
) -> None:
    """Find the cheapest sharing at every budget, with a proof for each.

    Every unit goes into one option; the options chosen have no more parameters than the budget,
    and cost the least.
    """
    from geocolor.io.sharing_options import read_options
    from geocolor.solvers import StopReason
    from geocolor.solvers.budgeted import frontier

    limit = seconds(time_limit)
    if points < 1:
        raise InputError(f"at least one point is needed, not {points}")
    if output is not None:
        _require_output(output)
    options = read_options(file, limits=limits_of(max_nodes, max_edges, max_bytes))
    # Ctrl-C ends the work, and takes nothing from what comes after it.
    with held_back():
        with ProgressLine(quiet=quiet, limit=limit) as line:
            done = 0

            def show(result: SharingResult) -> None:
                nonlocal done
                done += 1
                line.update(f"{done} points, the last {result.status}")

            results = frontier(
                options, budget or None, points=points, time_limit=limit, on_progress=show
            )
        record = {
            "format": "geocolor.frontier",
            "version": 1,
            "options_hash": options.fingerprint,
            "units": list(options.units),
            "points": [_point(result) for result in results],
        }
        try:
            if output is not None:
                _write(output, results, record, str(file))
                if not quiet:
                    note(f"written {output}")
        finally:  # a full disk must not swallow the answer as well
            typer.echo(json.dumps(record, allow_nan=False) if as_json else _table(results))
        if any(result.stop_reason is StopReason.INTERRUPT for result in results):
            note("interrupted; the points reached are above")
            raise typer.Exit(130)


def _require_output(output: Path) -> None:
    from geocolor.io.atomic import require_writable

    suffix = output.suffix.lower()
    if suffix not in (*_PICTURES, ".csv", ".json"):
        raise InputError(f"{output}: write {', '.join(_PICTURES)}, .csv or .json")
    if suffix in _PICTURES:
        from geocolor.plotting.canvas import require_picture

        require_picture(output)
    require_writable(output)


def _point(result: SharingResult) -> dict[str, Any]:
    options = result.problem.options
    chosen = None
    if result.chosen is not None:
        chosen = [
            {
                "option": at,
                "units": [options.units[unit] for unit in options.groups[at]],
                "form": options.forms[at],
                "cost": float(options.costs[at]),
                "parameters": int(options.sizes[at]),
            }
            for at in result.chosen
        ]
    return {
        "budget": result.problem.budget,
        "status": result.status.value,
        "stop_reason": result.stop_reason.value,
        "cost": result.cost,
        "parameters": result.size,
        "lower_bound": result.lower_bound,
        "gap": result.gap,
        "price": result.price,
        "runtime": result.runtime,
        "chosen": chosen,
    }


def _rows(results: Sequence[SharingResult]) -> list[list[str]]:
    rows = []
    for each in results:
        groups = [each.problem.options.groups[at] for at in each.chosen or ()]
        rows.append(
            [
                str(each.problem.budget),
                "" if each.size is None else str(each.size),
                "" if each.cost is None else f"{each.cost:.8g}",
                "" if each.lower_bound is None else f"{each.lower_bound:.8g}",
                each.status.value,
                "" if each.chosen is None else str(len(groups)),
                "" if each.chosen is None else str(sum(len(group) > 1 for group in groups)),
            ]
        )
    return rows


def _table(results: Sequence[SharingResult]) -> str:
    rows = [list(_COLUMNS), *_rows(results)]
    widths = [max(len(row[i]) for row in rows) for i in range(len(_COLUMNS))]
    return "\n".join(
        "  ".join(text.rjust(width) for text, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )


def _write(
    output: Path, results: Sequence[SharingResult], record: dict[str, Any], title: str
) -> None:
    from geocolor.io.atomic import atomic_file

    suffix = output.suffix.lower()
    if suffix in _PICTURES:
        from geocolor.plotting.frontier import FrontierPoint, draw_frontier

        points = [
            FrontierPoint(each.size, each.cost, each.lower_bound, each.gap == 0)
            for each in results
            if each.size is not None and each.cost is not None
        ]
        draw_frontier(points, output, title)
        return
    text = io.StringIO()
    if suffix == ".csv":
        csv.writer(text, lineterminator="\n").writerows([_COLUMNS, *_rows(results)])
    else:
        text.write(json.dumps(record, allow_nan=False) + "\n")
    with atomic_file(output) as file:
        file.write(text.getvalue().encode())
