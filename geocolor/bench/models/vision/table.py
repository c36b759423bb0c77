"""Results of the vision benchmark as people read them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from geocolor.bench.models.vision.measuring import Result

__all__ = ["HEADER", "cells"]

HEADER = (
    *("method", "keep", "seed", "parameters", "predicted", "measured"),
    *("accuracy %", "points lost", "lost / won", "p"),
)


def cells(results: Iterable[Result]) -> Iterator[tuple[str, ...]]:
    """Give the cells of a table, a row for each result."""
    for result in results:
        answers = result.answers
        size = f"{result.parameters:,}"
        if result.seed is None:
            yield result.method, "1", "", size, "", "", f"{100 * answers.right:.2f}", "", "", ""
            continue
        low, high = 100 * answers.interval.low, 100 * answers.interval.high
        yield (
            result.method,
            f"{result.keep:g}",
            str(result.seed),
            size,
            f"{result.predicted:.4f}",
            f"{result.measured:.4f}",
            f"{100 * answers.right:.2f}",
            f"{100 * answers.loss:.2f} [{low:.2f}, {high:.2f}]",
            f"{answers.lost} / {answers.won}",
            f"{answers.p_value:.2g}",
        )
