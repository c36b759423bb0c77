"""Every picture. Loaded when first used: maps of models need torch, pictures of solvers do not."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from geocolor.plotting.sharing_map import draw_sharing_map

__all__ = ["draw_sharing_map"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module("geocolor.plotting.sharing_map"), name)
