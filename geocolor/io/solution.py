r"""Solution files: the whole result as JSON, names and colors as CSV, colors as DIMACS-like text.

The text form (``.sol``, ``.txt``) has one line ``s col COLORS`` and one line ``l NODE COLOR`` a
node, nodes and colors counted from 1. Lines ``c ...`` are comments, of which ``c graph HASH`` and
``c problem KIND [K]`` are read where they are there: the graph and the question that it answers.
With a capacity the question has two lines more, ``c capacity C`` and ``c sizes SIZE SIZE ...`` in
node order, without which every size is 1.
The table (``.csv``) has a header ``node,color`` and a row a node, by name; colors count from 0.
The JSON form is an object of format ``geocolor.solution`` with at least ``colors``, one per node,
in the order of its ``nodes``, the names, if it has them, else in that of the graph.
"""

from __future__ import annotations

import csv
import io
import json
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geocolor.errors import FormatError, InputError
from geocolor.graph import ConflictGraph
from geocolor.graph.adjacency import frozen
from geocolor.graph.read_only import ReadOnlyArrays
from geocolor.io.atomic import atomic_file, write_pieces
from geocolor.io.json_text import load_object, require_format
from geocolor.io.limits import Limits
from geocolor.io.source import line_blocks, read_all
from geocolor.io.table import table_text
from geocolor.wording import counted

__all__ = [
    "SOLUTION_FORMAT",
    "SOLUTION_VERSION",
    "Solution",
    "read_solution",
    "require_solution_name",
    "write_solution",
]

SOLUTION_FORMAT = "geocolor.solution"
SOLUTION_VERSION = 1
_JSON = ".json"
_TABLE = ".csv"
_TEXT = (".sol", ".txt")
_HEADER = ["node", "color"]
# Sizes in a line.
_ROW = 20
_CAPACITATED = "capacitated-partition"
_KINDS = (
    b"coloring",
    b"equitable",
    b"partition",
    b"group-partition",
    b"correlation",
    _CAPACITATED.encode(),
)


@dataclass(frozen=True, eq=False)
class Solution(ReadOnlyArrays):
    """What a solution file says; nothing in it has been checked.

    Attributes
    ----------
    colors : ndarray of int64, shape (num_nodes,), or None
        One color per node, in node order; None if the solver found no coloring.
    claims : mapping
        Everything else: objective, num_colors, instance_hash, options, as far as given; of the
        types that ``geocolor solve`` writes.
    names : tuple of str, or None
        The nodes that `colors` are of, where the file goes by their names.
    """

    colors: NDArray[np.int64] | None
    claims: Mapping[str, Any] = field(default_factory=dict)
    names: tuple[str, ...] | None = None

    def colors_of(self, graph: ConflictGraph) -> NDArray[np.int64] | None:
        """Give the colors in the order of a graph's nodes, whatever that of the file is.

        Raises
        ------
        InputError
            The file names other nodes than the graph has.
        """
        if self.colors is None or self.names is None:
            return self.colors
        if len(self.names) != graph.num_nodes:
            raise InputError(
                f"the solution has {counted(len(self.names), 'node')}, the graph {graph.num_nodes}"
            )
        colors = np.empty(graph.num_nodes, dtype=np.int64)
        colors[[graph.node(name) for name in self.names]] = self.colors
        return colors


def require_solution_name(path: str | os.PathLike[str]) -> None:
    """Refuse a name whose suffix is of no solution format.

    Raises
    ------
    InputError
        With the suffixes there are.
    """
    suffix = Path(path).suffix.lower()
    if suffix not in (_JSON, _TABLE, *_TEXT):
        known = ", ".join((_JSON, _TABLE, *_TEXT))
        raise InputError(f"cannot tell the solution format of {path}: use {known}")


