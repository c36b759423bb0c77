"""Figures as people read them."""

from __future__ import annotations

__all__ = ["DASH", "duration", "gigabytes", "megabytes", "plural"]

DASH = "\N{EN DASH}"


def duration(seconds: float) -> str:
    """Write a time in the unit that suits it."""
    if seconds < 1:
        return f"{1000 * seconds:.3g} ms"
    if seconds < 120:
        return f"{seconds:.4g} s"
    minutes = seconds / 60
    return f"{minutes:.3g} min" if minutes < 120 else f"{minutes / 60:.3g} h"


def megabytes(size: float) -> str:
    """Write bytes as megabytes."""
    return f"{size / 1e6:.0f} MB"


def gigabytes(size: float) -> str:
    """Write bytes as gigabytes."""
    return f"{size / 1e9:.3g} GB"


def plural(count: int, word: str) -> str:
    """Write a count of things."""
    return f"{count:,} {word}{'s' * (count != 1)}".replace(",", "\N{NARROW NO-BREAK SPACE}")
