"""``geocolor bench promptness``: whether solvers end by their limit, and by Ctrl-C."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from geocolor.cli.compiling import compile_first
from geocolor.cli.console import ProgressLine, say, say_lines
from geocolor.cli.options import JsonOption, QuietOption, seconds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from geocolor.bench.promptness import Promptness, Question
    from geocolor.bench.trial import Instance

__all__ = ["EXAMPLES", "command"]

EXAMPLES = """\b
Examples:
  geocolor bench promptness
  geocolor bench promptness --solvers auto,sat --interrupts 50 --json
  geocolor bench promptness coloring partition --interrupts 0 --time-limit 1s

\b
Every solve is in one process. Two clocks tell how long a solver went on after its limit and after
Ctrl-C: the wall, which a busy machine stretches, and the processor time of the process since then.
"""


def command(
    sources: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[PATH]...",
            help="Suites, folders, globs, files; default random problems of all kinds and sizes.",
        ),
    ] = None,
    solvers: Annotated[
        str | None,
        typer.Option("--solvers", "-s", metavar="A,B,...", help="Default all that are built in."),
    ] = None,
    time_limit: Annotated[
        str,
        typer.Option("--time-limit", "-t", metavar="TIME", help="Of the solves that end by it."),
    ] = "2s",
    interrupts: Annotated[
        int,
        typer.Option(
            "--interrupts", metavar="N", min=0, help="Ctrl-C for each solver and problem."
        ),
    ] = 5,
    threads: Annotated[
        int, typer.Option("--threads", metavar="N", min=1, help="Threads of each solver.")
    ] = 1,
    nodes: Annotated[
        int | None,
        typer.Option("--most-nodes", metavar="N", min=1, help="Leave larger problems out."),
    ] = None,
    seed: Annotated[
        int, typer.Option("--seed", metavar="S", min=0, help="Of the moments of Ctrl-C.")
    ] = 0,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Measure how long solvers go on after their time limit and after Ctrl-C.

    Each solver works on each problem that it takes: once up to the limit, then until Ctrl-C comes
    at a random moment. An incumbent is kept if it is as good as the best reported by then.
    """
    limit = seconds(time_limit)
    from geocolor.bench.promptness import QUESTIONS, measure
    from geocolor.bench.suites import collect
    from geocolor.solvers import SOLVERS

    asked: Sequence[Question | Instance] = collect(sources) if sources else QUESTIONS
    if nodes is not None:
        asked = [each for each in asked if each.nodes <= nodes]
    names = list(SOLVERS) if solvers is None else [name.strip() for name in solvers.split(",")]
    for name in names:
        compile_first(name, quiet=quiet)
    found = []
    with ProgressLine(quiet=quiet) as line:
        for each in measure(
            names, asked, limit=limit, interrupts=interrupts, threads=threads, seed=seed
        ):
            found.append(each)
            line.update(f"{each.solver} on {each.name} ({each.kind})")
    if as_json:
        say(json.dumps({"limit": limit, "rows": [asdict(each) for each in found]}))
    else:
        say_lines(_table(found))


def _table(found: Sequence[Promptness]) -> str:
    from geocolor.bench.plaintext import plain_table

    header = (
        "solver",
        "kind",
        "problem",
        "ended by",
        "over, wall",
        "over, cpu",
        "kept",
        "Ctrl-C, wall",
        "Ctrl-C, cpu",
    )
    rows = [
        (
            each.solver,
            each.kind,
            each.name,
            each.reason,
            f"{each.wall:.2f}",
            f"{each.cpu:.2f}",
            f"{each.kept} of {each.interrupts}",
            f"{each.interrupt_wall:.2f}",
            f"{each.interrupt_cpu:.2f}",
        )
        for each in found
    ]
    failures = "".join(
        f"{each.solver} on {each.name} ({each.kind}): {each.message}\n"
        for each in found
        if each.message
    )
    return plain_table(header, rows, left=4) + failures
