"""A summary as Markdown: a table of solvers, one of instances by solvers, and what failed."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping, Sequence

from geocolor.bench.summary.failures import failure_line, first_of_each_reason
from geocolor.bench.summary.rows import (
    Failure,
    InstanceRow,
    SolverCell,
    SolverRow,
    Summary,
)
from geocolor.wording import counted

__all__ = ["kinds_to_markdown", "to_markdown"]

_NOTE = (
    "Outcomes: how the runs ended. One that failed keeps the answers it had in time, unless it is "
    "wrong or unreadable;\na dash stands where no run has an answer. Reached and proven: instances "
    "on which the median run has the best known\nvalue, or most runs a proof; how many of the runs "
    "in brackets. PAR-2: mean seconds to the proof, twice the limit\nwithout one. Below: medians "
    "over seeds, bold where most runs have a proof, in brackets the median seconds to the best\n"
    "known value, and behind a stroke to the proof."
)


def kinds_to_markdown(summaries: Mapping[str, Summary]) -> str:
    """Give the tables of each kind of problem; below headings where there are several.

    Parameters
    ----------
    summaries : mapping of str to Summary
        By kind.
    """
    if len(summaries) == 1:
        return to_markdown(next(iter(summaries.values())))
    parts = (f"## {kind}\n\n{to_markdown(summary)}" for kind, summary in summaries.items())
    return "\n".join(parts)


def to_markdown(summary: Summary) -> str:
    """Give a summary's tables in Markdown, and why runs failed, to be kept beside the text.

    Parameters
    ----------
    summary : Summary
        Of one kind of problem, best: values of different kinds stand in one column.

    Returns
    -------
    str
        Ends with a line break.
    """
    target = f"; reached is within {100 * summary.target_gap:g}%" if summary.target_gap else ""
    head = (
        f"{counted(summary.runs, 'run')}: {counted(len(summary.instances), 'instance')}, "
        f"{counted(summary.seeds, 'seed')}, "
        f"{summary.time_limit:g} s each{target}"
    )
    missing = f"; {counted(summary.missing, 'run')} missing" if summary.missing else ""
    warnings = "".join(f"\n- {line}" for line in summary.warnings)
    parts = [f"{head}{missing}.", _solvers(summary), _NOTE, _instances(summary)]
    if summary.failures:
        parts.append(_failures(summary.failures))
    return "\n\n".join(parts + ([f"Warnings:\n{warnings}"] if warnings else [])) + "\n"


def _solvers(summary: Summary) -> str:
    cells: dict[str, list[SolverCell]] = {row.solver: [] for row in summary.solvers}
    for instance in summary.instances:
        for cell in instance.cells:
            cells[cell.solver].append(cell)
    return _table(
        [
            "solver",
            "outcomes",
            "reached",
            "proven",
            "PAR-2 proof s",
            "mean gap",
            "median gap",
            "CPU s a run",
        ],
        (_solver(row, cells[row.solver]) for row in summary.solvers),
        left=2,
    )


def _solver(row: SolverRow, cells: Sequence[SolverCell]) -> list[str]:
    reached = sum(cell.time_to_target is not None for cell in cells)
    proven = sum(_mostly_proven(cell) for cell in cells)
    gaps = [cell.gap for cell in cells if cell.gap is not None]
    return [
        row.solver,
        _outcomes(row),
        f"{reached} of {row.instances} ({sum(cell.reached for cell in cells)} of {row.runs})",
        f"{proven} of {row.instances} ({sum(cell.proofs for cell in cells)} of {row.runs})",
        "-" if row.par2_proof.value is None else f"{row.par2_proof.value:.3g}",
        "-" if row.gap.value is None else f"{row.gap.value:.2%}",
        f"{statistics.median(gaps):.2%}" if gaps else "-",
        "-" if row.cpu is None else f"{row.cpu:.3g}",
    ]


def _outcomes(row: SolverRow) -> str:
    ends = [f"{count} {outcome}" for outcome, count in row.outcomes.items()]
    ends += [f"{row.refuted} of them refuted"] if row.refuted else []
    ends += [f"{row.missing} missing"] if row.missing else []
    return ", ".join(ends) or "-"


def _failures(failures: Sequence[Failure]) -> str:
    lines = (
        # As code, since a reason is whatever a solver said.
        f"- {failure_line(one)}" + (f": `{one.reason.replace('`', chr(39))}`" if one.reason else "")
        for one in first_of_each_reason(failures)
    )
    return "\n".join([f"{counted(len(failures), 'run')} failed; each reason once:\n", *lines])


def _instances(summary: Summary) -> str:
    solvers = [row.solver for row in summary.solvers]
    return _table(
        ["instance", "best known", *solvers],
        (_instance(row, solvers) for row in summary.instances),
        left=1,
    )


def _instance(row: InstanceRow, solvers: Sequence[str]) -> list[str]:
    cells = {cell.solver: cell for cell in row.cells}
    best = row.reference.value
    known = "infeasible" if row.reference.infeasible else "-" if best is None else f"{best:.10g}"
    return [row.instance, known, *(_cell(cells.get(solver)) for solver in solvers)]


def _cell(cell: SolverCell | None) -> str:
    if cell is None or cell.median is None:
        return "-"
    value = f"{cell.median:.10g}"
    value = f"**{value}**" if _mostly_proven(cell) else value
    times = [] if cell.time_to_target is None else [f"{cell.time_to_target:.3g}"]
    times += [] if cell.time_to_proof is None else [f"/ {cell.time_to_proof:.3g}"]
    return f"{value} ({' '.join(times)})" if times else value


def _mostly_proven(cell: SolverCell) -> bool:
    return 2 * cell.proofs > cell.runs


def _table(head: Sequence[str], rows: Iterable[Sequence[str]], left: int) -> str:
    rule = ["---"] * left + ["---:"] * (len(head) - left)
    lines = (
        "| " + " | ".join(field.replace("|", r"\|") for field in row) + " |"
        for row in (head, rule, *rows)
    )
    return "\n".join(lines)
