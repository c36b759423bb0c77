"""Tables of latencies as files: versioned JSON, or a saved folder that was planned with one."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from pathlib import Path

from geocolor.compression.decoding import decode
from geocolor.compression.record import read_record
from geocolor.criterion import LatencyTable
from geocolor.errors import InputError
from geocolor.io.atomic import write_pieces
from geocolor.io.json_text import load_object, require_format
from geocolor.io.limits import Limits

__all__ = ["read_latency", "write_latency"]

_FORMAT, _VERSION = "geocolor.latency", 1


def write_latency(table: LatencyTable, path: str | os.PathLike[str]) -> None:
    """Write a table.

    Raises
    ------
    InputError
        It cannot be written.
    """
    data = {"format": _FORMAT, "version": _VERSION, **asdict(table)}
    write_pieces(path, [json.dumps(data, indent=1).encode(), b"\n"])


def read_latency(path: str | os.PathLike[str]) -> LatencyTable:
    """Read a table, or take the one that a saved folder's plan was made with.

    Raises
    ------
    FormatError
        The file breaks the format.
    InputError
        It cannot be read, or the folder's plan was made without one.
    """
    if Path(path).is_dir():
        planned = read_record(path).report.latency
        if planned is None:
            raise InputError(f"{path} was planned for another budget than latency: it has no times")
        return planned.table
    found = load_object(Path(path), Limits())
    require_format(found, _FORMAT, _VERSION, str(path))
    return decode(LatencyTable, found, str(path))
