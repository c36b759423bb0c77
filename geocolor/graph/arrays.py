"""Arrays of what a user gives."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geocolor.errors import InputError

__all__ = ["as_array", "as_floats"]


def as_array(values: ArrayLike, what: str) -> NDArray[Any]:
    """Take an array; the same one if it is one already.

    Raises
    ------
    InputError
        Its rows are of different lengths.
    """
    try:
        return np.asarray(values)
    except ValueError as error:
        raise InputError(f"{what} must be an array, with rows of one length") from error


def as_floats(values: ArrayLike, what: str) -> NDArray[np.float64]:
    """Take an array of numbers; the same one if it is of float64 already.

    Raises
    ------
    InputError
        An entry is no real number, or too large to be one, or rows are of different lengths.
    """
    array = as_array(values, what)
    try:
        if array.dtype.kind != "c":
            return np.asarray(array, dtype=np.float64)
    except (TypeError, ValueError, OverflowError) as error:
        raise InputError(f"{what} must be numbers that float64 can hold: {error}") from error
    raise InputError(f"{what} must be real numbers, not {array.dtype}")
