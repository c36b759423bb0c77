"""DSATUR on an indexed heap, O(m log n), resumable."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from geocolor.graph.jit import jit

__all__ = ["dsatur_chunk"]

# Knuth's multiplicative hash; the high bits are the good ones.
_HASH = np.uint64(0x9E3779B97F4A7C15)


@jit
def _sift_up(
    heap: NDArray[np.int32], place: NDArray[np.int32], key: NDArray[np.int64], at: int
) -> None:
    node = heap[at]
    while at > 0:
        parent = (at - 1) >> 1
        other = heap[parent]
        if key[other] >= key[node]:
            break
        heap[at] = other
        place[other] = at
        at = parent
    heap[at] = node
    place[node] = at


@jit
def _sift_down(
    heap: NDArray[np.int32], place: NDArray[np.int32], key: NDArray[np.int64], at: int, size: int
) -> None:
    node = heap[at]
    while 2 * at + 1 < size:
        child = 2 * at + 1
        if child + 1 < size and key[heap[child + 1]] > key[heap[child]]:
            child += 1
        other = heap[child]
        if key[other] <= key[node]:
            break
        heap[at] = other
        place[other] = at
        at = child
    heap[at] = node
    place[node] = at


@jit
def _is_new(table: NDArray[np.int64], shift: int, entry: int) -> bool:
    """Insert into the open-addressing set; whether it was not there."""
    mask = len(table) - 1
    at = np.int64((np.uint64(entry) * _HASH) >> np.uint64(shift)) & mask
    while table[at] != -1:
        if table[at] == entry:
            return False
        at = (at + 1) & mask
    table[at] = entry
    return True


@jit
def dsatur_chunk(
    indptr: NDArray[np.int64],
    indices: NDArray[np.int32],
    colors: NDArray[np.int32],
    heap: NDArray[np.int32],
    place: NDArray[np.int32],
    key: NDArray[np.int64],
    table: NDArray[np.int64],
    shift: int,
    size: int,
    order: NDArray[np.int32],
    max_work: int,
) -> int:
    """Color nodes until `max_work` adjacency entries are read; nodes left in the heap.

    A node's key is its saturation, then its number of uncolored neighbors. `table` holds the
    (node, color) pairs seen around uncolored nodes: memory stays linear in the edges.
    """
    count = len(colors)
    if size == count:
        for i in range(count // 2, -1, -1):
            _sift_down(heap, place, key, i, size)
    blocked = np.full(count + 1, -1, dtype=np.int32)
    work = 0
    while size > 0 and work < max_work:
        v = heap[0]
        size -= 1
        order[count - size - 1] = v
        place[v] = -1
        if size > 0:
            heap[0] = heap[size]
            _sift_down(heap, place, key, 0, size)
        for e in range(indptr[v], indptr[v + 1]):
            if colors[indices[e]] >= 0:
                blocked[colors[indices[e]]] = v
        color = 0
        while blocked[color] == v:
            color += 1
        colors[v] = color
        for e in range(indptr[v], indptr[v + 1]):
            u = indices[e]
            if colors[u] >= 0:
                continue
            if _is_new(table, shift, int(u) * count + color):
                key[u] += (np.int64(1) << np.int64(32)) - 1
                _sift_up(heap, place, key, place[u])
            else:
                key[u] -= 1
                _sift_down(heap, place, key, place[u], size)
        work += indptr[v + 1] - indptr[v] + 1
    return size
