"""Why runs failed, in words."""

from __future__ import annotations

from collections.abc import Iterable

from geocolor.bench.summary.rows import Failure

__all__ = ["failure_line", "first_of_each_reason"]


def first_of_each_reason(failures: Iterable[Failure]) -> list[Failure]:
    """Keep the first run of each solver, outcome and reason, in order."""
    first: dict[tuple[str, str, str], Failure] = {}
    for one in failures:
        first.setdefault((one.solver, one.outcome, one.reason), one)
    return list(first.values())


def failure_line(failure: Failure) -> str:
    """Say which run failed, and how; the reason is left to the caller."""
    run = f"{failure.solver} on {failure.instance}, seed {failure.seed}"
    return f"{run}: {failure.outcome}"
