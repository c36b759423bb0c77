"""Compiled part of the bound by cycles: packing them along shortest paths of gains."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from geocolor.graph.jit import jit

__all__ = ["Gains", "drop_spent", "number_pairs", "pack_chunk"]


class Gains(NamedTuple):
    """The pairs that attract, as a graph, and what is left of them.

    Attributes
    ----------
    indptr, indices : ndarray
        Rows of the graph, ascending; `indptr` says how far the entries go.
    pair : ndarray of int32
        Number of the pair of each entry.
    rest : ndarray of int64
        What is left of each pair's gain.
    side : ndarray of int64, shape (n,)
        For searches: the one that last saw a node, negative if from its far end.
    parent, origin : ndarray of int64 and int32, shape (n,)
        For searches: the entry by which a node was reached, and the node before it.
    queue : ndarray of int32, shape (2, n)
        For searches: the nodes seen from either end.
    """

    indptr: NDArray[np.int64]
    indices: NDArray[np.int32]
    pair: NDArray[np.int32]
    rest: NDArray[np.int64]
    side: NDArray[np.int64]
    parent: NDArray[np.int64]
    origin: NDArray[np.int32]
    queue: NDArray[np.int32]


@jit
def number_pairs(indptr: NDArray[np.int64], indices: NDArray[np.int32]) -> NDArray[np.int32]:
    """Give each entry of a graph's rows the number of its pair, counted in ascending order.

    One pass: a row begins with its smaller neighbors, whose rows come before it, in their order.
    """
    pair = np.empty(len(indices), dtype=np.int32)
    filled = indptr[:-1].copy()
    number = 0
    for v in range(len(indptr) - 1):
        for e in range(indptr[v], indptr[v + 1]):
            w = indices[e]
            if w > v:
                pair[e] = number
                pair[filled[w]] = number
                filled[w] += 1
                number += 1
    return pair


@jit
def drop_spent(gains: Gains) -> int:
    """Take the pairs of which nothing is left out of the graph; entries left."""
    begin, at = gains.indptr[0], 0
    for v in range(len(gains.indptr) - 1):
        end = gains.indptr[v + 1]
        for e in range(begin, end):
            if gains.rest[gains.pair[e]] > 0:
                gains.indices[at], gains.pair[at] = gains.indices[e], gains.pair[e]
                at += 1
        begin = end
        gains.indptr[v + 1] = at
    return at


@jit
def _triangles(gains: Gains, u: int, v: int, limit: int) -> tuple[int, int]:
    """Spend up to `limit` on paths of two pairs from u to v; what was spent, and the work."""
    indptr, indices, pair, rest = gains.indptr, gains.indices, gains.pair, gains.rest
    spent = 0
    e, f = indptr[u], indptr[v]
    while e < indptr[u + 1] and f < indptr[v + 1] and spent < limit:
        if indices[e] < indices[f]:
            e += 1
        elif indices[e] > indices[f]:
            f += 1
        else:
            step = min(rest[pair[e]], rest[pair[f]], limit - spent)
            if step > 0:
                spent += step
                rest[pair[e]] -= step
                rest[pair[f]] -= step
            e += 1
            f += 1
    return spent, e - indptr[u] + f - indptr[v]


@jit
def _grow(
    gains: Gains, at: int, begin: int, end: int, mine: int, theirs: int
) -> tuple[int, int, int, int]:
    """Reach one pair further from one end; the entry that meets the other end's nodes, or -1."""
    queue = gains.queue[at]
    size = end
    work = 0
    for i in range(begin, end):
        x = queue[i]
        for e in range(gains.indptr[x], gains.indptr[x + 1]):
            work += 1
            if gains.rest[gains.pair[e]] == 0:
                continue
            y = gains.indices[e]
            if gains.side[y] == theirs:
                return e, x, size, work
            if gains.side[y] != mine:
                gains.side[y] = mine
                gains.parent[y] = e
                gains.origin[y] = x
                queue[size] = y
                size += 1
    return -1, -1, size, work


@jit
def _path(
    gains: Gains, u: int, v: int, length: int, search: int, path: NDArray[np.int32]
) -> tuple[int, int]:
    """Find a shortest path of at most `length` pairs with something left, from both ends.

    Returns
    -------
    tuple of int
        Pairs of the path, written to `path`, 0 if there is none; and the work.
    """
    gains.side[u], gains.side[v] = search, -search
    gains.queue[0, 0], gains.queue[1, 0] = u, v
    begin_u, end_u, begin_v, end_v = 0, 1, 0, 1
    work = 4
    for _ in range(length):
        if end_u - begin_u <= end_v - begin_v:
            e, x, size, more = _grow(gains, 0, begin_u, end_u, search, -search)
            begin_u, end_u = end_u, size
            empty = begin_u == end_u
        else:
            e, x, size, more = _grow(gains, 1, begin_v, end_v, -search, search)
            begin_v, end_v = end_v, size
            empty = begin_v == end_v
        work += more
        if e >= 0:
            path[0] = gains.pair[e]
            known = 1
            for end in range(2):
                y = x if end == 0 else gains.indices[e]
                while y != u and y != v:
                    path[known] = gains.pair[gains.parent[y]]
                    known += 1
                    y = gains.origin[y]
            return known, work
        if empty:
            break
    return 0, work


@jit
def pack_chunk(
    gains: Gains,
    ends: NDArray[np.int32],
    limit: NDArray[np.int64],
    order: NDArray[np.int64],
    position: int,
    length: int,
    search: int,
    max_work: int,
) -> tuple[int, int, int]:
    """Pack cycles of a pair that repels, in `order`, and at most `length` pairs that attract.

    Parameters
    ----------
    ends : ndarray of int32, shape (m, 2)
        Pairs that repel.
    limit : ndarray of int64, shape (m,)
        What is left of them.
    search : int
        Number of the last search made.

    Returns
    -------
    tuple of int
        Position to go on from, number of the last search, and what the cycles give up in all.
    """
    path = np.empty(min(length, len(gains.side)) + 1, dtype=np.int32)
    packed = 0
    work = 0
    while position < len(order) and work < max_work:
        i = order[position]
        u, v = ends[i, 0], ends[i, 1]
        if length == 2:
            spent, more = _triangles(gains, u, v, limit[i])
            limit[i] -= spent
            packed += spent
            work += 4 + more
            position += 1
            continue
        while work < max_work:
            search += 1
            known, more = _path(gains, u, v, length, search, path)
            work += more
            if known == 0:
                position += 1
                break
            step = limit[i]
            for j in range(known):
                step = min(step, gains.rest[path[j]])
            for j in range(known):
                gains.rest[path[j]] -= step
            limit[i] -= step
            packed += step
            if limit[i] == 0:
                position += 1
                break
    return position, search, packed
