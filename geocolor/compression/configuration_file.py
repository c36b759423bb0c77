"""Configurations as files, JSON or TOML."""

from __future__ import annotations

import json
import os
import tomllib
from enum import StrEnum
from pathlib import Path
from typing import Any

from geocolor.compression.configuration import (
    PRESETS,
    Configuration,
    Grouping,
    RankRule,
    preset,
)
from geocolor.criterion import Budget, Form, Metric
from geocolor.errors import FormatError, InputError
from geocolor.io.json_text import load_object
from geocolor.io.limits import Limits
from geocolor.io.source import read_all

__all__ = ["chosen_configuration", "read_configuration", "toml_text"]

# A configuration has some 400 bytes; the rest is for comments.
_MOST_BYTES = 1 << 16
_LIMITS = Limits(file_bytes=_MOST_BYTES, text_bytes=_MOST_BYTES, json_bytes=_MOST_BYTES)
_SUFFIXES = (".json", ".toml")
_CHOICES: dict[str, type[StrEnum]] = {
    "metric": Metric,
    "forms": Form,
    "grouping": Grouping,
    "ranks": RankRule,
    "budget": Budget,
}


def read_configuration(path: str | os.PathLike[str]) -> Configuration:
    """Read a method from a file.

    Parameters
    ----------
    path : path-like
        A ``.json`` or ``.toml`` file as ``geocolor presets NAME`` prints it.

    Raises
    ------
    FormatError
        The file breaks the format; with the part and what is allowed.
    LimitError
        It is larger than 64 KiB.
    InputError
        It cannot be read, or is called otherwise.
    """
    source = Path(path)
    suffix = source.suffix.lower()
    if suffix not in _SUFFIXES:
        raise InputError(f"{path}: a configuration is a .json or .toml file")
    data = load_object(source, _LIMITS) if suffix == ".json" else _toml_tables(source)
    return Configuration.from_json(data, where=str(path))


def _toml_tables(path: Path) -> dict[str, Any]:
    text = read_all(path, _LIMITS)
    try:
        return tomllib.loads(text.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise FormatError(f"not TOML: {error}", str(path)) from error


def chosen_configuration(choice: str) -> Configuration:
    """Look a preset up by its name, or read a file by its path.

    Parameters
    ----------
    choice : str
        A path if it ends in ``.json`` or ``.toml``.

    Raises
    ------
    InputError
        There is no such preset or file; or the file goes by the name of a preset that it is not,
        and what it gives would be taken for the preset's.
    """
    if not choice.lower().endswith(_SUFFIXES):
        return preset(choice)
    found = read_configuration(choice)
    if PRESETS.get(found.name, found) != found:
        raise FormatError(
            f"it is called {found.name!r} and is not that preset; give it another name", choice
        )
    return found


def toml_text(configuration: Configuration) -> str:
    """Write a configuration as TOML, ready to be edited."""
    lines: list[str] = []
    tables: list[str] = []
    for key, value in configuration.to_json().items():
        if isinstance(value, dict):
            tables += ["", f"[{key}]", *_pairs(value)]
        else:
            lines += _pairs({key: value})
    return "\n".join((*lines, *tables, ""))


def _pairs(values: dict[str, Any]) -> list[str]:
    # JSON's strings, numbers and lists are TOML's too.
    return [
        f"{key} = {json.dumps(value, ensure_ascii=False)}"
        + (f"  # {', '.join(_CHOICES[key])}" if key in _CHOICES else "")
        for key, value in values.items()
    ]
