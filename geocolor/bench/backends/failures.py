"""What is said when workers die again and again."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable

from geocolor.errors import SolverError

__all__ = ["worker_deaths"]


def worker_deaths(items: Iterable[object], reason: object) -> SolverError:
    """Name the item, or those that ran at the same time as it, that cost workers their lives."""
    named = " or ".join(textwrap.shorten(repr(item), 200) for item in items)
    why = textwrap.shorten(str(reason), 300)
    return SolverError(f"workers died again and again while running {named}: {why}")
