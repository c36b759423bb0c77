"""The one door to numba: typed, cached on disk, without the interpreter lock."""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, TypeVar, cast

from numba import njit

__all__ = ["jit"]

P = ParamSpec("P")
R = TypeVar("R")


def jit(function: Callable[P, R]) -> Callable[P, R]:
    """Compile `function` with numba, keeping its type.

    The machine code is cached beside the source. The cache knows only the source file of the
    function itself, so a kernel calls helpers of its own module only.
    """
    return cast(Callable[P, R], njit(cache=True, nogil=True)(function))
