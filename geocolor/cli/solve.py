"""``geocolor solve``: color or partition a saved graph."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from geocolor.cli.compiling import compile_first
from geocolor.cli.console import ProgressLine, note, say, say_lines, watched
from geocolor.cli.options import (
    CapacityOption,
    ColorsOption,
    CostOption,
    EquitableOption,
    FixedOption,
    GraphFile,
    KindOption,
    ListsOption,
    Packing,
    QuietOption,
    SizesOption,
    ask,
    seconds,
)
from geocolor.cli.outputs import require_apart
from geocolor.cli.reading import Reader, reads_a_graph
from geocolor.errors import InputError
from geocolor.interrupts import held_back

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

    from geocolor.graph import ConflictGraph
    from geocolor.io import Limits
    from geocolor.problem import Coloring, Problem
    from geocolor.solvers import SolveResult, TracePoint

__all__ = ["EXAMPLES", "command"]

EXAMPLES = """\b
Examples:
  geocolor solve queen8_8.col
  geocolor solve graph.col.gz --colors 9 --time-limit 2m -o graph.sol
  geocolor solve layers.json --problem partition --colors 8 --json
  geocolor solve layers.json --problem partition --cost normalized --colors 8
  geocolor solve layers.json --problem partition --colors 8 --capacity 40 --sizes sizes.txt
  geocolor solve layers.json --problem correlation --solver cpsat --seed 1
  geocolor solve exams.col --fixed rooms.txt --lists allowed.txt --colors 12
  geocolor solve exams.col --equitable --colors 12
  geocolor solve exams.col --initial yesterday.sol -o today.sol
  geocolor solve large.col --time-limit 12h --checkpoint large.checkpoint -o large.sol
  geocolor solve exams.col --order largest_first.txt --solver first-fit
  geocolor solve options.json.gz --budget 64000000 -o sharing.json

