"""Compiled parts of the clique search (bitsets as in San Segundo's BBMC)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from geocolor.graph.bits import lowest
from geocolor.graph.jit import jit

__all__ = [
    "candidates",
    "color_order",
    "degeneracy_order",
    "expand",
    "later_neighbors",
    "next_root",
]


@jit
def degeneracy_order(
    indptr: NDArray[np.int64], indices: NDArray[np.int32]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Order nodes by repeatedly removing one of least degree; order, rank and core numbers."""
    count = len(indptr) - 1
    degree = np.empty(count, dtype=np.int64)
    widest = 0
    for v in range(count):
        degree[v] = indptr[v + 1] - indptr[v]
        widest = max(widest, degree[v])
    starts = np.zeros(widest + 2, dtype=np.int64)
    for v in range(count):
        starts[degree[v] + 1] += 1
    for d in range(widest + 1):
        starts[d + 1] += starts[d]
    fill = starts.copy()
    order = np.empty(count, dtype=np.int64)
    rank = np.empty(count, dtype=np.int64)
    for v in range(count):
        order[fill[degree[v]]] = v
        rank[v] = fill[degree[v]]
        fill[degree[v]] += 1
    for i in range(count):
        v = order[i]
        for e in range(indptr[v], indptr[v + 1]):
            u = indices[e]
            if degree[u] > degree[v]:
                first = starts[degree[u]]
                w = order[first]
                order[first], order[rank[u]] = u, w
                rank[w], rank[u] = rank[u], first
                starts[degree[u]] += 1
                degree[u] -= 1
    return order, rank, degree


@jit
def next_root(order: NDArray[np.int64], core: NDArray[np.int64], position: int, size: int) -> int:
    """Find the next position, going down, whose node can be in a clique larger than `size`."""
    position -= 1
    while position >= 0 and core[order[position]] < size:
        position -= 1
    return position


@jit
def later_neighbors(
    indptr: NDArray[np.int64], indices: NDArray[np.int32], root: int, rank: NDArray[np.int64]
) -> NDArray[np.int64]:
    """List the neighbors of `root` that come later in the order."""
    out = np.empty(indptr[root + 1] - indptr[root], dtype=np.int64)
    size = 0
    for e in range(indptr[root], indptr[root + 1]):
        if rank[indices[e]] > rank[root]:
            out[size] = indices[e]
            size += 1
    return out[:size]


@jit
def candidates(
    indptr: NDArray[np.int64],
    indices: NDArray[np.int32],
    nodes: NDArray[np.int64],
    tie: NDArray[np.int64],
    place: NDArray[np.int32],
    widest: int,
) -> tuple[NDArray[np.int64], NDArray[np.uint64]]:
    """Sort `nodes` by degree among themselves and give the bitset rows of the first `widest`.

    `place` is -1 everywhere, before and after.
    """
    count = len(place)
    for i in range(len(nodes)):
        place[nodes[i]] = i
    key = np.empty(len(nodes), dtype=np.int64)
    for i in range(len(nodes)):
        inside = 0
        for e in range(indptr[nodes[i]], indptr[nodes[i] + 1]):
            if place[indices[e]] >= 0:
                inside += 1
        key[i] = -inside * count + tie[nodes[i]]
    for i in range(len(nodes)):
        place[nodes[i]] = -1
    nodes = nodes[np.argsort(key)]
    size = min(len(nodes), widest)
    for i in range(size):
        place[nodes[i]] = i
    rows = np.zeros((size, (size + 63) // 64), dtype=np.uint64)
    for i in range(size):
        for e in range(indptr[nodes[i]], indptr[nodes[i] + 1]):
            j = place[indices[e]]
            if j >= 0:
                rows[i, j >> 6] |= np.uint64(1) << np.uint64(j & 63)
    for i in range(size):
        place[nodes[i]] = -1
    return nodes, rows


@jit
def color_order(
    rows: NDArray[np.uint64],
    members: NDArray[np.uint64],
    branch: NDArray[np.int32],
    bound: NDArray[np.int32],
    beaten: int,
) -> tuple[int, int]:
    """Color `members` greedily; list those whose color exceeds `beaten`, with their color.

    A clique inside the members up to an entry has at most as many nodes as the entry's color.

    Returns
    -------
    tuple of int
        Entries listed, members in all.
    """
    words = len(members)
    rest = members.copy()
    independent = np.empty_like(rest)
    color = 0
    count = 0
    total = 0
    while True:
        empty = True
        for w in range(words):
            independent[w] = rest[w]
            if rest[w] != np.uint64(0):
                empty = False
        if empty:
            return count, total
        color += 1
        for w in range(words):
            while independent[w] != np.uint64(0):
                bit = lowest(independent[w])
                v = (w << 6) + bit
                mask = np.uint64(1) << np.uint64(bit)
                rest[w] &= ~mask
                independent[w] &= ~mask
                for x in range(w, words):
                    independent[x] &= ~rows[v, x]
                total += 1
                if color > beaten:
                    branch[count] = v
                    bound[count] = color
                    count += 1


@jit
def expand(
    rows: NDArray[np.uint64],
    sets: NDArray[np.uint64],
    branch: NDArray[np.int32],
    bound: NDArray[np.int32],
    left: NDArray[np.int32],
    chosen: NDArray[np.int32],
    found: NDArray[np.int32],
    depth: int,
    largest: int,
    target: int,
    max_work: int,
) -> tuple[int, int, int]:
    """Go on with the branch and bound; the state lives in the arrays between calls.

    Returns
    -------
    tuple of int
        Depth (-1 when finished), size of the largest clique, work done.
    """
    words = rows.shape[1]
    work = 0
    while depth >= 0 and work < max_work:
        if left[depth] < 0 or depth + bound[depth, left[depth]] <= largest or largest >= target:
            depth -= 1
            continue
        v = branch[depth, left[depth]]
        left[depth] -= 1
        chosen[depth] = v
        size = 0
        for w in range(words):
            word = sets[depth, w] & rows[v, w]
            sets[depth + 1, w] = word
            if word != np.uint64(0):
                size += 1
        sets[depth, v >> 6] &= ~(np.uint64(1) << np.uint64(v & 63))
        work += 2 * words
        if size == 0:
            if depth + 1 > largest:
                largest = depth + 1
                for i in range(largest):
                    found[i] = chosen[i]
            continue
        depth += 1
        listed, members = color_order(
            rows, sets[depth], branch[depth], bound[depth], largest - depth
        )
        left[depth] = listed - 1
        work += words * members
    return depth, largest, work
