"""How long calls say how far they are."""

from __future__ import annotations

from collections.abc import Callable

__all__ = ["Progress", "silent"]

Progress = Callable[[str, int, int], None]
"""Called with the stage's name, the steps done and the steps in all."""


def silent(_stage: str, _done: int, _total: int) -> None:
    """Say nothing."""
