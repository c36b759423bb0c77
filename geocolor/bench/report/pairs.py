"""The matrices of tests between solvers, one a measure."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from geocolor.bench.summary import PairRow, Summary

__all__ = ["Duel", "Matrix", "build_matrices"]

_LEVEL = 0.05
_MINUS = "\N{MINUS SIGN}"


@dataclass(frozen=True)
class Duel:
    """The solver of the row against the solver of the column.

    Attributes
    ----------
    verdict : str
        better, worse or even (nothing shown).
    difference : str
        Mean difference, in words of the measure.
    p : str
        Adjusted p-value.
    note : str
        All of it in a sentence.
    """

    verdict: str
    difference: str
    p: str
    note: str


@dataclass(frozen=True)
class Matrix:
    """All pairs in one measure.

    Attributes
    ----------
    heading, meaning : str
    rows : tuple of (str, tuple of Duel or None)
        None where a solver meets itself, or no instance has runs of both.
    weak : str
        What samples are too small to show, if any is.
    """

    heading: str
    meaning: str
    rows: tuple[tuple[str, tuple[Duel | None, ...]], ...]
    weak: str


def build_matrices(summary: Summary) -> tuple[Matrix, ...]:
    """Lay out the pairs of a summary; nothing if there is none."""
    return tuple(
        _matrix(summary, measure, heading, meaning, write)
        for measure, (heading, meaning, write) in _MEASURES.items()
        if any(pair.measure == measure for pair in summary.pairs)
    )


def _points(mean: float) -> str:
    return f"{mean * 100:+.2f}".replace("-", _MINUS)


def _factor(mean: float) -> str:
    return f"{math.exp(mean):.2f}x"


_MEASURES: dict[str, tuple[str, str, Callable[[float], str]]] = {
    "gap": ("Final gap", "Mean difference of gaps, in percentage points.", _points),
    "primal_integral": (
        "Primal integral",
        "Mean difference of primal integrals, in percentage points.",
        _points,
    ),
    "time_to_target": (
        "Time to target",
        "Mean ratio of the times to the target, each + 1 s; twice the limit if not reached.",
        _factor,
    ),
}


def _matrix(
    summary: Summary, measure: str, heading: str, meaning: str, write: Callable[[float], str]
) -> Matrix:
    names = [row.solver for row in summary.solvers]
    pairs = [pair for pair in summary.pairs if pair.measure == measure]
    duels: dict[tuple[str, str], Duel] = {}
    for pair in pairs:
        duels[pair.first, pair.second] = _duel(pair, 1.0, write)
        duels[pair.second, pair.first] = _duel(pair, -1.0, write)
    rows = tuple((row, tuple(duels.get((row, column)) for column in names)) for row in names)
    weak = sorted({pair.test.note for pair in pairs if pair.p_adjusted is not None} - {""})
    return Matrix(heading, meaning, rows, "; ".join(weak))


def _duel(pair: PairRow, sign: float, write: Callable[[float], str]) -> Duel:
    first, second = (pair.first, pair.second) if sign > 0 else (pair.second, pair.first)
    mean = sign * pair.test.mean
    over = f"over {pair.test.pairs} instances, {pair.test.ties} of them ties"
    if pair.p_adjusted is None:
        return Duel("even", "equal", "", f"{first} and {second} do not differ {over}")
    verdict = "even"
    if pair.p_adjusted < _LEVEL:
        verdict = "better" if mean < 0 else "worse"
    p = "p < 0.001" if pair.p_adjusted < 1e-3 else f"p {pair.p_adjusted:.3f}"
    note = f"{first} against {second} {over}: {write(mean)}, {p} after Holm"
    return Duel(verdict, write(mean), p, note + (f"; {pair.test.note}" if pair.test.note else ""))
