"""``geocolor bench sharing``: budgets of parameters, ours and solvers of binary programs alone."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from geocolor.cli.console import ProgressLine, say, say_lines
from geocolor.cli.options import JsonOption, QuietOption, seconds
from geocolor.cli.shares import MarkdownOption, SharesOption, listed, shares
from geocolor.errors import InputError
from geocolor.wording import choice_among

if TYPE_CHECKING:
    from geocolor.bench.sharing import SharingRun

__all__ = ["EXAMPLES", "command"]

EXAMPLES = """\b
Examples:
  geocolor bench sharing
  geocolor bench sharing options.json.gz --keep 0.8,0.5 --time-limit 2m
  geocolor bench sharing --solvers ours,highs --json
"""


def command(
    files: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="FILE...",
            help="Sharing options, as geocolor graph --options writes them; default those of "
            "SmolLM2 and MiniLM that come with geocolor.",
        ),
    ] = None,
    keep: SharesOption = "0.9,0.8,0.7,0.6,0.5,0.4,0.3",
    solvers: Annotated[
        str, typer.Option("--solvers", "-s", metavar="NAMES", help="Of ours, highs and cpsat.")
    ] = "ours,highs,cpsat",
    time_limit: Annotated[
        str, typer.Option("--time-limit", "-t", metavar="TIME", help="For a solve: 10s, 2m.")
    ] = "60s",
    threads: Annotated[
        int, typer.Option("--threads", metavar="N", min=1, help="Most of a solve.")
    ] = 2,
    as_markdown: MarkdownOption = False,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Find the cheapest sharing at several budgets, each by every solver, and hold them together.

    HiGHS and CP-SAT get all options at once, without any help of ours. All choices are checked; it
    is an error if two solvers prove different optima. Seconds are from options in memory to the
    answer.
    """
    from geocolor.bench.plaintext import markdown_table, plain_table
    from geocolor.bench.sharing import SHARING_SOLVERS, measure_sharing, own_options

    names, keeps, limit = listed(solvers), shares(keep), seconds(time_limit)
    for name in names:
        if name not in SHARING_SOLVERS:
            raise InputError(f"no solver {name!r}; {choice_among(name, SHARING_SOLVERS)}")
    chosen = files or list(own_options())
    runs: list[SharingRun] = []
    with ProgressLine(quiet=quiet) as line:
        line.update("starting")
        for run in measure_sharing(chosen, keeps, names, time_limit=limit, threads=threads):
            runs.append(run)
            line.update(f"{run.instance} at {run.keep:g}: {run.solver} {run.seconds:.2f} s")
    if as_json:
        say(json.dumps({"runs": [run.to_json() for run in runs]}))
        return
    lay_out = markdown_table if as_markdown else plain_table
    header = ["options", "keep", "parameters", "least cost", *names]
    say_lines(lay_out(header, _rows(runs, names)))


def _rows(runs: Sequence[SharingRun], solvers: Sequence[str]) -> Iterator[list[str]]:
    """Give a row for each budget: seconds where there is a proof, else how far a solver came."""
    cells = {(run.instance, run.keep, run.solver): run for run in runs}
    for instance, keep in dict.fromkeys((run.instance, run.keep) for run in runs):
        row = [cells[instance, keep, name] for name in solvers]
        costs = [run.cost for run in row if run.cost is not None]
        least = f"{min(costs):.7g}" if costs else "-"
        yield [instance, f"{keep:g}", f"{row[0].budget:,}", least, *map(_cell, row)]


def _cell(run: SharingRun) -> str:
    if run.status in ("OPTIMAL", "INFEASIBLE"):
        return f"{run.seconds:.2f} s"
    if run.cost is None:
        return "-"
    bound = "" if run.lower_bound is None else f" > {run.lower_bound:.7g}"
    return f"{run.cost:.7g}{bound}"
