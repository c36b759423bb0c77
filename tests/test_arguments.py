from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from geocolor.arguments import checked_number, checked_time_limit, checked_whole
from geocolor.errors import InputError


@pytest.mark.parametrize("value", [3, np.int8(3), np.uint64(3)])
def test_whole_numbers_become_pythons(value: Any) -> None:
    assert type(checked_whole("seed", value)) is int
    assert checked_whole("seed", value) == 3


@pytest.mark.parametrize(
    "value", [True, np.True_, 3.0, np.float64(3), "3", b"3", None, [3], np.array(3), 3j]
)
def test_what_is_no_whole_number_is_refused_by_name(value: Any) -> None:
    with pytest.raises(InputError, match="the seed must be a whole number, not"):
        checked_whole("seed", value)


@pytest.mark.parametrize("value", [2, 2.0, np.float32(2), np.int8(2), Fraction(2)])
def test_numbers_become_floats(value: Any) -> None:
    assert type(checked_number("rate", value)) is float
    assert checked_number("rate", value) == 2.0
    checked_time_limit(value)


WRONG = [True, np.True_, "2", None, Decimal(2), np.array(2.0), 2j, float("nan")]


@pytest.mark.parametrize("value", [*WRONG, float("inf"), 10**400])
def test_what_is_no_finite_number_is_refused_by_name(value: Any) -> None:
    with pytest.raises(InputError, match="the rate must be a finite number, not"):
        checked_number("rate", value)


@pytest.mark.parametrize("value", [*WRONG, 0, -1.0])
def test_what_is_no_time_limit_is_refused(value: Any) -> None:
    if value is None:
        checked_time_limit(value)
        return
    with pytest.raises(InputError, match="the time limit must be positive, not"):
        checked_time_limit(value)


def test_a_time_limit_may_be_infinite_and_not_a_number_without_end() -> None:
    checked_time_limit(float("inf"))
    with pytest.raises(InputError, match="beyond what float64 can hold: None is no limit"):
        checked_time_limit(10**400)
