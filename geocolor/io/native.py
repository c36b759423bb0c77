"""The native format: versioned JSON that keeps everything a conflict graph holds.

::

    {"format": "geocolor.graph", "version": 1, "num_nodes": 3,
     "labels": ["a", "b", "c"],                  may be left out
     "sizes": [1.0, 2.5, 1.0],                   may be left out: all 1
     "conflicts": [[0, 1]],                      nodes count from 0
     "weights": [[0, 2, 0.25], [1, 2, -1.5]]}    no pair twice

Floats are written in their shortest exact form and come back bit for bit.
"""

from __future__ import annotations

import json
import math
import operator
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geocolor.errors import FormatError
from geocolor.graph import ConflictGraph
from geocolor.io.json_text import parse_object, require_format
from geocolor.io.listing import Listing
from geocolor.io.meaning import Meaning
from geocolor.io.source import Source
from geocolor.wording import counted

__all__ = ["GRAPH_FORMAT", "native_text", "read_native"]

GRAPH_FORMAT = "geocolor.graph"
_VERSION = 1
_KEYS = {"format", "version", "num_nodes", "labels", "sizes", "conflicts", "weights"}


def read_native(source: Source, meaning: Meaning) -> Listing:
    """Read a native JSON graph.

    Raises
    ------
    FormatError
        The file breaks the format; with the place.
    LimitError
        It is larger than the limits.
    """
    where, limits = source.name, source.limits
    found = parse_object(source.read_all(), where, source.limits)
    require_format(found, GRAPH_FORMAT, _VERSION, where)
    unknown = sorted(found.keys() - _KEYS)
    if unknown:
        raise FormatError(f"unknown key {unknown[0]!r}", where)
    nodes = found.get("num_nodes")
    if type(nodes) is not int or nodes < 0:
        raise FormatError(f"num_nodes must be a whole number, not {nodes!r}", where)
    limits.require_nodes(nodes, where)
    conflicts = _list(found, "conflicts", where) or []
    weights = _list(found, "weights", where) or []
    limits.require_edges(len(conflicts), where)
    limits.require_edges(len(weights), where)
    hard = _pairs(conflicts, 2, nodes, "conflicts", where)
    weighted = _pairs(weights, 3, nodes, "weights", where)
    values = [row[2] for row in weights]
    _require_floats(values, "weights[{}][2]", where)
    _require_distinct(weighted, where)
    labels = _list(found, "labels", where)
    for at, label in enumerate(labels or []):
        if not isinstance(label, str):
            raise FormatError(f"labels[{at}] must be a string, not {label!r}", where)
    if labels is not None and len(labels) != nodes:
        raise FormatError(f"{counted(nodes, 'node')} but {counted(len(labels), 'label')}", where)
    sizes = _list(found, "sizes", where)
    _require_floats(sizes or [], "sizes[{}]", where)
    return Listing(
        nodes,
        np.concatenate([weighted, hard]),
        np.array(values + [np.nan] * len(conflicts), dtype=np.float64),
        np.repeat([False, True], [len(weights), len(conflicts)]),
        labels=labels,
        sizes=None if sizes is None else np.array(sizes, dtype=np.float64),
    )


def _list(found: dict[str, Any], key: str, path: str) -> list[Any] | None:
    value = found.get(key)
    if key in found and not isinstance(value, list):
        raise FormatError(f"{key} must be a list", path)
    return value


# Rows are judged all at once, and one by one only to say which of them is wrong.


def _pairs(rows: list[Any], length: int, nodes: int, key: str, path: str) -> NDArray[np.int32]:
    """Read rows of a length, each of which begins with two nodes."""
    if not _are_pairs(rows, length, nodes):
        for at, row in enumerate(rows):
            _check_pair(row, length, nodes, f"{key}[{at}]", path)
    return np.array([[row[side] for row in rows] for side in (0, 1)], dtype=np.int32).T


def _are_pairs(rows: list[Any], length: int, nodes: int) -> bool:
    if not (set(map(type, rows)) <= {list} and set(map(len, rows)) <= {length}):
        return False
    sides = [[row[side] for row in rows] for side in (0, 1)]
    return not any(map(operator.eq, *sides)) and all(
        # bool is an int to isinstance; a node called true is a mistake
        set(map(type, ends)) <= {int}
        and min(ends, default=0) >= 0
        and max(ends, default=-1) < nodes
        for ends in sides
    )


def _check_pair(row: Any, length: int, nodes: int, name: str, path: str) -> None:
    if type(row) is not list or len(row) != length:
        wanted = "[node, node]" if length == 2 else "[node, node, weight]"
        raise FormatError(f"{name} must be {wanted}", path)
    u, v = row[0], row[1]
    for node in (u, v):
        if type(node) is not int or not 0 <= node < nodes:
            raise FormatError(
                f"{name} names node {node!r}; nodes are the whole numbers 0 to {nodes - 1}", path
            )
    if u == v:
        raise FormatError(f"{name} joins node {u} to itself", path)


def _require_floats(values: list[Any], name: str, path: str) -> None:
    """Require finite numbers, of which `name` gives the place by number."""
    if not _are_floats(values):
        at = next(at for at, value in enumerate(values) if not _are_floats([value]))
        said = str(values[at])[:40]
        raise FormatError(f"{name.format(at)} is {said}, not a finite number", path)


def _are_floats(values: list[Any]) -> bool:
    try:
        return set(map(type, values)) <= {int, float} and all(map(math.isfinite, values))
    except OverflowError:  # a whole number beyond all doubles
        return False


def _require_distinct(pairs: NDArray[np.int32], path: str) -> None:
    """Require every pair once, whatever its direction."""
    low, high = pairs.min(axis=1, initial=2**31 - 1), pairs.max(axis=1, initial=0)
    _, first = np.unique(low.astype(np.int64) << 32 | high, return_index=True)
    if len(first) < len(pairs):
        at = int(np.setdiff1d(np.arange(len(pairs)), first)[0])
        pair = sorted(pairs[at].tolist())
        raise FormatError(f"weights[{at}] repeats the pair {pair}", path)


def native_text(graph: ConflictGraph) -> Iterator[bytes]:
    """Text of a graph in native form, in pieces; the same graph gives the same bytes."""
    head: dict[str, Any] = {
        "format": GRAPH_FORMAT,
        "version": _VERSION,
        "num_nodes": graph.num_nodes,
    }
    if graph.labels is not None:
        head["labels"] = list(graph.labels)
    if (graph.sizes != 1.0).any():
        head["sizes"] = graph.sizes.tolist()
    yield json.dumps(head)[:-1].encode()
    yield b',\n"conflicts": ['
    yield from _rows(f"[{u}, {v}]" for u, v in graph.conflicts.edges().tolist())
    yield b'],\n"weights": ['
    values = graph.weights.edge_values().tolist()
    yield from _rows(
        f"[{u}, {v}, {value!r}]"
        for (u, v), value in zip(graph.weights.edges().tolist(), values, strict=True)
    )
    yield b"]}\n"


def _rows(rows: Iterator[str]) -> Iterator[bytes]:
    for at, row in enumerate(rows):
        yield (f"\n{row}" if at == 0 else f",\n{row}").encode()
