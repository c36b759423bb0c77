from __future__ import annotations

import pytest

from geocolor.errors import CheckError, InputError
from geocolor.graph import SharingOptions
from geocolor.problem import BudgetedSharingProblem, check_sharing


def three() -> SharingOptions:
    return SharingOptions(
        "qkv",
        [["q"], ["k"], [2], ["q", "v"], [2, 1, 0]],
        [0.0, 0.0, 0.0, 1.5, 4.0],
        [10, 10, 10, 12, 15],
        ["dense", "dense", "dense", "tied", "basis 3"],
    )


def test_groups_are_numbers_in_order() -> None:
    options = three()
    assert options.groups == ((0,), (1,), (2,), (0, 2), (0, 1, 2))
    assert options.membership.toarray().tolist()[3] == [1, 0, 1]
    assert len(options) == 5
    assert options.fingerprint == three().fingerprint


def test_the_checker_adds_up() -> None:
    report = check_sharing(BudgetedSharingProblem(three(), 22), [1, 3])
    assert (report.cost, report.size) == (1.5, 22)


@pytest.mark.parametrize(
    ("budget", "chosen", "message"),
    [
        (21, [1, 3], "22 parameters, the budget is 21"),
        (99, [0, 1, 3], "the unit q is in options 0 and 3"),
        (99, [0, 1], "the unit v is in no option chosen"),
        (99, [0, 1, 7], "no option 7"),
        (99, [0, 1, -1], "no option -1"),
    ],
)
def test_what_does_not_hold_is_refused(budget: int, chosen: list[int], message: str) -> None:
    with pytest.raises(CheckError, match=message):
        check_sharing(BudgetedSharingProblem(three(), budget), chosen)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"units": ["a", "a"]}, "two units have the same name"),
        ({"units": ["a", "\ud800"]}, "no text that UTF-8 can hold"),
        ({"forms": ["dense", "\ud800"]}, "no text that UTF-8 can hold"),
        ({"groups": [["a"], ["c"]]}, "option 1 names the unit 'c', which does not exist"),
        ({"groups": [["a"], [2]]}, "option 1 names the unit 2"),
        ({"groups": [["a"], [0.7]]}, "option 1 names the unit 0.7, neither a number nor a name"),
        ({"groups": [["a"], [True]]}, "option 1 names the unit True"),
        ({"groups": [["a"], []]}, "option 1 must have units"),
        ({"groups": [["a"], ["b", 1]]}, "option 1 must have units, each once"),
        ({"groups": [["a"], [0]]}, "the unit b is in no option"),
        ({"costs": [0.0, float("nan")]}, "option 1 costs nan"),
        ({"costs": [1.7e308, -1.7e308]}, "costs must add up to less than 1e\\+300"),
        ({"costs": [0.0]}, "2 groups, 1 costs"),
        ({"sizes": [1, -1]}, "whole numbers, not negative"),
        ({"sizes": [1, 1.5]}, "whole numbers, not negative"),
        ({"sizes": [1, 1 << 51]}, "add up to less"),
        ({"forms": ["dense"]}, "1 forms"),
    ],
)
def test_bad_options_are_refused(change: dict[str, object], message: str) -> None:
    given = {"units": ["a", "b"], "groups": [["a"], ["b"]], "costs": [0.0, 0.0], "sizes": [1, 1]}
    with pytest.raises(InputError, match=message):
        SharingOptions(**{**given, **change})


def test_a_negative_budget_is_refused() -> None:
    with pytest.raises(InputError, match="negative"):
        BudgetedSharingProblem(three(), -1)
