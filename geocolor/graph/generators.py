"""Graphs made from nothing: known families and random ones.

Random graphs use only the raw 64-bit stream of PCG64, which numpy promises never to change, and
arithmetic that is rounded the same everywhere; so a seed means the same graph on any machine.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from geocolor.errors import InputError, LimitError
from geocolor.graph.conflict_graph import ConflictGraph

__all__ = ["gnp", "layers", "mycielski", "queen"]

# More would not fit the memory of an ordinary machine while the graph is built.
_MAX_PAIRS = 2_000_000_000
_MAX_EDGES = 50_000_000
_CHUNK = 1 << 22


def queen(rows: int, columns: int) -> ConflictGraph:
    """Queen graph: squares of a board, in conflict if a queen moves between them.

    Parameters
    ----------
    rows, columns : int
        Size of the board. Nodes are its squares row by row, as in the DIMACS files.

    Returns
    -------
    ConflictGraph
        It needs at least ``max(rows, columns)`` colors; an n x n board with n neither a multiple
        of 2 nor of 3 needs exactly n.

    Raises
    ------
    InputError
        The board has no squares.
    LimitError
        It has too many moves.

    Examples
    --------
    >>> queen(5, 5)
    ConflictGraph(num_nodes=25, conflicts=160, weights=0)
    """
    if rows < 1 or columns < 1:
        raise InputError(f"a board needs at least one row and column, not {rows} x {columns}")
    # At most so many moves: along its row, its column and two diagonals from each square.
    if rows * columns * 2 * (rows + columns) > _MAX_EDGES:
        raise LimitError(f"the queen graph of {rows} x {columns} has too many edges")
    board = np.arange(rows * columns).reshape(rows, columns)
    parts = [_pairs(board[:, :-d], board[:, d:]) for d in range(1, columns)]
    parts += [_pairs(board[:-d], board[d:]) for d in range(1, rows)]
    for d in range(1, min(rows, columns)):
        parts.append(_pairs(board[:-d, :-d], board[d:, d:]))
        parts.append(_pairs(board[:-d, d:], board[d:, :-d]))
    return ConflictGraph.from_edges(rows * columns, np.concatenate([_pairs([], []), *parts]))


def _pairs(tails: object, heads: object) -> NDArray[np.int64]:
    ends = [np.asarray(side, dtype=np.int64).ravel() for side in (tails, heads)]
    return np.stack(ends, axis=1)


def mycielski(k: int) -> ConflictGraph:
    """Mycielski graph, DIMACS ``mycielK``: no triangle, yet k + 1 colors.

    Parameters
    ----------
    k : int
        At least 1: 1 is an edge, 2 the pentagon, 3 the Grötzsch graph of 11 nodes.

    Returns
    -------
    ConflictGraph
        Of ``3 * 2**(k - 1) - 1`` nodes; its chromatic number is k + 1.

    Raises
    ------
    InputError
        `k` is not positive.
    LimitError
        The graph would be too large.

    Examples
    --------
    >>> mycielski(3)
    ConflictGraph(num_nodes=11, conflicts=20, weights=0)
    """
    if k < 1:
        raise InputError(f"a Mycielski graph needs k of at least 1, not {k}")
    if k > 15:  # about three times the edges with each step
        raise LimitError(f"the Mycielski graph of k = {k} is too large; up to 15")
    count, edges = 2, _pairs([0], [1])
    for _ in range(k - 1):
        u, v = edges.T
        originals = np.arange(count)
        apex = np.full(count, 2 * count)
        edges = np.concatenate(
            [edges, _pairs(u, v + count), _pairs(v, u + count), _pairs(originals + count, apex)]
        )
        count = 2 * count + 1
    return ConflictGraph.from_edges(count, edges)


def gnp(n: int, p: float, seed: int = 0) -> ConflictGraph:
    """Random graph: each pair in conflict with probability p, independently.

    Parameters
    ----------
    n : int
        Nodes.
    p : float
        Probability, 0 to 1.
    seed : int
        The same seed gives the same graph, everywhere and always.

    Returns
    -------
    ConflictGraph
        Without weights.

    Raises
    ------
    InputError
        An argument is out of range.
    LimitError
        There would be too many pairs to draw or edges to keep.

    Examples
    --------
    >>> gnp(100, 0.5, seed=1).conflicts.num_edges
    2490
    """
    if n < 0 or not 0.0 <= p <= 1.0:
        raise InputError(f"n must not be negative and p between 0 and 1: n={n}, p={p}")
    total = n * (n - 1) // 2
    if total > _MAX_PAIRS or p * total > _MAX_EDGES:
        raise LimitError(f"a random graph of n={n} and p={p} is too large")
    stream = _stream(seed)
    kept = [np.empty(0, dtype=np.int64)]
    for start in range(0, total, _CHUNK):
        drawn = _uniform(stream, min(_CHUNK, total - start))
        kept.append(np.flatnonzero(drawn < p) + start)
    return ConflictGraph.from_edges(n, _pair_of(np.concatenate(kept), n))


def layers(
    depth: int,
    seed: int = 0,
    *,
    clusters: int = 4,
    spread: float = 0.35,
    conflict_share: float = 0.15,
) -> ConflictGraph:
    """Layers of an imaginary model: clustered costs of sharing, and some hard conflicts.

    Each layer is a point near the center of its cluster, and drifts with depth; a pair costs the
    squared distance of its points times the geometric mean of their sensitivities. The pairs
    whose cost, disturbed, is largest are hard conflicts: a trust region that knows the cost only
    roughly.

    Parameters
    ----------
    depth : int
        Layers.
    seed : int
        The same seed gives the same graph, everywhere and always.
    clusters : int
        Centers the layers gather around, at random.
    spread : float
        Size of a cluster, relative to the distance between clusters.
    conflict_share : float
        Share of pairs that must not share, 0 to 1.

    Returns
    -------
    ConflictGraph
        All pairs weighted, positively, in multiples of 1e-6; labels ``layer.0`` and so on.

    Raises
    ------
    InputError
        An argument is out of range.
    LimitError
        There would be too many pairs.

    Examples
    --------
    >>> layers(12, seed=0)
    ConflictGraph(num_nodes=12, conflicts=10, weights=66)
    """
    if depth < 0 or clusters < 1 or not 0.0 <= conflict_share <= 1.0:
        raise InputError(
            "depth must not be negative, clusters at least 1 and conflict_share between 0 and 1: "
            f"depth={depth}, clusters={clusters}, conflict_share={conflict_share}"
        )
    if not 0.0 <= spread < math.inf:
        raise InputError(f"spread must be finite and not negative, not {spread}")
    total = depth * (depth - 1) // 2
    if total > _MAX_EDGES:
        raise LimitError(f"{depth} layers have too many pairs")
    stream = _stream(seed)
    centers = [_uniform(stream, clusters) for _ in range(3)]
    member = np.minimum((_uniform(stream, depth) * clusters).astype(np.int64), clusters - 1)
    drift = np.arange(depth) / max(depth, 1)
    sensitivity = 0.25 + _uniform(stream, depth)
    pairs = _pair_of(np.arange(total), depth)
    u, v = pairs[:, 0], pairs[:, 1]
    squared = 0.25 * (drift[u] - drift[v]) ** 2
    for center in centers:
        coordinate = center[member] + spread * (_uniform(stream, depth) - 0.5)
        squared = squared + (coordinate[u] - coordinate[v]) ** 2
    # Only + - * / and sqrt: the other functions round differently from machine to machine.
    cost = squared * np.sqrt(sensitivity[u] * sensitivity[v])
    weights = (np.floor(cost * 1e6) + 1.0) / 1e6
    rough = weights * (0.5 + _uniform(stream, total))
    count = math.floor(conflict_share * total + 0.5)
    forbidden = np.argsort(-rough, kind="stable")[:count]
    return ConflictGraph.from_edges(
        depth,
        pairs,
        weights,
        conflicts=pairs[forbidden],
        labels=[f"layer.{i}" for i in range(depth)],
    )


def _stream(seed: int) -> np.random.PCG64:
    if seed < 0:
        raise InputError(f"the seed must not be negative: {seed}")
    return np.random.PCG64(seed)


def _uniform(stream: np.random.PCG64, count: int) -> NDArray[np.float64]:
    """Draw from [0, 1), 53 bits each."""
    raw = stream.random_raw(count)
    return (raw >> np.uint64(11)).astype(np.float64) * 2.0**-53


def _pair_of(index: NDArray[np.int64], n: int) -> NDArray[np.int64]:
    """Pairs u < v by their places in row-major order of the upper triangle."""
    first = np.arange(max(n, 1), dtype=np.int64)
    row_start = first * (2 * n - first - 1) // 2
    u = np.searchsorted(row_start[: max(n - 1, 1)], index, side="right") - 1
    return _pairs(u, index - row_start[u] + u + 1)
