"""Taking a table of a file apart, field by field; what is wrong is said with what is allowed."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection
from enum import StrEnum
from typing import Any, TypeVar

from geocolor.errors import FormatError
from geocolor.wording import choice_among

__all__ = ["Table", "choice", "choices", "number", "text", "truth", "whole"]

_Value = TypeVar("_Value")
_Enum = TypeVar("_Enum", bound=StrEnum)


class Table:
    """Fields by name.

    Parameters
    ----------
    data : object
        From JSON or TOML.
    allowed : collection of str
        Names of fields.
    where : str
        File or other place, for messages.
    name : str
        Of the table within its file; empty for the whole.

    Raises
    ------
    FormatError
        It is no table, or has a field that is not allowed.
    """

    def __init__(self, data: Any, allowed: Collection[str], where: str, name: str = "") -> None:
        if not isinstance(data, dict):
            raise FormatError(f"{name or 'it'} must be a table, not {_shown(data)}", where)
        self._data = data
        self._where = where
        self._prefix = f"{name}." if name else ""
        for key in data:
            if key not in allowed:
                shown = _shown(f"{self._prefix}{key}")
                raise FormatError(f"unknown key {shown}; {choice_among(str(key), allowed)}", where)

    def __contains__(self, key: str) -> bool:
        return key in self._data

    def take(self, key: str, read: Callable[[Any], _Value]) -> _Value:
        """Read a field.

        Parameters
        ----------
        key : str
            Its name.
        read : callable
            Gives the value, or raises a ValueError that says what it must be.

        Raises
        ------
        FormatError
            It is missing, or not what it must be.
        """
        if key not in self._data:
            raise FormatError(f"{self._prefix}{key} is missing", self._where)
        try:
            return read(self._data[key])
        except FormatError:  # of a table within
            raise
        except ValueError as error:
            raise FormatError(
                f"{self._prefix}{key} {error}, not {_shown(self._data[key])}", self._where
            ) from None


def text(value: Any) -> str:
    """Read a string."""
    if not isinstance(value, str):
        raise ValueError("must be a string")
    return value


def truth(value: Any) -> bool:
    """Read a truth value."""
    if not isinstance(value, bool):
        raise ValueError("must be true or false")
    return value


def whole(value: Any) -> int:
    """Read a whole number."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError("must be a whole number")
    return value


def number(value: Any) -> float:
    """Read a finite number."""
    if isinstance(value, float) and math.isfinite(value):
        return value
    if type(value) is int and abs(value) < 1 << 53:
        return float(value)
    raise ValueError("must be a finite number")


def choice(kind: type[_Enum]) -> Callable[[Any], _Enum]:
    """Make a reader of one of an enum's values."""

    def read(value: Any) -> _Enum:
        if isinstance(value, str) and value in [each.value for each in kind]:
            return kind(value)
        raise ValueError(f"must be one of {', '.join(kind)}")

    return read


def choices(kind: type[_Enum]) -> Callable[[Any], tuple[_Enum, ...]]:
    """Make a reader of a list of an enum's values."""
    read = choice(kind)

    def read_all(value: Any) -> tuple[_Enum, ...]:
        try:
            return tuple(map(read, value if isinstance(value, list) else [None]))
        except ValueError:
            raise ValueError(f"must be a list of some of {', '.join(kind)}") from None

    return read_all


def _shown(value: Any) -> str:
    quoted = repr(value)
    return quoted if len(quoted) <= 60 else f"{quoted[:57]}..."