def write_solution(path: str | os.PathLike[str], solution: Mapping[str, Any]) -> None:
    """Write a solution by its suffix: ``.json``, ``.csv``, or ``.sol`` and ``.txt``.

    Parameters
    ----------
    path : path-like
        Where to; it appears whole or not at all.
    solution : mapping
        What a JSON solution holds; the text form takes its ``colors``, ``num_colors``,
        ``instance_hash``, ``status`` and ``options``, the table its ``nodes`` and ``colors``.

    Raises
    ------
    InputError
        The suffix is unknown, the file cannot be written, or there is no coloring and the form
        is not JSON.
    """
    require_solution_name(path)
    if Path(path).suffix.lower() == _JSON:
        text = json.dumps(solution, allow_nan=False) + "\n"
    else:
        colors = solution["colors"]
        if colors is None:
            raise InputError(f"there is no coloring to write to {path}; .json can say so")
        if Path(path).suffix.lower() == _TABLE:
            rows = zip(solution["nodes"], colors, strict=True)
            write_pieces(path, [table_text([_HEADER, *rows])])
            return
        options = solution.get("options", {})
        asked = (options.get("problem"), options.get("k"))
        lines = [
            f"c graph {solution['instance_hash']}",
            *([] if asked[0] is None else [" ".join(f"{p}" for p in ("c problem", *asked) if p)]),
            *_capacity_lines(options),
            f"c status {solution['status']}",
            f"s col {solution['num_colors']}",
            *(f"l {node} {color + 1}" for node, color in enumerate(colors, 1)),
        ]
        text = "\n".join(lines) + "\n"
    with atomic_file(path) as file:
        file.write(text.encode())


def _capacity_lines(options: Mapping[str, Any]) -> list[str]:
    if options.get("capacity") is None:
        return []
    sizes = options.get("sizes")
    # Lines of files have a limit, so that many sizes take several.
    rows = [] if sizes is None else [sizes[i : i + _ROW] for i in range(0, len(sizes), _ROW)]
    return [
        f"c capacity {options['capacity']}",
        *(" ".join(map(str, ("c sizes", *row))) for row in rows),
    ]


def read_solution(path: str | os.PathLike[str], limits: Limits | None = None) -> Solution:
    """Read a solution by its suffix.

    Raises
    ------
    FormatError
        The file breaks its format; with the line or key.
    InputError
        The suffix is unknown, or the file cannot be read.
    """
    require_solution_name(path)
    limits = limits or Limits()
    if Path(path).suffix.lower() == _JSON:
        return _read_json(Path(path), limits)
    if Path(path).suffix.lower() == _TABLE:
        return _read_table(Path(path), limits)
    return _read_text(Path(path), limits)


def _read_json(path: Path, limits: Limits) -> Solution:
    found = load_object(path, limits)
    require_format(found, SOLUTION_FORMAT, SOLUTION_VERSION, str(path))
    if "colors" not in found:
        raise FormatError("no colors", str(path))
    colors = found.pop("colors")
    claims = {
        key: _claim(key, value, str(path)) for key, value in found.items() if value is not None
    }
    if colors is None:
        return Solution(None, claims)
    if not isinstance(colors, list):
        raise FormatError("colors must be a list, one color per node", str(path))
    limits.require_nodes(len(colors), str(path))
    for at, color in enumerate(colors):
        if not _is_whole(color):
            raise FormatError(f"colors[{at}] is {str(color)[:40]!r}, not a whole number", str(path))
    names = _names(claims.get("nodes"), len(colors), str(path))
    return Solution(frozen(np.array(colors, dtype=np.int64)), claims, names)


def _names(nodes: list[Any] | None, count: int, path: str) -> tuple[str, ...] | None:
    """Read the names that the colors are of; a whole number is the name of its digits."""
    if nodes is None:
        return None
    if len(nodes) != count:
        raise FormatError(f"{counted(len(nodes), 'node')}, but {counted(count, 'color')}", path)
    seen: dict[str, None] = {}
    for at, node in enumerate(nodes):
        if not isinstance(node, str) and not _is_whole(node):
            raise FormatError(f"nodes[{at}] is {str(node)[:40]!r}, no name of a node", path)
        if str(node) in seen:
            raise FormatError(f"node {str(node)[:40]!r} has two colors", path)
        seen[str(node)] = None
    return tuple(seen)


def _claim(key: str, value: Any, path: str) -> Any:
    """Give a claim back that is of its type, or is not known."""
    fits, what = _CLAIMS.get(key, (lambda _: True, ""))
    if not fits(value):
        raise FormatError(f"{key} is {str(value)[:40]!r}, not {what}", path)
    return value


def _is_whole(value: Any) -> bool:
    # bool is an int to isinstance
    return type(value) is int and -(2**62) < value < 2**62


def _is_finite(value: Any) -> bool:
    return type(value) in (int, float) and abs(value) <= sys.float_info.max


