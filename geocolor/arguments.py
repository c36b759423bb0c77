"""Numbers that are given as arguments: whatever they are in fact, or an error that says so."""

from __future__ import annotations

import math
from numbers import Integral, Real

from geocolor.errors import InputError

__all__ = ["checked_number", "checked_seed", "checked_whole"]


def checked_whole(name: str, value: object) -> int:
    """Take a whole number of any library.

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
    if not isinstance(value, Integral):
        raise InputError(f"the {name} must be a whole number, not {value!r}")
    return int(value)


def checked_number(name: str, value: object) -> float:
    """Take a finite number of any library; the parameters are those of :func:`checked_whole`.

    Raises
    ------
    InputError
        It is none.
    """
    if not isinstance(value, Real) or not math.isfinite(value):
        raise InputError(f"the {name} must be a finite number, not {value!r}")
    return float(value)


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
