"""Budgets of parameters on the command line: from a file of options to answers and their proofs."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from geocolor.cli.console import ProgressLine, note, say_lines
from geocolor.cli.outputs import require_apart
from geocolor.errors import InputError
from geocolor.interrupts import held_back

if TYPE_CHECKING:
    from geocolor.io import Limits
    from geocolor.solvers.budgeted import SharingResult, Steps

__all__ = [
    "PICTURES",
    "TABLES",
    "Telling",
    "answer",
    "members",
    "points_of",
    "require_output",
    "summary",
    "table",
]

PICTURES = (".png", ".svg", ".pdf")
TABLES = (".csv", ".json")
_COLUMNS = ["budget", "parameters", "cost", "bound", "status", "groups", "shared"]


@dataclass(frozen=True)
class Telling:
    """How a command tells its results.

    Attributes
    ----------
    text : callable
        What people read on standard output.
    rows : callable
        What a ``.csv`` has, header and all.
    """

    text: Callable[[Sequence[SharingResult]], str]
    rows: Callable[[Sequence[SharingResult]], list[list[str]]]


def answer(
    file: Path,
    budgets: Sequence[int] | None,
    points: int,
    *,
    limit: float | None,
    limits: Limits,
    telling: Telling,
    as_json: bool,
    output: Path | None,
    quiet: bool,
) -> None:
    """Solve for budgets, write what is asked for and tell the rest.

    Parameters
    ----------
    file : Path
        Of options.
    budgets : sequence of int, or None
        None for as many as `points`.
    points : int
    limit : float or None
        Seconds for all.
    limits : Limits
        What the file may ask for.
    telling : Telling
    as_json : bool
        Print one JSON object instead.
    output : Path or None
        See :func:`require_output`.
    quiet : bool
        Show no progress.
    """
    from geocolor.io.frontier import FRONTIER_FORMAT, FRONTIER_VERSION
    from geocolor.io.sharing_options import read_options
    from geocolor.solvers import StopReason
    from geocolor.solvers.budgeted import Steps, frontier

    options = read_options(file, limits=limits)
    # Ctrl-C ends the work, and takes nothing from what comes after it.
    with held_back():
        with ProgressLine(quiet=quiet, limit=limit) as line:
            done = 0

            def show(result: SharingResult) -> None:
                nonlocal done
                done += 1
                line.update(f"{done} points, the last {result.status}")

            results = frontier(options, budgets, points=points, time_limit=limit, on_progress=show)
        steps = Steps.of(options)
        record = {
            "format": FRONTIER_FORMAT,
            "version": FRONTIER_VERSION,
            "options_hash": options.fingerprint,
            "units": list(options.units),
            "points": [_point(result, steps) for result in results],
        }
        try:
            if output is not None:
                _write(output, results, telling, record, str(file))
                if not quiet:
                    note(f"written {output}")
        finally:  # a full disk must not swallow the answer as well
            say_lines(json.dumps(record, allow_nan=False) if as_json else telling.text(results))
        if any(result.stop_reason is StopReason.INTERRUPT for result in results):
            note("interrupted; the points reached are above")
            raise typer.Exit(130)


def require_output(output: Path, file: Path, suffixes: Sequence[str]) -> None:
    """Refuse before the work what could not be written after it, or only over the options."""
    from geocolor.io.atomic import require_writable

    suffix = output.suffix.lower()
    if suffix not in suffixes:
        raise InputError(f"{output}: write {', '.join(suffixes[:-1])} or {suffixes[-1]}")
    if suffix in PICTURES:
        from geocolor.plotting.canvas import require_picture

        require_picture(output)
    require_writable(output)
    require_apart((output,), (file,))


def _point(result: SharingResult, steps: Steps) -> dict[str, Any]:
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
        "certificate": _certificate(result, steps),
    }


def _certificate(result: SharingResult, steps: Steps) -> dict[str, Any] | None:
    """Give the prices that bound the cost, in whole numbers that anybody can add up."""
    if result.bound is None:
        return None
    return {
        "unit_prices": result.bound.units.tolist(),
        "size_price": result.bound.size,
        "step": steps.unit,
        "grain": steps.grain,
    }


def points_of(results: Sequence[SharingResult]) -> list[list[str]]:
    """Give a row for each budget, under a header."""
    rows = [_COLUMNS]
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


def table(results: Sequence[SharingResult]) -> str:
    """Give a line for each budget."""
    rows = points_of(results)
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(text.rjust(width) for text, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )


def members(results: Sequence[SharingResult]) -> list[list[str]]:
    """Give a row for each unit, of one budget: its name, its option and the form of that."""
    (result,) = results
    options = result.problem.options
    holder = {unit: at for at in result.chosen or () for unit in options.groups[at]}
    rows = [
        [options.units[unit], str(at), options.forms[at]] for unit, at in sorted(holder.items())
    ]
    return [["unit", "option", "form"], *rows]


def summary(results: Sequence[SharingResult]) -> str:
    """Say in a few lines what one budget came to."""
    (result,) = results
    options = result.problem.options
    rows = [("status", f"{result.status.value} ({result.stop_reason.value.lower()})")]
    if result.chosen is not None:
        groups = [options.groups[at] for at in result.chosen]
        shared = sum(len(group) > 1 for group in groups)
        rows += [
            ("cost", f"{result.cost:.10g}"),
            ("parameters", f"{result.size:,} of {result.problem.budget:,}"),
            ("groups", f"{len(groups)}, {shared} of several units"),
        ]
    if result.lower_bound is not None:
        gap = "" if result.gap is None else f" (gap {100 * result.gap:.2f}%)"
        rows.append(("bound", f"{result.lower_bound:.10g}{gap}"))
    rows.append(("time", f"{result.runtime:.2f} s"))
    return "\n".join(f"{name:<10} {value}" for name, value in rows)


def _write(
    output: Path,
    results: Sequence[SharingResult],
    telling: Telling,
    record: dict[str, Any],
    title: str,
) -> None:
    from geocolor.io.atomic import atomic_file
    from geocolor.io.table import table_text

    suffix = output.suffix.lower()
    if suffix in PICTURES:
        from geocolor.plotting.frontier import FrontierPoint, draw_frontier
        from geocolor.solvers import Status

        points = [
            FrontierPoint(each.size, each.cost, each.lower_bound, each.gap == 0)
            for each in results
            if each.size is not None and each.cost is not None
        ]
        none = [each.problem.budget for each in results if each.status is Status.INFEASIBLE]
        draw_frontier(points, output, title, infeasible=none)
        return
    if suffix == ".csv":
        text = table_text(telling.rows(results))
    else:
        text = json.dumps(record, allow_nan=False).encode() + b"\n"
    with atomic_file(output) as file:
        file.write(text)
