"""The table of solvers: columns, what they mean, and which value a test lets stand out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from geocolor.bench.report.text import DASH
from geocolor.bench.summary import PairRow, SolverRow, Statistic, Summary

__all__ = ["Cell", "Column", "Verdict", "build_verdict"]

_LEVEL = 0.05


@dataclass(frozen=True)
class Column:
    """A column of figures.

    Attributes
    ----------
    heading : str
    meaning : str
        For the reader who asks.
    descending : bool
        Whether more is better, so that sorting begins with the largest.
    """

    heading: str
    meaning: str
    descending: bool = False


@dataclass(frozen=True)
class Cell:
    """A figure of a solver.

    Attributes
    ----------
    text, interval : str
        Interval is empty if there is none.
    order : float or None
        What the column is sorted by.
    best : bool
        Whether it is better than every other solver's, by the paired tests.
    """

    text: str
    interval: str = ""
    order: float | None = None
    best: bool = False


@dataclass(frozen=True)
class Verdict:
    """The table.

    Attributes
    ----------
    columns : tuple of Column
    rows : tuple of (SolverRow, tuple of Cell)
    """

    columns: tuple[Column, ...]
    rows: tuple[tuple[SolverRow, tuple[Cell, ...]], ...]


_Write = Callable[[float], str]
_Entry = tuple[Column, Callable[[SolverRow], Statistic], _Write, str]


def build_verdict(summary: Summary) -> Verdict:
    """Lay out the solvers of a summary."""
    entries = _entries(summary)
    columns = [column for column, *_ in entries]
    columns += [
        Column("CPU, s", "Mean processor seconds of a run, with everything before the clock."),
        Column("Memory, MB", "Most memory that the processes of any run were seen to hold."),
    ]
    rows = []
    for row in summary.solvers:
        cells = [
            _statistic(of(row), write, _beats_all(row.solver, test, summary))
            for _, of, write, test in entries
        ]
        cells.append(Cell(DASH if row.cpu is None else f"{row.cpu:.2f}", order=row.cpu))
        memory = row.peak_memory or None
        cells.append(Cell(f"{memory / 1e6:.0f}" if memory else DASH, order=memory))
        rows.append((row, tuple(cells)))
    return Verdict(tuple(columns), tuple(rows))


def _tenths(share: float) -> str:
    return f"{100 * share:.1f}"


def _hundredths(share: float) -> str:
    return f"{100 * share:.2f}"


def _entries(summary: Summary) -> list[_Entry]:
    def seconds(value: float) -> str:
        return f"{value:.{3 if summary.time_limit < 10 else 2}f}"

    target = "the best known value"
    if summary.target_gap:
        target += f" + {100 * summary.target_gap:g}%"
    limit = f"{summary.time_limit:g} s"
    entries: list[_Entry] = [
        (
            Column("Reached, %", f"Share of runs that reached {target}.", True),
            lambda row: row.reached,
            _tenths,
            "",
        ),
        (
            Column(
                "Proved, %",
                "Share of runs that ended with a proof: of optimality, or that there is no "
                "answer. Proofs that an answer contradicts do not count.",
                True,
            ),
            lambda row: row.proofs,
            _tenths,
            "",
        ),
        (
            Column(
                "Mean gap, %",
                "Distance of the final answer to the best known value, relative to the larger "
                "of the two; 100% without an answer.",
            ),
            lambda row: row.gap,
            _hundredths,
            "gap",
        ),
        (
            Column(
                "Primal integral, %",
                f"Gap averaged over the time limit of {limit}; 100% before the first answer. "
                "It rewards good answers that come early.",
            ),
            lambda row: row.primal_integral,
            _hundredths,
            "primal_integral",
        ),
        (
            Column(
                "Time to target, s",
                f"Geometric mean, shifted by 1 s, of the time until {target} was reached; twice "
                f"the limit ({2 * summary.time_limit:g} s) where it was not.",
            ),
            lambda row: row.time_to_target,
            seconds,
            "time_to_target",
        ),
        (
            Column("PAR-2, s", "The same times, averaged plainly."),
            lambda row: row.par2_target,
            seconds,
            "",
        ),
    ]
    if any(row.proofs.value for row in summary.solvers):
        entries.append(
            (
                Column(
                    "PAR-2 proof, s",
                    "Mean time to a proof; twice the limit without one.",
                ),
                lambda row: row.par2_proof,
                seconds,
                "",
            )
        )
    return entries


def _statistic(statistic: Statistic, write: _Write, best: bool) -> Cell:
    if statistic.value is None:
        return Cell(DASH)
    interval = statistic.interval
    ends = "" if interval is None else f"{write(interval.low)} to {write(interval.high)}"
    return Cell(write(statistic.value), ends, statistic.value, best)


def _beats_all(solver: str, measure: str, summary: Summary) -> bool:
    """Whether a solver is significantly better than each other one, in a measure that is tested."""
    others = [row.solver for row in summary.solvers if row.solver != solver]
    pairs = [pair for pair in summary.pairs if pair.measure == measure]
    return bool(others) and all(_better(solver, other, pairs) for other in others)


def _better(solver: str, other: str, pairs: Sequence[PairRow]) -> bool:
    for pair in pairs:
        if {pair.first, pair.second} == {solver, other}:
            ahead = pair.test.mean < 0 if pair.first == solver else pair.test.mean > 0
            return ahead and pair.p_adjusted is not None and pair.p_adjusted < _LEVEL
    return False
