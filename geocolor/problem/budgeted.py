"""Budgeted sharing: which units share, in which form, within a budget of parameters."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from geocolor.arguments import checked_whole
from geocolor.errors import CheckError, InputError
from geocolor.graph import SharingOptions

__all__ = ["BudgetedSharingProblem", "SharingReport", "check_sharing"]


@dataclass(frozen=True, eq=False)
class BudgetedSharingProblem:
    """Every unit in one option, least cost, and no more parameters than the budget.

    Parameters
    ----------
    options : SharingOptions
        To choose from.
    budget : int
        Parameters in all.

    Raises
    ------
    InputError
        The budget is negative, or no whole number.
    """

    options: SharingOptions
    budget: int

    def __post_init__(self) -> None:
        if not isinstance(self.options, SharingOptions):
            raise InputError(f"SharingOptions are needed, not a {type(self.options).__name__}")
        if checked_whole("budget", self.budget) < 0:
            raise InputError(f"the budget must not be negative: {self.budget}")


@dataclass(frozen=True)
class SharingReport:
    """What the checker found in a choice that holds.

    Attributes
    ----------
    cost : float
        Recomputed, in exactly rounded summation.
    size : int
        Parameters in all.
    """

    cost: float
    size: int


def check_sharing(problem: BudgetedSharingProblem, chosen: Sequence[int]) -> SharingReport:
    """Check a choice of options against its problem, independently of every solver.

    Parameters
    ----------
    problem : BudgetedSharingProblem
        The question.
    chosen : sequence of int
        Numbers of the options chosen.

    Raises
    ------
    CheckError
        An option does not exist, a unit is in none or in several of them, or the budget is not
        kept.
    """
    options = problem.options
    holder: dict[int, int] = {}
    for option in chosen:
        if not 0 <= option < len(options):
            raise CheckError(f"there is no option {option}")
        for unit in options.groups[option]:
            if unit in holder:
                raise CheckError(
                    f"the unit {options.units[unit]} is in options {holder[unit]} and {option}"
                )
            holder[unit] = option
    for unit, name in enumerate(options.units):
        if unit not in holder:
            raise CheckError(f"the unit {name} is in no option chosen")
    size = sum(int(options.sizes[option]) for option in chosen)
    if size > problem.budget:
        raise CheckError(f"{size} parameters, the budget is {problem.budget}")
    return SharingReport(math.fsum(float(options.costs[option]) for option in chosen), size)
