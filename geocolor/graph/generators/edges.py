"""Arrays of edges, and how many of them are too many."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geocolor.errors import LimitError

__all__ = [
    "CHUNK",
    "MAX_EDGES",
    "MAX_PAIRS",
    "cliques",
    "pair_of",
    "pairs",
    "pairs_where",
    "require_edges",
    "require_pairs",
]

# More would not fit the memory of an ordinary machine while the graph is built.
MAX_PAIRS = 2_000_000_000
MAX_EDGES = 50_000_000
# Pairs looked at in one go.
CHUNK = 1 << 22


def require_edges(count: float, name: str) -> None:
    """Refuse a graph of more edges, or nodes, than can be built.

    Raises
    ------
    LimitError
        There are more than :data:`MAX_EDGES`.
    """
    if count > MAX_EDGES:
        raise LimitError(f"{name} is too large")


def require_pairs(nodes: int, name: str) -> None:
    """Refuse a graph of more pairs of nodes than can be looked at one by one.

    Raises
    ------
    LimitError
        There are more than :data:`MAX_PAIRS`.
    """
    if nodes * (nodes - 1) // 2 > MAX_PAIRS:
        raise LimitError(f"{name} is too large")


def pairs(tails: ArrayLike, heads: ArrayLike) -> NDArray[np.int64]:
    """Edges from their ends, two arrays of one size and any shape; shape (m, 2)."""
    ends = [np.asarray(side, dtype=np.int64).ravel() for side in (tails, heads)]
    return np.stack(ends, axis=1)


def cliques(groups: NDArray[np.int64]) -> NDArray[np.int64]:
    """All pairs within each row of `groups`, shape (g, s); shape (g * s * (s - 1) / 2, 2)."""
    first, second = np.triu_indices(groups.shape[1], 1)
    return pairs(groups[:, first], groups[:, second])


def pair_of(index: NDArray[np.int64], n: int) -> NDArray[np.int64]:
    """Pairs u < v by their places in row-major order of the upper triangle."""
    first = np.arange(max(n, 1), dtype=np.int64)
    row_start = first * (2 * n - first - 1) // 2
    u = np.searchsorted(row_start[: max(n - 1, 1)], index, side="right") - 1
    return pairs(u, index - row_start[u] + u + 1)


def pairs_where(
    n: int, related: Callable[[NDArray[np.int64], NDArray[np.int64]], NDArray[np.bool_]]
) -> NDArray[np.int64]:
    """Pairs u < v of n nodes that are related; all are looked at, a block of rows at a time.

    Parameters
    ----------
    n : int
        Nodes.
    related : callable
        Takes nodes of shapes (rows, 1) and (columns,); gives shape (rows, columns).
    """
    found = [pairs([], [])]
    rows = max(1, CHUNK // max(n, 1))
    for start in range(0, n, rows):
        u = np.arange(start, min(start + rows, n))[:, None]
        v = np.arange(start + 1, n)
        found.append(np.argwhere(related(u, v) & (u < v)) + np.array([start, start + 1]))
    return np.concatenate(found)
