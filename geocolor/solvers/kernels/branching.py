"""DSATUR branch and bound: a depth-first search that can stop and go on at any node."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from geocolor.graph.bits import lowest, ones
from geocolor.graph.jit import jit

__all__ = ["branching_chunk", "branching_start"]

_ONE = np.uint64(1)


@jit
def _paint(
    indptr: NDArray[np.int64],
    indices: NDArray[np.int32],
    v: int,
    color: int,
    beside: NDArray[np.int16],
    free: NDArray[np.uint64],
    saturation: NDArray[np.int32],
) -> None:
    """Tell the neighbors of v that it has a color now."""
    word, bit = color >> 6, _ONE << np.uint64(color & 63)
    for e in range(indptr[v], indptr[v + 1]):
        u = indices[e]
        beside[u, color] += 1
        if beside[u, color] == 1:
            free[u, word] ^= bit
            saturation[u] += 1


@jit
def _scrape(
    indptr: NDArray[np.int64],
    indices: NDArray[np.int32],
    v: int,
    color: int,
    beside: NDArray[np.int16],
    free: NDArray[np.uint64],
    saturation: NDArray[np.int32],
) -> None:
    """Undo `_paint`."""
    word, bit = color >> 6, _ONE << np.uint64(color & 63)
    for e in range(indptr[v], indptr[v + 1]):
        u = indices[e]
        beside[u, color] -= 1
        if beside[u, color] == 0:
            free[u, word] ^= bit
            saturation[u] -= 1


@jit
def _next_node(
    indptr: NDArray[np.int64],
    rows: NDArray[np.uint64],
    colors: NDArray[np.int32],
    free: NDArray[np.uint64],
    saturation: NDArray[np.int32],
    limit: int,
    tied: NDArray[np.uint64],
) -> tuple[int, int]:
    """Find the uncolored node with most colors beside it, and the work it took.

    Of several, the one that shares most free colors with its neighbors among them (PASS).
    """
    count = len(colors)
    top, ties, best = -1, 0, -1
    for v in range(count):
        if colors[v] >= 0 or saturation[v] < top:
            continue
        if saturation[v] > top:
            top, ties, best = saturation[v], 0, v
        ties += 1
    if ties == 1 or top >= limit - 1:
        return best, count
    tied[:] = 0
    for v in range(count):
        if colors[v] < 0 and saturation[v] == top:
            tied[v >> 6] |= _ONE << np.uint64(v & 63)
    # Only colors below `limit` - 1 are of use.
    words = (limit + 62) >> 6
    useful = ~np.uint64(0)
    if (limit - 1) & 63:
        useful = (_ONE << np.uint64((limit - 1) & 63)) - _ONE
    most, work = -1, 2 * count
    for i in range(len(tied)):
        mine = tied[i]
        while mine:
            v = (i << 6) + lowest(mine)
            mine &= mine - _ONE
            shared = 0
            for j in range(len(tied)):
                both = rows[v, j] & tied[j]
                while both:
                    u = (j << 6) + lowest(both)
                    both &= both - _ONE
                    for w in range(words - 1):
                        shared += ones(free[v, w] & free[u, w])
                    shared += ones(free[v, words - 1] & free[u, words - 1] & useful)
                    work += words
            work += len(tied)
            degree = indptr[v + 1] - indptr[v]
            if shared > most or (shared == most and degree > indptr[best + 1] - indptr[best]):
                most, best = shared, v
    return best, work


@jit
def branching_start(
    indptr: NDArray[np.int64],
    indices: NDArray[np.int32],
    rows: NDArray[np.uint64],
    clique: NDArray[np.int64],
    colors: NDArray[np.int32],
    beside: NDArray[np.int16],
    free: NDArray[np.uint64],
    saturation: NDArray[np.int32],
    path: NDArray[np.int32],
    opened: NDArray[np.int32],
    limit: int,
) -> None:
    """Fill the rows of the graph, color the clique, and choose the node to branch on first."""
    for v in range(len(colors)):
        for e in range(indptr[v], indptr[v + 1]):
            u = np.int64(indices[e])
            rows[v, u >> 6] |= _ONE << np.uint64(u & 63)
    for i in range(len(clique)):
        path[i] = clique[i]
        opened[i] = i
        colors[clique[i]] = i
        _paint(indptr, indices, clique[i], i, beside, free, saturation)
    depth = len(clique)
    opened[depth] = depth
    tied = np.empty(rows.shape[1], dtype=np.uint64)
    path[depth] = _next_node(indptr, rows, colors, free, saturation, limit, tied)[0]


@jit
def branching_chunk(
    indptr: NDArray[np.int64],
    indices: NDArray[np.int32],
    rows: NDArray[np.uint64],
    colors: NDArray[np.int32],
    beside: NDArray[np.int16],
    free: NDArray[np.uint64],
    saturation: NDArray[np.int32],
    path: NDArray[np.int32],
    opened: NDArray[np.int32],
    best_colors: NDArray[np.int32],
    root: int,
    depth: int,
    limit: int,
    most: int,
    max_work: int,
) -> tuple[int, int, int]:
    """Search on for a coloring with fewer than `limit` colors.

    The arrays carry the state on from :func:`branching_start` and from call to call; `limit` may
    fall between two calls.

    Parameters
    ----------
    rows : ndarray of uint64, shape (n, words)
        Bit u of row v says that they are neighbors.
    colors : ndarray of int32, shape (n,)
        -1 off the path; the node at its end may have the color that was tried last.
    beside : ndarray of int16, shape (n, k)
        Neighbors of a node by color.
    free : ndarray of uint64, shape (n, words)
        Colors that no neighbor has, as bits.
    saturation : ndarray of int32, shape (n,)
        Colors that some neighbor has.
    path, opened : ndarray of int32, shapes (n,) and (n + 1,)
        The nodes in the order of branching, and the colors in use before each.
    best_colors : ndarray of int32, shape (n,)
        Gets each coloring found.
    root, depth : int
        Where on the path the branching begins, and where it stands.
    most : int
        Branches to visit before returning.
    max_work : int
        Entries to read before returning.

    Returns
    -------
    tuple of int
        Depth, less than `root` once everything was tried; the limit, which is the number of
        colors of the last coloring found; branches visited.
    """
    count = len(colors)
    tied = np.empty(rows.shape[1], dtype=np.uint64)
    visited, work = 0, 0
    while depth >= root and visited < most and work < max_work:
        v = path[depth]
        last = colors[v]
        if last >= 0:
            _scrape(indptr, indices, v, last, beside, free, saturation)
            colors[v] = -1
        used = opened[depth]
        # The first color not yet in use stands for all the others.
        stop = min(used, limit - 2) if used < limit else -1
        color = last + 1
        while color <= stop and not (free[v, color >> 6] >> np.uint64(color & 63)) & _ONE:
            color += 1
        work += 2 * (indptr[v + 1] - indptr[v]) + 1
        if color > stop:
            depth -= 1
            continue
        visited += 1
        colors[v] = color
        _paint(indptr, indices, v, color, beside, free, saturation)
        depth += 1
        opened[depth] = max(used, color + 1)
        if depth == count:
            best_colors[:] = colors
            limit = opened[depth]
            depth -= 1
            continue
        path[depth], more = _next_node(indptr, rows, colors, free, saturation, limit, tied)
        work += more
    return depth, limit, visited
