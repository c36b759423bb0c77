"""What the writers of all formats share: edges in order, numbers as text, what a format holds."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from geocolor.errors import InputError
from geocolor.graph import ConflictGraph

__all__ = ["Row", "edge_rows", "names", "number", "require_room"]

Row = tuple[int, int, float | None, bool]
"""Two nodes u < v, the weight of the pair if it has one, and whether it is a hard conflict."""

# Edges of a chunk, and bytes of the names at them: one name may be long, and at every edge.
_CHUNK, _CHUNK_BYTES = 1 << 16, 1 << 24


def edge_rows(graph: ConflictGraph) -> Iterator[list[Row]]:
    """Give conflicts and weighted pairs in ascending order, each pair once, in chunks."""
    hard, weighted = graph.conflicts.edges(), graph.weights.edges()
    ends = np.concatenate([weighted, hard]).astype(np.int64)
    keys, place = np.unique(ends[:, 0] << 32 | ends[:, 1], return_inverse=True)
    values = np.full(len(keys), np.nan)
    values[place[: len(weighted)]] = graph.weights.edge_values()
    conflict = np.zeros(len(keys), dtype=bool)
    conflict[place[len(weighted) :]] = True
    longest = max(map(len, graph.labels or ()), default=1) or 1
    step = max(1, min(_CHUNK, _CHUNK_BYTES // longest))
    for start in range(0, len(keys), step):
        part = slice(start, start + step)
        columns = (keys[part] >> 32, keys[part] & 0xFFFFFFFF, values[part], conflict[part])
        rows = zip(*(column.tolist() for column in columns), strict=True)
        yield [(u, v, None if w != w else w, c) for u, v, w, c in rows]


def number(value: float) -> str:
    """Write a whole number as such; all others so that they come back exactly."""
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(value)


def names(graph: ConflictGraph) -> list[str]:
    """Names of all nodes; their numbers from 0 where they have none."""
    return list(map(str, range(graph.num_nodes))) if graph.labels is None else list(graph.labels)


def require_room(
    graph: ConflictGraph,
    what: str,
    *,
    weights: bool = True,
    both: bool = True,
    sizes: bool = True,
) -> None:
    """Refuse a graph that a format has no room for.

    Parameters
    ----------
    graph : ConflictGraph
        The graph.
    what : str
        What the format is called.
    weights, both, sizes : bool
        Whether it holds weights, weights beside hard conflicts, and sizes; no weights, no sizes.

    Raises
    ------
    InputError
        With what does not fit.
    """
    sized = bool((graph.sizes != 1.0).any())
    if not weights and (graph.is_weighted or sized):
        raise InputError(f"{what} holds neither weights nor sizes; write .json")
    if not sizes and sized:
        raise InputError(f"{what} holds no sizes of nodes; write .json")
    if not both and graph.is_weighted and graph.conflicts.num_edges:
        raise InputError(
            f"{what} holds weights or hard conflicts, and this graph has both; write .json"
        )
