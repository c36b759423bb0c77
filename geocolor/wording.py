"""Phrases that messages have in common: counts of things, and names that are none."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

__all__ = ["choice_among", "counted"]


def choice_among(name: str, known: Iterable[str], listed: str | None = None) -> str:
    """Say what may have been meant, and else what there is.

    Parameters
    ----------
    name : str
        What was given.
    known : iterable of str
        What might have been.
    listed : str, optional
        Where the names stand, if they are too many for a line.

    Examples
    --------
    >>> choice_among("lok", ["loky", "dask", "ray"])
    "did you mean 'loky'?"
    >>> choice_among("slurm", ["loky", "dask", "ray"])
    'choose one of loky, dask, ray'
    >>> choice_among("taboo", ["tabucol", "dsatur"], "'geocolor solvers' lists them")
    "did you mean 'tabucol'? 'geocolor solvers' lists them"
    """
    known = [str(each) for each in known]  # of enums the values
    near = get_close_matches(name, known, n=1)
    parts = [f"did you mean {near[0]!r}?"] if near else []
    if listed is not None:
        parts.append(listed)
    return " ".join(parts) or f"choose one of {', '.join(known)}"


def counted(number: int, one: str, many: str | None = None) -> str:
    """Write a number with what it is of, in the singular or the plural.

    Parameters
    ----------
    number : int
        How many there are.
    one, many : str
        What one is called, and several, where no rule says so.

    Examples
    --------
    >>> counted(1, "node"), counted(1200, "node"), counted(0, "class"), counted(2, "entry")
    ('1 node', '1,200 nodes', '0 classes', '2 entries')
    """
    if number == 1:
        return f"1 {one}"
    if many is None:
        ending = "es" if one.endswith(("s", "ch")) else "s"
        many = f"{one[:-1]}ies" if one.endswith(("ry", "ty")) else one + ending
    return f"{number:,} {many}"
