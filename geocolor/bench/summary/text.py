"""A summary as text for a terminal; the same text when piped."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from geocolor.bench.measures import Reference
from geocolor.bench.plaintext import plain_table
from geocolor.bench.record import Outcome
from geocolor.bench.summary.failures import failure_line, first_of_each_reason
from geocolor.bench.summary.rows import Failure, InstanceRow, PairRow, SolverRow, Statistic, Summary
from geocolor.wording import counted

__all__ = ["to_text"]

# Comparisons shown: those that tell something, within these numbers.
_FEWEST_PAIRS, _MOST_PAIRS, _TELLING = 3, 30, 0.1
_MOST_FAILURES = 10
_NOTE = (
    "Each solver over the instances it takes; in brackets 95% intervals over seeds.\n"
    "Times in seconds. PAR-2: a run without success counts twice the time limit; geo. target: the\n"
    "same times to the target in the geometric mean, shifted by 1 s. MB: the most of any run.\n"
)


def to_text(summary: Summary) -> str:
    """Give the tables of a summary as plain text.

    Parameters
    ----------
    summary : Summary

    Returns
    -------
    str
        Ends with a line break; no colors, as wide as it needs to be.
    """
    target = "the reference"
    if summary.target_gap:
        target += f" + {100 * summary.target_gap:g}%"
    parts = [
        f"{counted(summary.runs, 'run')}, {counted(summary.seeds, 'seed')}, "
        f"time limit {summary.time_limit:g} s, "
        f"target {target}\n",
        # The longest first, so that what matters most stays on the screen.
        _instances(summary.instances),
        _quality(summary.solvers),
        _effort(summary.solvers),
        _NOTE,
    ]
    if summary.pairs:
        parts.append(_pairs(summary.pairs))
    if summary.failures:
        parts.append(_told(summary.failures))
    if summary.warnings:
        parts.append("Warnings:\n" + "".join(f"  {line}\n" for line in summary.warnings))
    return "\n".join(parts)


def _figure(value: float | None, digits: int = 4) -> str:
    """Write a figure to so many digits; a dash for none."""
    return "-" if value is None else f"{value:.{digits}g}"


def _with_interval(statistic: Statistic, scale: float = 1.0, digits: int = 3) -> str:
    if statistic.value is None:
        return "-"
    text = _figure(scale * statistic.value, digits)
    if statistic.interval is None:
        return text
    low, high = (
        _figure(scale * end, digits) for end in (statistic.interval.low, statistic.interval.high)
    )
    return f"{text} [{low}, {high}]"


def _quality(rows: Iterable[SolverRow]) -> str:
    return plain_table(
        ["solver", "instances", "runs", "reached %", "proofs %", "gap %", "primal integral"],
        (
            [
                row.solver,
                str(row.instances),
                str(row.runs),
                _with_interval(row.reached, 100),
                _with_interval(row.proofs, 100),
                _with_interval(row.gap, 100),
                _with_interval(row.primal_integral),
            ]
            for row in rows
        ),
    )


def _effort(rows: Iterable[SolverRow]) -> str:
    return plain_table(
        ["solver", "PAR-2 target", "PAR-2 proof", "geo. target", "cpu", "MB", "not solved"],
        (
            [
                row.solver,
                _with_interval(row.par2_target),
                _with_interval(row.par2_proof),
                _with_interval(row.time_to_target),
                _figure(row.cpu, 3),
                f"{row.peak_memory / 1e6:.0f}",
                _failures(row),
            ]
            for row in rows
        ),
    )


def _failures(row: SolverRow) -> str:
    found = [
        f"{count} {outcome}"
        for outcome, count in row.outcomes.items()
        if outcome is not Outcome.SOLVED
    ]
    found += [f"{row.refuted} of them refuted"] if row.refuted else []
    return ", ".join(found + [f"{row.missing} missing"] * bool(row.missing))


def _instances(rows: Iterable[InstanceRow]) -> str:
    return plain_table(
        ["instance", "reference", "", "solver", "best", "median", "reached", "proofs", "target s"],
        (
            [
                row.instance,
                "infeasible" if row.reference.infeasible else _figure(row.reference.value, 10),
                _standing(row.reference),
                cell.solver,
                _figure(cell.best, 10),
                _figure(cell.median, 10),
                f"{cell.reached}/{cell.runs}",
                f"{cell.proofs}/{cell.runs}",
                _figure(cell.time_to_target, 3),
            ]
            for row in rows
            for cell in row.cells
        ),
        left=4,
    )


def _standing(reference: Reference) -> str:
    if reference.infeasible:
        return f"says {reference.by}"
    return "proven" if reference.proven else str(reference.source)


def _told(failures: Sequence[Failure]) -> str:
    """Give each reason of a solver once, with the first run that had it."""
    lines = [f"  {failure_line(one)}: {one.reason}" for one in first_of_each_reason(failures)]
    more = len(lines) - _MOST_FAILURES
    rest = (
        [f"  ... and {counted(more, 'more reason')}; the report has them all"] if more > 0 else []
    )
    head = f"{counted(len(failures), 'run')} failed; each reason once:"
    return "\n".join([head, *lines[:_MOST_FAILURES], *rest]) + "\n"


def _pairs(rows: Sequence[PairRow]) -> str:
    ordered = sorted(rows, key=lambda row: 2.0 if row.p_adjusted is None else row.p_adjusted)
    telling = [row for row in ordered if row.p_adjusted is not None and row.p_adjusted <= _TELLING]
    shown = ordered[: max(_FEWEST_PAIRS, min(len(telling), _MOST_PAIRS))]
    table = plain_table(
        ["measure", "first", "second", "instances", "first - second", "p", "p (Holm)", "note"],
        (
            [
                row.measure,
                row.first,
                row.second,
                str(row.test.pairs),
                f"{row.test.mean:+.3g}",
                _figure(row.test.p_value, 3),
                _figure(row.p_adjusted, 3),
                row.test.note,
            ]
            for row in shown
        ),
        left=3,
    )
    rest = len(rows) - len(shown)
    if rest:
        table += f"and {counted(rest, 'more comparison')}; the report has them all\n"
    return (
        "Over the instances that both took, below 0 the first is better (time_to_target: the\n"
        "logarithm of the times' ratio); sign-flip tests, the most certain first:\n" + table
    )
