"""Options of a command from a file."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from geocolor.errors import FormatError, GeocolorError
from geocolor.wording import choice_among

__all__ = ["ConfigOption", "defaults_from"]

# Options fill some lines; the rest is for comments.
_MOST_BYTES = 1 << 16


def defaults_from(path: Path, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Read a TOML file whose keys are the long names of options, and of arguments.

    Parameters
    ----------
    path : Path
        The file.
    parameters : mapping of str to parameter of a command
        What may be given, by its name in the file.

    Returns
    -------
    dict of str to object
        Values by the names that the command's function has for them.

    Raises
    ------
    FormatError
        It is not TOML, or gives what the command does not take.
    LimitError
        It is larger than 64 KiB.
    """
    from geocolor.io.limits import Limits
    from geocolor.io.source import read_all

    limits = Limits(file_bytes=_MOST_BYTES, text_bytes=_MOST_BYTES, json_bytes=_MOST_BYTES)
    try:
        found = tomllib.loads(read_all(path, limits).decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        if isinstance(error, GeocolorError):
            raise
        raise FormatError(f"not TOML: {error}", str(path)) from error
    values = {}
    for key, value in found.items():
        if key not in parameters:
            raise FormatError(f"no option {key!r}; {choice_among(key, parameters)}", str(path))
        parameter = parameters[key]
        several = parameter.nargs == -1 or getattr(parameter, "multiple", False)
        parts = value if isinstance(value, list) else [value]
        if isinstance(value, list) > several or any(isinstance(p, list | dict) for p in parts):
            raise FormatError(f"{key} cannot be {str(value)[:60]}", str(path))
        values[parameter.name] = parts if several else value
    return values


def _take(context: typer.Context, path: Path | None) -> Path | None:
    """Make what a file says the defaults of a command, before its other options are looked at."""
    if path is not None:
        known = {}
        for parameter in context.command.params:
            if parameter.name not in ("config", "help"):
                name = max(parameter.opts, key=len).lstrip("-").replace("_", "-")
                known[name] = parameter
        context.default_map = defaults_from(path, known)
    return path


ConfigOption = Annotated[
    Path | None,
    typer.Option(
        "--config",
        metavar="TOML",
        help='Take options from a file: keep = 0.8, calibration = ["wiki.txt"]. Those given here '
        "come first.",
        is_eager=True,
        callback=_take,
    ),
]
