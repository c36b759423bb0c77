"""Numbers that are given as arguments: whatever they are in fact, or an error that says so."""

from __future__ import annotations

import math
from numbers import Integral, Real

from geocolor.errors import InputError

__all__ = ["checked_number", "checked_seed", "checked_time_limit", "checked_whole"]


def checked_whole(name: str, value: object) -> int:
    """Take a whole number of any library; True and False are none.

    Parameters
    ----------
    name : str
        What it is, for the message.
    value : object
        What was given.

    Raises
    ------
    InputError
        It is none.

    Examples
    --------
    >>> checked_whole("number of steps", 1.5)
    Traceback (most recent call last):
    geocolor.errors.InputError: the number of steps must be a whole number, not 1.5
    """
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise InputError(f"the {name} must be a whole number, not {value!r}")
    return int(value)


def checked_number(name: str, value: object) -> float:
    """Take a finite number of any library; the parameters are those of :func:`checked_whole`.

    Raises
    ------
    InputError
        It is none.
    """
    number = _real(value)
    if number is None or not math.isfinite(number):
        raise InputError(f"the {name} must be a finite number, not {value!r}")
    return number


def checked_time_limit(value: object) -> None:
    """Refuse what is no time limit, which is a number of seconds or None; infinity is one.

    Raises
    ------
    InputError
        It is no number, not positive, or beyond what float64 can hold.
    """
    if value is None:
        return
    number = _real(value)
    if number is None or not number > 0:
        raise InputError(f"the time limit must be positive, not {value!r}")
    if math.isinf(number) and isinstance(value, Integral):
        raise InputError("the time limit is beyond what float64 can hold: None is no limit")


def checked_seed(value: object) -> int:
    """Take a seed.

    Raises
    ------
    InputError
        It is no whole number, or negative.
    """
    seed = checked_whole("seed", value)
    if seed < 0:
        raise InputError(f"the seed must not be negative: {seed}")
    return seed


def _real(value: object) -> float | None:
    """Read a number, infinite where it is beyond float64; None if it is none."""
    if isinstance(value, bool) or not isinstance(value, Real):
        return None
    try:
        return float(value)
    except OverflowError:
        return math.inf
