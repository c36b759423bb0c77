"""The file of a results folder that says what was asked."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from geocolor.errors import FormatError, InputError
from geocolor.io.atomic import atomic_file

__all__ = ["read_campaign_file", "write_campaign_file"]

_VERSION = 1

Campaign = TypeVar("Campaign")


def write_campaign_file(path: Path, name: str, data: Mapping[str, Any]) -> None:
    """Write what was asked as JSON, all of it or nothing.

    Raises
    ------
    InputError
        It cannot be written.
    """
    whole = {"format": name, "version": _VERSION, **data}
    with atomic_file(path) as file:
        file.write((json.dumps(whole, indent=1) + "\n").encode())


def read_campaign_file(
    path: Path, name: str, parse: Callable[[Mapping[str, Any]], Campaign]
) -> Campaign:
    """Read what :func:`write_campaign_file` wrote.

    Parameters
    ----------
    path : Path
        The file.
    name : str
        Its format's name.
    parse : callable
        Makes a campaign of the data.

    Raises
    ------
    InputError
        There is no such file: the folder holds no results of this kind.
    FormatError
        It is damaged, of another format or of another version.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        found = data["format"], data["version"]
        campaign = parse(data) if found == (name, _VERSION) else None
    except OSError as error:
        reason = error.strerror or error
        raise InputError(f"no benchmark results in {path.parent}: {reason}") from error
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise FormatError(f"damaged: {error!r}", str(path)) from error
    if campaign is None:
        raise FormatError(f"not a {name} of version {_VERSION}", str(path))
    return campaign
