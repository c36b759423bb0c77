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
from collections.abc import Iterator
from typing import Any

import numpy as np

from geocolor.errors import FormatError
from geocolor.graph import ConflictGraph
from geocolor.io.json_text import parse_object, require_format
from geocolor.io.listing import Listing
from geocolor.io.meaning import Meaning
from geocolor.io.source import Source

__all__ = ["native_text", "read_native"]

_FORMAT = "geocolor.graph"
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
    found = parse_object(source.read_all(), where)
    require_format(found, _FORMAT, _VERSION, where)
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
    for at, row in enumerate(conflicts):
        _check_pair(row, 2, nodes, f"conflicts[{at}]", where)
    seen = set()
    for at, row in enumerate(weights):
        name = f"weights[{at}]"
        _check_pair(row, 3, nodes, name, where)
        _check_float(row[2], f"{name}[2]", where)
        pair = (row[0], row[1]) if row[0] < row[1] else (row[1], row[0])
        if pair in seen:
            raise FormatError(f"{name} repeats the pair {list(pair)}", where)
        seen.add(pair)
    labels = _list(found, "labels", where)
    for at, label in enumerate(labels or []):
        if not isinstance(label, str):
            raise FormatError(f"labels[{at}] must be a string, not {label!r}", where)
    if labels is not None and len(labels) != nodes:
        raise FormatError(f"{nodes} nodes but {len(labels)} labels", where)
    sizes = _list(found, "sizes", where)
    for at, size in enumerate(sizes or []):
        _check_float(size, f"sizes[{at}]", where)
    rows = [row[:2] for row in weights] + conflicts
    return Listing(
        nodes,
        np.array(rows, dtype=np.int32).reshape(-1, 2),
        np.array([float(row[2]) for row in weights] + [np.nan] * len(conflicts)),
        np.repeat([False, True], [len(weights), len(conflicts)]),
        labels=labels,
        sizes=None if sizes is None else np.array(sizes, dtype=np.float64),
    )


def _list(found: dict[str, Any], key: str, path: str) -> list[Any] | None:
    value = found.get(key)
    if key in found and not isinstance(value, list):
        raise FormatError(f"{key} must be a list", path)
    return value


def _check_pair(row: Any, length: int, nodes: int, name: str, path: str) -> None:
    if type(row) is not list or len(row) != length:
        wanted = "[node, node]" if length == 2 else "[node, node, weight]"
        raise FormatError(f"{name} must be {wanted}", path)
    u, v = row[0], row[1]
    for node in (u, v):
        # bool is an int to isinstance; a node called true is a mistake
        if type(node) is not int or not 0 <= node < nodes:
            raise FormatError(
                f"{name} names node {node!r}; nodes are the whole numbers 0 to {nodes - 1}", path
            )
    if u == v:
        raise FormatError(f"{name} joins node {u} to itself", path)


def _check_float(value: Any, name: str, path: str) -> None:
    if type(value) is int:
        try:
            value = float(value)
        except OverflowError:
            value = math.inf
    if type(value) is not float or not math.isfinite(value):
        raise FormatError(f"{name} is {str(value)[:40]}, not a finite number", path)


def native_text(graph: ConflictGraph) -> Iterator[bytes]:
    """Text of a graph in native form, in pieces; the same graph gives the same bytes."""
    head: dict[str, Any] = {
        "format": _FORMAT,
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