# What a JSON solution may say beside its colors, if it does.
_CLAIMS: dict[str, tuple[Callable[[Any], bool], str]] = {
    **dict.fromkeys(
        ("objective", "lower_bound", "gap", "runtime", "scaling_error"),
        (_is_finite, "a finite number"),
    ),
    **dict.fromkeys(("num_colors", "seed", "workers"), (_is_whole, "a whole number")),
    **dict.fromkeys(
        ("status", "stop_reason", "solver", "instance_hash", "message"),
        (lambda value: isinstance(value, str), "a string"),
    ),
    **dict.fromkeys(("options", "versions"), (lambda value: isinstance(value, dict), "an object")),
    **dict.fromkeys(("nodes", "trace"), (lambda value: isinstance(value, list), "a list")),
}


def _read_table(path: Path, limits: Limits) -> Solution:
    color_of: dict[str, int] = {}
    line = 0
    try:
        text = read_all(path, limits).decode("utf-8-sig")
        rows = csv.reader(io.StringIO(text, newline=""), strict=True)
        for row in rows:
            line = rows.line_num
            if not row or (line == 1 and [field.strip().lower() for field in row] == _HEADER):
                continue
            color = row[-1].strip()
            if len(row) != 2 or not _is_number(color.encode()):
                raise FormatError("expected NODE,COLOR with colors from 0", str(path), line)
            if row[0] in color_of:
                raise FormatError(f"node {row[0][:40]!r} has two colors", str(path), line)
            color_of[row[0]] = int(color)
            limits.require_nodes(len(color_of), str(path))
    except UnicodeDecodeError as error:
        raise FormatError("not UTF-8 text", str(path)) from error
    except csv.Error as error:
        raise FormatError(f"not CSV: {error}", str(path), line + 1) from error
    colors = np.array(list(color_of.values()), dtype=np.int64)
    return Solution(frozen(colors), {}, tuple(color_of))


def _read_text(path: Path, limits: Limits) -> Solution:
    promised: int | None = None
    claims: dict[str, Any] = {}
    color_of: dict[int, int] = {}
    line = 0
    for block in line_blocks(path, limits):
        for row in block.split(b"\n")[:-1]:
            line += 1
            match row.split():
                case [b"c", b"graph", graph] if len(graph) == 64:
                    claims["instance_hash"] = graph.decode("ascii", "replace")
                case [b"c", b"problem", kind, *k] if kind in _KINDS and len(k) < 2:
                    if all(_is_count(number) for number in k):
                        claims["options"] = {
                            "problem": kind.decode(),
                            "k": int(k[0]) if k else None,
                        }
                case [b"c", b"capacity" | b"sizes" as key, *words] if (
                    claims.get("options", {}).get("problem") == _CAPACITATED
                ):
                    _claim_capacity(claims["options"], key, words, (str(path), line))
                    limits.require_nodes(len(claims["options"].get("sizes") or ()), str(path))
                case [] | [b"c", *_]:
                    continue
                case [b"s", b"col", classes] if _is_number(classes) and promised is None:
                    promised = int(classes)
                case [b"l", node, color] if _is_count(node) and _is_count(color):
                    if int(node) in color_of:
                        raise FormatError(f"node {int(node)} has two colors", str(path), line)
                    color_of[int(node)] = int(color) - 1
                    limits.require_nodes(len(color_of), str(path))
                case _:
                    raise FormatError(
                        "expected 'c ...', one 's col COLORS', or 'l NODE COLOR' with numbers "
                        "from 1",
                        str(path),
                        line,
                    )
    if promised is None:
        raise FormatError("no line 's col COLORS': not a solution file", str(path))
    numbers = range(1, len(color_of) + 1)
    missing = next((number for number in numbers if number not in color_of), None)
    if missing is not None:
        raise FormatError(f"no color for node {missing}", str(path))
    colors = np.array([color_of[number] for number in numbers], dtype=np.int64)
    return Solution(frozen(colors), {**claims, "num_colors": promised})


def _claim_capacity(
    options: dict[str, Any], key: bytes, words: list[bytes], where: tuple[str, int]
) -> None:
    """Add what a line says of the capacity, or of the sizes of further nodes."""
    if not all(_is_count(word) for word in words) or (
        key == b"capacity" and (len(words) != 1 or "capacity" in options)
    ):
        raise FormatError(
            "expected one 'c capacity C', and 'c sizes SIZE SIZE ...', with numbers from 1", *where
        )
    if key == b"capacity":
        options["capacity"] = int(words[0])
    else:
        options.setdefault("sizes", []).extend(map(int, words))


def _is_number(token: bytes) -> bool:
    """Whether it is a whole number that fits in 64 bits."""
    return token.isdigit() and len(token) <= 18


def _is_count(token: bytes) -> bool:
    """Whether it is such a number, from 1."""
    return _is_number(token) and int(token) >= 1
