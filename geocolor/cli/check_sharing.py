"""``geocolor check`` of sharing options: choices, what they cost, and what their proofs carry."""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING

from geocolor.cli.console import say, say_lines
from geocolor.errors import CheckError
from geocolor.wording import counted

if TYPE_CHECKING:
    from geocolor.graph import SharingOptions
    from geocolor.io import Limits
    from geocolor.io.frontier import SavedPoint

__all__ = ["check_sharing_file"]

# Sums are written exactly; adding up in another order may cost a few last digits.
_ROUNDING = 1e-9
# How near its cost a bound must be to prove it.
_MET = 1e-6


@dataclass(frozen=True)
class _Found:
    """What holds of one budget."""

    budget: int
    status: str
    cost: float | None
    size: int | None
    claimed: float | None
    certified: float | None

    @property
    def gap(self) -> float | None:
        """How far the certified bound is below the cost, relative to it."""
        if self.cost is None or self.certified is None:
            return None
        return max(0.0, self.cost - self.certified) / max(abs(self.cost), 1e-300)


def check_sharing_file(file: Path, solution: Path, limits: Limits, *, as_json: bool) -> None:
    """Check a saved frontier against its options, and tell what was found.

    Raises
    ------
    CheckError
        It is of other options; or a choice does not hold or costs otherwise; or prices do not hold.
    """
    from geocolor.io import read_frontier, read_options

    options = read_options(file, limits=limits)
    saved = read_frontier(solution, limits=limits)
    if saved.options_hash not in (None, options.fingerprint):
        raise CheckError("the points were made for other options: their options_hash differs")
    found = [_checked(options, point, f"points[{at}]") for at, point in enumerate(saved.points)]
    _require_agreement(found)
    if as_json:
        points = [
            {
                "budget": one.budget,
                "status": one.status,
                "cost": one.cost,
                "certified_bound": one.certified,
            }
            for one in found
        ]
        told = {"valid": True, "points": points, "not_recomputed": _not_recomputed(found)}
        say(json.dumps(told))
        return
    say_lines(_told(found))


def _checked(options: SharingOptions, point: SavedPoint, place: str) -> _Found:
    from geocolor.problem import BudgetedSharingProblem, check_sharing

    if point.budget < 0:
        raise CheckError(f"{place}: the budget {point.budget} is negative")
    cost = size = None
    try:
        if point.chosen is not None:
            report = check_sharing(BudgetedSharingProblem(options, point.budget), point.chosen)
            cost, size = report.cost, report.size
            _require("cost", point.cost, cost)
            _require("number of parameters", point.parameters, size)
        certified = _certified(options, point)
    except CheckError as failed:
        raise CheckError(f"{place}, the budget {point.budget}: {failed}") from failed
    return _Found(point.budget, point.status, cost, size, point.lower_bound, certified)


def _require(what: str, claimed: float | None, found: float) -> None:
    if claimed is not None and abs(claimed - found) > _ROUNDING * max(1.0, abs(found)):
        raise CheckError(f"it claims the {what} {claimed}, the choice has {found!r}")


def _require_agreement(found: Sequence[_Found]) -> None:
    """Hold what is claimed of each budget against all choices that fit it."""
    chosen = sorted(
        (one.size, one.cost) for one in found if one.size is not None and one.cost is not None
    )
    sizes = [size for size, _ in chosen]
    cheapest = list(accumulate((cost for _, cost in chosen), min))
    for at, one in enumerate(found):
        place = f"points[{at}], the budget {one.budget}"
        fitting = bisect_right(sizes, one.budget)
        if not fitting:
            continue
        least = cheapest[fitting - 1]
        if one.status == "INFEASIBLE":
            raise CheckError(f"{place}: it claims that nothing fits, and a choice does")
        if one.claimed is not None and one.claimed - least > _ROUNDING * max(1.0, abs(least)):
            raise CheckError(
                f"{place}: it claims that nothing costs less than {one.claimed}; a choice in the "
                f"file costs {least!r}"
            )


def _certified(options: SharingOptions, point: SavedPoint) -> float | None:
    """Add up the prices of the certificate; None where there is none."""
    import numpy as np

    from geocolor.solvers.budgeted import PricedBound, Steps

    given = point.certificate
    if given is None:
        return None
    steps = Steps.of(options)
    if (given.step, given.grain) != (steps.unit, steps.grain):
        raise CheckError("the certificate counts in other steps than its options have")
    if max(map(abs, (*given.unit_prices, given.size_price)), default=0) >= 1 << 62:
        raise CheckError("the prices are too large to be added up exactly")
    bound = PricedBound(np.array(given.unit_prices, dtype=np.int64), given.size_price)
    bound.verify(steps, options)
    least = bound.value(steps, point.budget) * steps.unit
    return max(least, 0.0) if (options.costs >= 0).all() else least


def _told(found: list[_Found]) -> str:
    chosen = [one for one in found if one.cost is not None]
    lines = [
        f"valid: {counted(len(chosen), 'choice holds and costs', 'choices hold and cost')} what "
        f"{'it says' if len(chosen) == 1 else 'they say'}"
    ]
    gaps = [one.gap for one in chosen if one.gap is not None]
    if gaps:
        alone = sum(gap <= _MET for gap in gaps)
        met = f"; {counted(alone, 'meets it', 'meet it')}" if alone else ""
        lines.append(
            f"certified: {counted(len(gaps), 'bound')} by prices, added up again, at most "
            f"{100 * max(gaps):.3g}% below the cost{met}"
        )
    lines += [f"not recomputed: {claim}" for claim in _not_recomputed(found)]
    return "\n".join(lines)


def _not_recomputed(found: Sequence[_Found]) -> list[str]:
    """Say what no choice and no prices show."""
    chosen = [one for one in found if one.cost is not None]
    claims = []
    word = sum(one.status == "OPTIMAL" and (one.gap is None or one.gap > _MET) for one in chosen)
    if word:
        claims.append(
            f"that {counted(word, 'of them is', 'of them are')} optimal between bound and cost "
            "rests on the solver's exact choice"
        )
    none = sum(one.status == "INFEASIBLE" for one in found)
    if none:
        claims.append(
            f"that {counted(none, 'budget is', 'budgets are')} too small for any choice rests on "
            "the solver's search"
        )
    return claims
