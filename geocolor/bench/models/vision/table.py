"""Results of the vision benchmark as people read them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from geocolor.bench.models import sweep
from geocolor.bench.models.vision.measuring import Result

__all__ = ["HEADER", "cells"]

HEADER = (
    *sweep.HEADER,
    *("accuracy %", "points lost", "lost / won", "p"),
)


def cells(results: Iterable[Result]) -> Iterator[tuple[str, ...]]:
    """Give the cells of a table, a row for each result."""
    for result in results:
        answers, leading = result.answers, result.leading_cells(4)
        if result.seed is None:
            yield *leading, f"{100 * answers.right:.2f}", "", "", ""
            continue
        low, high = 100 * answers.interval.low, 100 * answers.interval.high
        yield (
            *leading,
            f"{100 * answers.right:.2f}",
            f"{100 * answers.loss:.2f} [{low:.2f}, {high:.2f}]",
            f"{answers.lost} / {answers.won}",
            f"{answers.p_value:.2g}",
        )
