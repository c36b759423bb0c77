"""``geocolor frontier``: what sharing costs at every budget, each point proven."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from geocolor.cli.budgeted import (
    PICTURES,
    TABLES,
    Telling,
    answer,
    points_of,
    require_output,
    table,
)
from geocolor.cli.options import (
    MaxBytesOption,
    MaxEdgesOption,
    MaxNodesOption,
    QuietOption,
    limits_of,
    seconds,
)
from geocolor.errors import InputError

__all__ = ["EXAMPLES", "command"]

EXAMPLES = """\b
Examples:
  geocolor frontier options.json
  geocolor frontier options.json -o frontier.png
  geocolor frontier options.json --budget 64000000 --budget 85000000 --json
  geocolor frontier options.json --points 50 --time-limit 2m -o frontier.csv
  geocolor frontier options.json -o frontier.json && geocolor check options.json frontier.json

\b
FILE lists what groups of units may be stored as:
  {"format": "geocolor.options", "version": 1, "units": ["q0", "q1"],
   "options": [[[0], "dense", 0.0, 4096], [[1], "dense", 0.0, 4096], [[0, 1], "tied", 0.5, 4096]]}
"""


def command(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Options: .json, also .json.gz.")],
    budget: Annotated[
        list[int] | None,
        typer.Option("--budget", metavar="N", help="Parameters in all; may be given often."),
    ] = None,
    points: Annotated[
        int,
        typer.Option("--points", metavar="N", help="Budgets to try, at most, where none is given."),
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
    limit = seconds(time_limit)
    if points < 1:
        raise InputError(f"at least one point is needed, not {points}")
    if output is not None:
        require_output(output, file, (*PICTURES, *TABLES))
    answer(
        file,
        budget or None,
        points,
        limit=limit,
        limits=limits_of(max_nodes, max_edges, max_bytes),
        telling=Telling(table, points_of),
        as_json=as_json,
        output=output,
        quiet=quiet,
    )