FIXED has lines 'NODE COLOR', LISTS lines 'NODE COLOR COLOR ...', ORDER lines 'NODE', SIZES lines
'NODE SIZE'; nodes go by name (in DIMACS files, numbers from 1), names with blanks or '#' in double
quotes; colors count from 0 as in JSON solutions, and '#' begins a comment. Nodes that ORDER leaves
out come last; SIZES names all.
"""

# Seconds of compiling that somebody who waits will wonder about.
_WORTH_TELLING = 2.0


@reads_a_graph
def command(
    file: GraphFile,
    problem: KindOption = None,
    colors: ColorsOption = None,
    fixed: FixedOption = None,
    lists: ListsOption = None,
    equitable: EquitableOption = False,
    cost: CostOption = None,
    capacity: CapacityOption = None,
    sizes: SizesOption = None,
    initial: Annotated[
        Path | None,
        typer.Option(
            "--initial", metavar="START", help="Solution to start from: .json, .csv, .sol or .txt."
        ),
    ] = None,
    order: Annotated[
        Path | None,
        typer.Option(
            "--order", metavar="ORDER", help="Start from the greedy coloring in this order."
        ),
    ] = None,
    solver: Annotated[
        str,
        typer.Option(
            "--solver", metavar="NAME", help="From 'geocolor solvers', or FILE.py:FUNCTION."
        ),
    ] = "auto",
    time_limit: Annotated[
        str,
        typer.Option("--time-limit", "-t", metavar="TIME", help="Wall clock: 10s, 500ms, 2m, 1h."),
    ] = "10s",
    seed: Annotated[int, typer.Option("--seed", metavar="S", help="Of all random choices.")] = 0,
    workers: Annotated[
        int | None,
        typer.Option("--workers", "-w", metavar="N", help="Threads; default all processors."),
    ] = None,
    budget: Annotated[
        int | None,
        typer.Option(
            "--budget",
            metavar="N",
            help="Of sharing options, in place of a graph: at most N parameters, at least cost.",
        ),
    ] = None,
    checkpoint: Annotated[
        Path | None,
        typer.Option(
            "--checkpoint",
            metavar="FILE",
            help="Keep what is reached in FILE, and go on from it if it is there.",
        ),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object instead of the summary.")
    ] = False,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="OUT",
            help="Solution file: .json for the whole result, .csv for names and colors, .sol or "
            ".txt for the DIMACS form.",
        ),
    ] = None,
    quiet: QuietOption = False,
    *,
    reader: Reader,
) -> None:
    """Color or partition a saved graph.

    Without weights the fewest colors are sought, or a coloring with at most --colors. With
    weights, the least weight inside --colors classes; with negative weights, any number of
    classes. Of sharing options (geocolor graph --options) the cheapest within --budget.
    """
    limit = seconds(time_limit)
    if budget is not None:
        graphs_alone = {
            "--problem": problem,
            "--colors": colors,
            "--fixed": fixed,
            "--lists": lists,
            "--equitable": equitable or None,
            "--cost": cost,
            "--capacity": capacity,
            "--sizes": sizes,
            "--initial": initial,
            "--order": order,
            "--checkpoint": checkpoint,
            "--solver": None if solver == "auto" else solver,
        }
        given = next((name for name, value in graphs_alone.items() if value is not None), None)
        if given is not None:
            raise InputError(f"{given} is for graphs, and --budget for sharing options")
        _within(budget, file, limit, reader.limits, as_json=as_json, output=output, quiet=quiet)
        return
    question_files = (file, fixed, lists, sizes, order)
    _require_outputs(output, checkpoint, question_files, initial)

    from geocolor.cli.results import summary, to_record
    from geocolor.graph.jit import compile_seconds
    from geocolor.solvers import StopReason, solve

    compiled = compile_seconds()
    graph = reader.read(file).graph
    question = ask(
        graph,
        problem,
        colors,
        fixed=fixed,
        lists=lists,
        equitable=equitable,
        cost=cost,
        packing=Packing(capacity, sizes),
        limits=reader.limits,
    )
    start = _start(question, initial, order, reader.limits)
    compile_first(solver, question.kind, quiet=quiet)
    # Ctrl-C ends the solve, and takes nothing from what comes after it.
    with held_back():
        with ProgressLine(quiet=quiet, limit=limit) as line:

            def show(point: TracePoint, coloring: Coloring | None) -> None:
                line.update(_progress(point, coloring))

            result = solve(
                question,
                solver,
                time_limit=limit,
                seed=seed,
                workers=workers,
                initial=start,
                checkpoint=checkpoint,
                on_progress=show,
            )
        record = to_record(result, graph)
        written = False
        try:
            written = _write(output, record)
        finally:  # a full disk must not swallow the answer as well
            say_lines(_json(record) if as_json else summary(result))
            if written and not as_json:
                say(f"written    {output}")
        if watched(quiet=quiet):
            _tell_of_compiling(compile_seconds() - compiled)
        if result.stop_reason is StopReason.INTERRUPT:
            note(_interrupted(result, written))
            raise typer.Exit(130)


def _within(
    budget: int,
    file: Path,
    limit: float | None,
    limits: Limits,
    *,
    as_json: bool,
    output: Path | None,
    quiet: bool,
) -> None:
    """Solve sharing options for one budget."""
    from geocolor.cli.budgeted import TABLES, Telling, answer, members, require_output, summary

    if output is not None:
        require_output(output, file, TABLES)
    answer(
        file,
        [budget],
        1,
        limit=limit,
        limits=limits,
        telling=Telling(summary, members),
        as_json=as_json,
        output=output,
        quiet=quiet,
    )


def _start(
    question: Problem, initial: Path | None, order: Path | None, limits: Limits
) -> ArrayLike | None:
    if initial is not None and order is not None:
        raise InputError("--initial and --order both say where to start; give one of them")
    if initial is not None:
        return _initial(initial, question.graph, limits)
    return None if order is None else _ordered(question, order, limits)


def _ordered(question: Problem, path: Path, limits: Limits) -> NDArray[np.int32] | None:
    from geocolor.io import read_order
    from geocolor.problem import ColoringProblem
    from geocolor.solvers.greedy import greedy_coloring

    if not isinstance(question, ColoringProblem) or question.is_restricted:
        raise InputError("--order is for colorings without --fixed and --lists")
    graph = question.graph
    colors = greedy_coloring(graph.conflicts, read_order(path, graph, limits))
    used = int(colors.max(initial=-1)) + 1
    if used > question.max_colors:
        note(f"greedy in the order of {path} needs {used} classes, so it is no start")
        return None
    return colors


def _initial(path: Path, graph: ConflictGraph, limits: Limits) -> NDArray[np.int64]:
    from geocolor.io import read_solution

    colors = read_solution(path, limits).colors_of(graph)
    if colors is None:
        raise InputError(f"{path} holds no coloring to start from")
    return colors


def _require_outputs(
    output: Path | None, checkpoint: Path | None, read: Sequence[Path | None], initial: Path | None
) -> None:
    """Refuse before the work what could not, or must not, be written after it."""
    from geocolor.io.atomic import require_writable
    from geocolor.io.solution import require_solution_name

    if output is not None:
        require_solution_name(output)
        require_writable(output)
    if checkpoint is not None:
        require_writable(checkpoint)
    require_apart((output,), read)  # a better solution may well replace that which it began with
    require_apart((checkpoint,), (*read, initial, output))


def _progress(point: TracePoint, coloring: Coloring | None) -> str:
    parts = []
    if point.objective is not None:
        parts.append(f"best {point.objective:.8g}")
    if coloring is not None:
        parts.append(f"classes {coloring.num_colors}")
    if point.lower_bound is not None:
        parts.append(f"bound {point.lower_bound:.8g}")
    return "  ".join(parts)


def _tell_of_compiling(spent: float) -> None:
    if spent > _WORTH_TELLING:
        note(
            f"compiling kernels took {spent:.1f} s of this; they are kept for the next solve"
            " where a cache can be written"
        )


def _write(output: Path | None, record: dict[str, Any]) -> bool:
    """Write the solution where one was asked for and can be; whether it was."""
    if output is None:
        return False
    if record["colors"] is None and output.suffix.lower() != ".json":
        note(f"no coloring, so {output} is not written")
        return False
    from geocolor.io import write_solution

    write_solution(output, record)
    return True


def _interrupted(result: SolveResult, written: bool) -> str:
    if result.coloring is None:
        return "interrupted before any coloring was found"
    where = "was written" if written else "is the answer above"
    return f"interrupted; the best coloring so far {where}"


def _json(record: dict[str, Any]) -> str:
    import json

    return json.dumps(record, allow_nan=False)
