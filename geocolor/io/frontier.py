"""Saved frontiers: what budgets of parameters came to, each choice with its certificate.

::

    {"format": "geocolor.frontier", "version": 1, "options_hash": "a1e3...", "units": ["q0", "q1"],
     "points": [{"budget": 5000, "status": "OPTIMAL", "cost": 0.25, "parameters": 4096,
                 "lower_bound": 0.25, "chosen": [{"option": 2, ...}],
                 "certificate": {"unit_prices": [17, 12], "size_price": 3,
                                 "step": 0.0078125, "grain": 512}}]}
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from geocolor.errors import FormatError
from geocolor.io.json_text import load_object, require_format
from geocolor.io.limits import Limits

__all__ = [
    "FRONTIER_FORMAT",
    "FRONTIER_VERSION",
    "SavedCertificate",
    "SavedFrontier",
    "SavedPoint",
    "parse_frontier",
    "read_frontier",
]

FRONTIER_FORMAT, FRONTIER_VERSION = "geocolor.frontier", 1
_NUMBERS = ("cost", "lower_bound", "gap")
_LARGEST = 1e300
_LARGEST_WHOLE = 1 << 62


@dataclass(frozen=True)
class SavedCertificate:
    """Prices that bound the cost of every choice; see :class:`geocolor.solvers.PricedBound`.

    Attributes
    ----------
    unit_prices : tuple of int
        One for each unit, in steps of cost.
    size_price : int
        Of a step of size.
    step : float
        What a step of cost is worth.
    grain : int
        Parameters in a step of size.
    """

    unit_prices: tuple[int, ...]
    size_price: int
    step: float
    grain: int


@dataclass(frozen=True)
class SavedPoint:
    """What a file says of one budget; nothing in it has been checked.

    Attributes
    ----------
    budget : int
    status : str
    chosen : tuple of int, or None
        Numbers of the options chosen; None if there is no choice, or the file names none.
    parameters : int or None
    cost, lower_bound, gap : float or None
    certificate : SavedCertificate or None
    """

    budget: int
    status: str
    chosen: tuple[int, ...] | None
    parameters: int | None
    cost: float | None
    lower_bound: float | None
    gap: float | None
    certificate: SavedCertificate | None


@dataclass(frozen=True)
class SavedFrontier:
    """What a file of a frontier says.

    Attributes
    ----------
    options_hash : str or None
        Of the options it was made for.
    points : tuple of SavedPoint
    """

    options_hash: str | None
    points: tuple[SavedPoint, ...]


def read_frontier(path: str | os.PathLike[str], *, limits: Limits | None = None) -> SavedFrontier:
    """Read a frontier as ``geocolor frontier -o`` and ``geocolor solve --budget -o`` write it.

    Raises
    ------
    FormatError
        The file breaks the format; with the place.
    LimitError
        It is larger than `limits`.
    """
    return parse_frontier(load_object(Path(path), limits or Limits()), str(path))


def parse_frontier(found: dict[str, Any], where: str) -> SavedFrontier:
    """Read a frontier from what its JSON holds.

    Raises
    ------
    FormatError
        It breaks the format; with the place.
    """
    require_format(found, FRONTIER_FORMAT, FRONTIER_VERSION, where)
    points, made_for = found.get("points"), found.get("options_hash")
    if not isinstance(points, list):
        raise FormatError("points must be a list", where)
    if made_for is not None and not isinstance(made_for, str):
        raise FormatError("options_hash must be a string", where)
    return SavedFrontier(
        made_for, tuple(_point(point, f"points[{at}]", where) for at, point in enumerate(points))
    )


def _point(given: Any, place: str, where: str) -> SavedPoint:
    if not isinstance(given, dict):
        raise FormatError(f"{place} must be an object", where)
    budget, status = _whole(given, "budget", place, where), given.get("status")
    if not isinstance(status, str):
        raise FormatError(f"{place}.status must be a string", where)
    chosen = given.get("chosen")
    if chosen is not None:
        if not isinstance(chosen, list) or not all(isinstance(one, dict) for one in chosen):
            raise FormatError(f"{place}.chosen must be a list of objects, or null", where)
        chosen = tuple(
            _whole(one, "option", f"{place}.chosen[{at}]", where) for at, one in enumerate(chosen)
        )
    certificate = given.get("certificate")
    if certificate is not None:
        certificate = _certificate(certificate, f"{place}.certificate", where)
    parameters = given.get("parameters")
    if parameters is not None:
        parameters = _whole(given, "parameters", place, where)
    cost, bound, gap = (_number(given, key, place, where) for key in _NUMBERS)
    return SavedPoint(budget, status, chosen, parameters, cost, bound, gap, certificate)


def _certificate(given: Any, place: str, where: str) -> SavedCertificate:
    if not isinstance(given, dict):
        raise FormatError(f"{place} must be an object, or null", where)
    prices, step = given.get("unit_prices"), given.get("step")
    if not isinstance(prices, list) or not all(type(price) is int for price in prices):
        raise FormatError(f"{place}.unit_prices must be a list of whole numbers", where)
    if not isinstance(step, int | float) or not 0 < step < _LARGEST:
        raise FormatError(f"{place}.step must be a positive number", where)
    size_price, grain = (_whole(given, key, place, where) for key in ("size_price", "grain"))
    return SavedCertificate(tuple(prices), size_price, float(step), grain)


def _number(given: Mapping[str, Any], key: str, place: str, where: str) -> float | None:
    value = given.get(key)
    if value is None:
        return None
    if type(value) not in (int, float) or not abs(value) < _LARGEST:
        raise FormatError(f"{place}.{key} must be a finite number, or null", where)
    return float(value)


def _whole(given: Mapping[str, Any], key: str, place: str, where: str) -> int:
    value = given.get(key)
    if type(value) is not int or abs(value) >= _LARGEST_WHOLE:
        raise FormatError(f"{place}.{key} must be a whole number, not {str(value)[:40]}", where)
    return value
