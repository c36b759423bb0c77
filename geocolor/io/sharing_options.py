"""Options of budgeted sharing as versioned JSON.

::

    {"format": "geocolor.options", "version": 1,
     "units": ["q0", "q1"],
     "options": [[[0], "dense", 0.0, 4096],       units from 0, form, cost, parameters
                 [["q1"], "rank 8", 0.25, 1024],  or units by name
                 [[0, 1], "tied", 0.5, 4096]]}
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from geocolor.errors import FormatError, InputError
from geocolor.graph import SharingOptions
from geocolor.io.atomic import write_pieces
from geocolor.io.json_text import declared_format, load_object, require_format
from geocolor.io.limits import Limits

__all__ = ["holds_options", "read_options", "require_options_name", "write_options"]

_FORMAT, _VERSION = "geocolor.options", 1
_KEYS = {"format", "version", "units", "options"}


def holds_options(path: str | os.PathLike[str], limits: Limits) -> bool:
    """Whether a file begins as one of options does; see :func:`declared_format`."""
    return declared_format(Path(path), limits) == _FORMAT


def read_options(path: str | os.PathLike[str], *, limits: Limits | None = None) -> SharingOptions:
    """Read a file of options.

    Raises
    ------
    FormatError
        The file breaks the format; with the place.
    LimitError
        It is larger than `limits`.
    """
    where, within = str(path), limits or Limits()
    try:
        found = load_object(Path(path), within)
    except FormatError as error:
        told = "options are JSON, as geocolor graph --options writes it"
        raise FormatError(f"{error}; {told}") from error
    require_format(found, _FORMAT, _VERSION, where)
    unknown = sorted(found.keys() - _KEYS)
    if unknown:
        raise FormatError(f"unknown key {unknown[0]!r}", where)
    units, options = found.get("units"), found.get("options")
    if not isinstance(units, list) or not all(isinstance(unit, str) for unit in units):
        raise FormatError("units must be a list of strings", where)
    if not isinstance(options, list):
        raise FormatError("options must be a list", where)
    within.require_nodes(len(units), where)
    within.require_edges(len(options), where)
    for at, option in enumerate(options):
        _check(option, at, where)
    groups, forms, costs, sizes = zip(*options, strict=True) if options else ((), (), (), ())
    try:
        return SharingOptions(units, groups, costs, sizes, forms)
    except InputError as error:
        raise FormatError(str(error), where) from error


def _check(option: Any, at: int, where: str) -> None:
    if type(option) is not list or len(option) != 4:
        raise FormatError(f"options[{at}] must be [units, form, cost, parameters]", where)
    group, form, cost, size = option
    if type(group) is not list or not all(type(unit) in (int, str) for unit in group):
        raise FormatError(f"options[{at}] must name its units in a list", where)
    if type(form) is not str:
        raise FormatError(f"options[{at}] must call its form by a string, not {form!r}", where)
    if type(cost) not in (int, float) or abs(cost) > 1e300 or cost != cost:
        raise FormatError(f"options[{at}] costs {str(cost)[:40]}, not a finite number", where)
    if type(size) is not int or not 0 <= size < 1 << 50:
        raise FormatError(
            f"options[{at}] has {str(size)[:40]} parameters, not a whole number", where
        )


def write_options(options: SharingOptions, path: str | os.PathLike[str]) -> None:
    """Write options to a file, which appears whole or not at all.

    Parameters
    ----------
    options : SharingOptions
        The options.
    path : path-like
        A ``.json`` or ``.json.gz`` file.

    Raises
    ------
    InputError
        The file cannot be written, or is to be called otherwise.
    """
    require_options_name(path)
    write_pieces(path, _text(options))


def require_options_name(path: str | os.PathLike[str]) -> None:
    """Refuse a file name that :func:`write_options` would not take.

    Raises
    ------
    InputError
        It ends neither in ``.json`` nor in ``.json.gz``.
    """
    if not str(path).lower().endswith((".json", ".json.gz")):
        raise InputError(f"{path}: options go into .json or .json.gz")


def _text(options: SharingOptions) -> Iterator[bytes]:
    rows = zip(
        options.groups,
        options.forms,
        options.costs.tolist(),
        options.sizes.tolist(),
        strict=True,
    )
    head = {"format": _FORMAT, "version": _VERSION, "units": list(options.units)}
    yield json.dumps(head)[:-1].encode() + b', "options": ['
    for at, (group, *rest) in enumerate(rows):
        yield (",\n" if at else "\n").encode() + json.dumps([list(group), *rest]).encode()
    yield b"]}\n"
