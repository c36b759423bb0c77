"""What the JSON formats share: strict parsing into one object of a known format and version."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

from geocolor.errors import FormatError, LimitError
from geocolor.io.limits import Limits
from geocolor.io.source import STREAM, head_of, read_all

__all__ = ["declared_format", "load_object", "parse_object", "require_format"]

# What takes a file of ours that came to the wrong place.
_TAKEN_BY = {
    "geocolor.options": ", for geocolor solve --budget and geocolor frontier",
    "geocolor.frontier": ", for geocolor check and geocolor plot",
}

# What becomes of a bracket, a brace and a comma, measured: an object with what it begins with, and
# a value with its place in a list.
_TAKES = {b"[": 120, b"{": 220, b",": 48}
# How often the limit for its text JSON may take, once it is parsed.
_TIMES = 16

_DECLARED = re.compile(rb'(?:\xef\xbb\xbf)?\s*\{(?s:.*?)"format"\s*:\s*"(geocolor\.[a-z-]+)"')


def declared_format(path: Path, limits: Limits) -> str | None:
    """Find the format that a JSON file of ours names near its beginning.

    Pipes but standard input are left alone, since they are read once.

    Raises
    ------
    FormatError
        It is damaged.
    InputError
        It cannot be read, or is larger than `limits`.
    """
    if str(path) != STREAM and not path.is_file():
        return None
    told = _DECLARED.match(head_of(path, limits))
    return None if told is None else told[1].decode()


def load_object(path: Path, limits: Limits) -> dict[str, Any]:
    """Parse a JSON file that must hold one object; see :func:`parse_object`."""
    return parse_object(read_all(path, limits), str(path), limits)


def _require_room(data: bytes, where: str, limits: Limits) -> None:
    """Refuse before it is parsed what takes too much then; brackets in texts count as others."""
    taken = len(data) + sum(data.count(sign) * size for sign, size in _TAKES.items())
    most = _TIMES * limits.json_bytes
    if taken > most:
        raise LimitError(
            f"{where}: JSON that takes about {taken} bytes once it is parsed, the limit is {most}, "
            f"{_TIMES} times that of its text; raise both with --max-bytes, in Python with "
            "Limits(json_bytes=...)"
        )


def parse_object(data: bytes, where: str, limits: Limits) -> dict[str, Any]:
    """Parse JSON that must be one object.

    Parameters
    ----------
    data : bytes
        The text.
    where : str
        The file, for messages.
    limits : Limits
        What it may take once it is parsed: sixteen times the limit for its text.

    Raises
    ------
    FormatError
        It is not JSON, not an object, or names a key twice.
    LimitError
        It would take too much.
    """
    _require_room(data, where, limits)

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            times = Counter(name for name, _ in pairs)
            twice = next(name for name in times if times[name] > 1)
            raise FormatError(f"the key {twice!r} occurs twice", where)
        return found

    try:
        value = json.loads(data.decode("utf-8-sig"), object_pairs_hook=unique)
    except json.JSONDecodeError as error:
        raise FormatError(f"not JSON: {error.msg}", where, error.lineno) from error
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise FormatError("not UTF-8 text", where, line) from error
    except RecursionError as error:
        raise FormatError("not a geocolor file: nested too deeply", where) from error
    except FormatError:
        raise
    except ValueError as error:  # a number of thousands of digits
        raise FormatError(f"not JSON that can be read: {error}", where) from error
    if not isinstance(value, dict):
        raise FormatError("must hold one JSON object", where)
    return value


def require_format(found: dict[str, Any], name: str, version: int, path: str) -> None:
    """Refuse another format, and versions newer than this geocolor knows.

    Raises
    ------
    FormatError
        With what to do.
    """
    if found.get("format") != name:
        hint = _TAKEN_BY.get(str(found.get("format")), "")
        raise FormatError(
            f'its "format" is {found.get("format")!r}, not {name!r}: another kind of file{hint}',
            path,
        )
    given = found.get("version")
    if type(given) is not int or given < 1:
        raise FormatError(f'its "version" must be a positive integer, not {given!r}', path)
    if given > version:
        raise FormatError(
            f"version {given} of {name}; this geocolor reads up to {version}, a newer one may help",
            path,
        )
