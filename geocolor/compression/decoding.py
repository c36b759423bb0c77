"""Frozen dataclasses from the plain data they were written as, trusting nothing."""

from __future__ import annotations

import types
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from enum import StrEnum
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from geocolor.errors import FormatError, InputError

__all__ = ["decode"]

_Kind = TypeVar("_Kind")


def decode(kind: type[_Kind], data: Any, where: str, name: str = "") -> _Kind:
    """Rebuild what ``asdict`` took apart, or what has more keys than that.

    Parameters
    ----------
    kind : type
        A dataclass whose fields are numbers, texts, choices, tuples of such, or dataclasses.
    data : object
        From JSON.
    where : str
        The file, for messages.
    name : str
        Of the part within the file.

    Raises
    ------
    FormatError
        A field is missing, or not of its type.

    Examples
    --------
    >>> from dataclasses import dataclass
    >>> @dataclass(frozen=True)
    ... class Size:
    ...     bytes: int
    >>> decode(Size, {"bytes": 8, "more": "is ignored"}, "a.json")
    Size(bytes=8)
    """
    return cast(_Kind, _decoded(kind, data, where, name))


def _decoded(kind: Any, data: Any, where: str, name: str) -> Any:
    if is_dataclass(kind):
        return _dataclass(kind, data, where, name)
    origin, inner = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        if data is None and type(None) in inner:
            return None
        return _decoded(next(part for part in inner if part is not type(None)), data, where, name)
    if origin is tuple and isinstance(data, list | tuple):
        kinds = [inner[0]] * len(data) if inner[-1] is Ellipsis else list(inner)
        if len(kinds) == len(data):
            return tuple(
                _decoded(each, value, where, f"{name}[{at}]")
                for at, (each, value) in enumerate(zip(kinds, data, strict=True))
            )
    elif isinstance(kind, type) and issubclass(kind, StrEnum):
        if data in list(kind):
            return kind(data)
    elif kind is float and type(data) in (int, float):
        return float(data)
    elif kind in (int, str, bool) and type(data) is kind:
        return data
    raise FormatError(f"{name or 'it'} is {str(data)[:40]!r}, which it cannot be", where)


def _dataclass(kind: Any, data: Any, where: str, name: str) -> Any:
    if not isinstance(data, Mapping):
        raise FormatError(f"{name or 'it'} must be an object, not {str(data)[:40]!r}", where)
    hints = get_type_hints(kind)
    found = {}
    for field in fields(kind):
        place = f"{name}.{field.name}" if name else field.name
        if field.name in data:
            found[field.name] = _decoded(hints[field.name], data[field.name], where, place)
        elif field.default is MISSING and field.default_factory is MISSING:
            raise FormatError(f"{place} is missing", where)
    try:
        return kind(**found)
    except InputError as error:
        raise FormatError(f"{name or 'it'}: {error}", where) from error
