"""Dataclasses that were read from JSON, held to what they say of their fields."""

from __future__ import annotations

import types
from collections.abc import Mapping
from functools import cache
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

__all__ = ["typed"]

_Kind = TypeVar("_Kind")


def typed(found: _Kind) -> _Kind:
    """Return a dataclass whose fields are of their types; what dataclasses in it hold is not told.

    Raises
    ------
    TypeError
        A field is of another type; it is named.
    """
    kind: Any = type(found)
    for name, hint in _hints(kind).items():
        value = getattr(found, name)
        if not _fits(value, hint):
            raise TypeError(f"{name} is {str(value)[:40]!r}, which it cannot be")
    return found


_hints = cache(get_type_hints)


def _fits(value: Any, hint: Any) -> bool:
    origin, inner = get_origin(hint), get_args(hint)
    if hint is Any:
        return True
    if origin in (Union, types.UnionType):
        return any(_fits(value, each) for each in inner)
    if origin in (tuple, frozenset):  # of one type each
        return isinstance(value, origin) and all(_fits(each, inner[0]) for each in value)
    if origin is Mapping:
        return isinstance(value, Mapping) and all(_fits(each, inner[1]) for each in value.values())
    if hint in (int, float):
        return isinstance(value, hint | int) and not isinstance(value, bool)
    return isinstance(value, hint)
