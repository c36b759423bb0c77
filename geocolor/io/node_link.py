"""Node-link JSON (``.json``), as networkx writes it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from geocolor.errors import FormatError
from geocolor.graph import ConflictGraph
from geocolor.io.attributed import AttributedParts
from geocolor.io.json_text import parse_object
from geocolor.io.listing import Listing
from geocolor.io.meaning import Meaning, Weights
from geocolor.io.source import Source
from geocolor.io.writing import edge_rows, names

__all__ = ["node_link_text", "read_node_link"]

# Up to there each whole number is a double.
_EXACT = 2**53


def read_node_link(source: Source, meaning: Meaning) -> Listing:
    """Read an object with a list ``nodes``, and one of edges, ``edges`` or ``links``.

    Raises
    ------
    FormatError
        The file breaks the format; with the place.
    LimitError
        It is larger than the limits.
    """
    where = source.name
    found = parse_object(source.read_all(), where, source.limits)
    directed = found.get("directed")
    if directed is not None and type(directed) is not bool:
        raise FormatError("directed must be true or false", where)
    edges = "links" if "links" in found else "edges"
    parts = AttributedParts(where, source.limits, meaning, directed=bool(directed))
    for at, node in enumerate(_objects(found, "nodes", where)):
        parts.node(
            _key(node, "id", f"nodes[{at}]", where),
            (_called(node, "name"), _called(node, "label")),
            _number(node, "size", f"nodes[{at}]", where),
        )
    ignored = meaning.weights is Weights.IGNORE
    for at, edge in enumerate(_objects(found, edges, where)):
        place = f"{edges}[{at}]"
        ends = (_key(edge, "source", place, where), _key(edge, "target", place, where))
        conflict = edge.get("conflict", False)
        if type(conflict) is not bool:
            raise FormatError(f"{place}.conflict must be true or false", where)
        parts.edge(ends, None if ignored else _number(edge, "weight", place, where), conflict)
        for key in edge.keys() - {"source", "target", "weight", "conflict", "key"}:
            parts.ignore(key)
    return parts.listing()


def _objects(found: dict[str, Any], key: str, where: str) -> list[dict[str, Any]]:
    rows = found.get(key)
    if not isinstance(rows, list):
        raise FormatError(f"{key} must be a list", where)
    for at, row in enumerate(rows):
        if not isinstance(row, dict):
            raise FormatError(f"{key}[{at}] must be an object", where)
    return rows


def _key(row: dict[str, Any], key: str, place: str, where: str) -> str:
    value = row.get(key)
    if type(value) not in (str, int, float):
        raise FormatError(f"{place}.{key} must be a string or a number", where)
    if isinstance(value, float) and value.is_integer() and abs(value) < _EXACT:
        return str(int(value))  # 1.0 and 1 are one key, as they are to Python and to JavaScript
    return str(value)


def _called(row: dict[str, Any], key: str) -> str | None:
    value = row.get(key)
    return str(value) if type(value) in (str, int) else None


def _number(row: dict[str, Any], key: str, place: str, where: str) -> float | None:
    value = row.get(key)
    if value is not None and type(value) not in (int, float):
        raise FormatError(f"{place}.{key} is {str(value)[:40]!r}, not a finite number", where)
    return value


def node_link_text(graph: ConflictGraph) -> Iterator[bytes]:
    """Text of a graph that ``networkx.node_link_graph`` reads, in pieces."""
    called: list[Any] = list(range(graph.num_nodes)) if graph.labels is None else names(graph)
    yield b'{"directed": false, "multigraph": false, "graph": {},\n"nodes": ['
    yield ",\n".join(
        json.dumps({"id": name} if size == 1.0 else {"id": name, "size": size})
        for name, size in zip(called, graph.sizes.tolist(), strict=True)
    ).encode()
    yield b'],\n"edges": ['
    for at, rows in enumerate(edge_rows(graph)):
        yield b",\n" if at else b""
        yield ",\n".join(
            json.dumps(
                {"source": called[u], "target": called[v]}
                | ({} if weight is None else {"weight": weight})
                | ({"conflict": True} if weight is not None and hard else {})
            )
            for u, v, weight, hard in rows
        ).encode()
    yield b"]}\n"
