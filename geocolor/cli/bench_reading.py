"""``geocolor bench reading``: how fast files become graphs, beside networkx and igraph."""

from __future__ import annotations

import json
import tempfile
from dataclasses import asdict
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from geocolor.cli.console import ProgressLine, say, say_lines
from geocolor.cli.options import JsonOption, QuietOption
from geocolor.errors import InputError
from geocolor.wording import choice_among

__all__ = ["EXAMPLES", "command"]

EXAMPLES = """\b
Examples:
  geocolor bench reading
  geocolor bench reading edges csv --repeats 5
  geocolor bench reading --nodes 10000 --edges 50000 --json
"""


def command(
    formats: Annotated[
        list[str] | None, typer.Argument(metavar="FORMAT...", help="Default all that are measured.")
    ] = None,
    nodes: Annotated[
        int, typer.Option("--nodes", metavar="N", min=2, max=2_000_000, help="Of the graph.")
    ] = 20_000,
    edges: Annotated[
        int,
        typer.Option("--edges", metavar="N", min=0, max=50_000_000, help="Beside a path of all."),
    ] = 100_000,
    repeats: Annotated[
        int, typer.Option("--repeats", metavar="N", min=1, help="The best of so many counts.")
    ] = 2,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Read files of a random graph, and say how many megabytes in a second of processor time.

    "listed" is up to what the file lists, "graph" with the graph built; networkx and igraph read
    the same files, where they can.
    """
    from geocolor.bench.reading import CASES, measure, table

    if find_spec("igraph") is None:
        raise InputError("this needs igraph: pip install 'geocolor[bench]'")
    known = list(dict.fromkeys(case.format for case in CASES))
    for name in formats or ():
        if name not in known:
            raise InputError(f"{name!r} is not measured; {choice_among(name, known)}")
    chosen = [case for case in CASES if not formats or case.format in formats]
    speeds = []
    with tempfile.TemporaryDirectory() as folder, ProgressLine(quiet=quiet) as line:
        line.update(chosen[0].title)
        for speed in measure(chosen, Path(folder), nodes=nodes, edges=edges, repeats=repeats):
            speeds.append(speed)
            line.update(f"{len(speeds)} of {len(chosen)}: {speed.title}")
    if as_json:
        say(json.dumps({"speeds": [asdict(speed) for speed in speeds]}))
    else:
        say_lines(table(speeds))
