"""``geocolor bench heads``: group a model's attention heads, each group's cost being computed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from geocolor.cli.calibrated import (
    LengthOption,
    SeedOption,
    WindowsOption,
    reporter,
    settle_torch,
)
from geocolor.cli.compiling import compile_first
from geocolor.cli.console import ProgressLine, note, say, say_lines
from geocolor.cli.options import JsonOption, QuietOption, seconds
from geocolor.cli.shares import ModelTextOption
from geocolor.errors import InputError

if TYPE_CHECKING:
    from geocolor.problem import Coloring
    from geocolor.solvers import TracePoint

__all__ = ["EXAMPLES", "command"]

EXAMPLES = """\b
Examples:
  geocolor bench heads smollm2 --keep 0.8
  geocolor bench heads smollm2 --keep 0.8,0.6,0.4 --reach 3 --time-limit 10m --json
  geocolor bench heads ./mine --calibration wiki.txt --time-limit 2m
  geocolor bench heads smollm2 --keep 0.8 --graph smollm2_heads_keep0.8.json.gz
"""


def command(
    model: Annotated[
        str,
        typer.Argument(metavar="MODEL", help="smollm2, out of its package, or a local folder."),
    ],
    keep: Annotated[
        str, typer.Option("--keep", metavar="SHARES", help="Budgets that give the prices.")
    ] = "0.8",
    reach: Annotated[
        int, typer.Option("--reach", metavar="N", min=0, help="Layers between heads merged.")
    ] = 2,
    time_limit: Annotated[
        str,
        typer.Option("--time-limit", "-t", metavar="TIME", help="Of each solver, at each price."),
    ] = "10m",
    seed: SeedOption = 0,
    calibration: ModelTextOption = None,
    windows: WindowsOption = 48,
    length: LengthOption = 256,
    cache: Annotated[
        Path, typer.Option("--cache", metavar="DIR", help="Converted models, texts, curvature.")
    ] = Path(".cache"),
    graph: Annotated[
        Path | None,
        typer.Option(
            "--graph",
            metavar="OUT",
            help="Only value pairs, and write them as a graph: .json or .json.gz.",
        ),
    ] = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Group attention heads on shared bases at a price per parameter.

    The value of every group is computed from curvature. Greedy agglomeration is compared with the
    solver for such costs, on the same pairs of heads, and with a lower bound. With --graph, pairs
    alone are valued and written.
    """
    limit = seconds(time_limit)
    keeps = _shares(keep)
    if graph is not None:
        _require_graph(graph, keeps)
    settle_torch()
    for solver in () if graph is not None else ("agglomeration", "oracle"):
        compile_first(solver, "group-partition", quiet=quiet)
    from geocolor.bench.models.head_units import heads_of
    from geocolor.bench.models.heads import group_heads, head_graph, table
    from geocolor.bench.models.subject import chosen_subject

    with ProgressLine(quiet=quiet) as line:
        line.update("reading the model and its texts")
        given = [] if calibration is None else [calibration]
        subject = chosen_subject(model, calibration, given, cache)
        heads = heads_of(
            subject,
            windows,
            length,
            keeps,
            cache,
            reporter(line),
        )
        if graph is not None:
            from geocolor.io import write

            made = head_graph(heads, keeps[0], reach=reach, on_progress=reporter(line))
            write(made, graph)
            gains = int((made.weights.edge_values() < 0).sum())
            say(
                f"{graph}: {made.num_nodes} heads, {made.weights.num_edges} priced pairs "
                f"({gains} gain by sharing), {made.conflicts.num_edges} hard conflicts"
            )
            return

        def show(point: TracePoint, _: Coloring | None) -> None:
            if point.objective is not None:
                line.update(f"{point.objective:.6f} after {point.time:.0f} s")

        found = []
        for share in keeps:
            grouping = group_heads(
                heads, share, reach=reach, time_limit=limit, seed=seed, on_progress=show
            )
            found.append(grouping)
            if not quiet:
                note(f"keep {share:g}: {grouping.search.value:.6f}, {grouping.better:.2f}% better")
    if as_json:
        say(json.dumps({"model": subject.name, "prices": [f.to_json() for f in found]}))
    else:
        say_lines(table(found))


def _require_graph(path: Path, keeps: list[float]) -> None:
    from geocolor.io import require_graph_name
    from geocolor.io.atomic import require_writable

    if len(keeps) > 1:
        raise InputError(f"a graph has one price: give --graph one --keep, not {len(keeps)}")
    require_graph_name(path)
    require_writable(path)


def _shares(text: str) -> list[float]:
    try:
        shares = [float(part) for part in text.split(",") if part.strip()]
    except ValueError:
        shares = []
    if not shares or not all(0 < share < 1 for share in shares):
        raise InputError(f"--keep takes shares in (0, 1) such as 0.8,0.6, not {text!r}")
    return shares
