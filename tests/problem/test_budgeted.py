"""The checker of budgeted sharing recomputes, and refuses every way to break a choice."""

import math

import numpy as np
import pytest

from geocolor.errors import CheckError, InputError
from geocolor.graph import SharingOptions
from geocolor.problem import BudgetedSharingProblem, check_sharing

OPTIONS = SharingOptions(
    ("q", "k", "v"),
    [(0,), (1,), (2,), (0, 1)],
    [1e16, 1.0, -1e16, 0.5],
    [4, 4, 4, 5],
)


def test_cost_and_size_are_recomputed() -> None:
    report = check_sharing(BudgetedSharingProblem(OPTIONS, 12), [2, 1, 0])
    assert (report.cost, report.size) == (math.fsum([1e16, 1.0, -1e16]), 12)
    assert check_sharing(BudgetedSharingProblem(OPTIONS, 9), [3, 2]).size == 9


@pytest.mark.parametrize(
    ("chosen", "budget", "message"),
    [
        ([0, 1, 2], 11, "12 parameters, the budget is 11"),
        ([0, 1, 2, 3], 99, "the unit q is in options 0 and 3"),
        ([3, 3, 2], 99, "the unit q is in options 3 and 3"),
        ([0, 2], 99, "the unit k is in no option chosen"),
        ([], 99, "the unit q is in no option chosen"),
        ([0, 1, 4], 99, "there is no option 4"),
        ([0, 1, -1], 99, "there is no option -1"),
    ],
)
def test_every_way_to_break_a_choice(chosen: list[int], budget: int, message: str) -> None:
    with pytest.raises(CheckError) as caught:
        check_sharing(BudgetedSharingProblem(OPTIONS, budget), chosen)
    assert str(caught.value) == message


def test_a_negative_budget_is_refused() -> None:
    assert BudgetedSharingProblem(OPTIONS, 0).budget == 0
    with pytest.raises(InputError, match="must not be negative: -1"):
        BudgetedSharingProblem(OPTIONS, -1)


@pytest.mark.parametrize("budget", [float("nan"), 7.0, True, "7"])
def test_a_budget_is_a_whole_number(budget: object) -> None:
    with pytest.raises(InputError, match="must be a whole number"):
        BudgetedSharingProblem(OPTIONS, budget)
    assert BudgetedSharingProblem(OPTIONS, np.int32(7)).budget == 7
