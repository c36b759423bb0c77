"""DSATUR on buckets by saturation, each a lazy heap by uncolored degree; resumable."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from geocolor.graph.jit import jit

__all__ = ["dsatur_chunk"]

_LOW = (1 << 32) - 1


@jit
def _push(heap: NDArray[np.int64], first: int, size: int, key: int) -> None:
    at = size
    while at > 0:
        parent = (at - 1) >> 1
        if heap[first + parent] >= key:
            break
        heap[first + at] = heap[first + parent]
        at = parent
    heap[first + at] = key


@jit
def _replace_top(heap: NDArray[np.int64], first: int, size: int, key: int) -> None:
    at = 0
    while 2 * at + 1 < size:
        child = 2 * at + 1
        if child + 1 < size and heap[first + child + 1] > heap[first + child]:
            child += 1
        if heap[first + child] <= key:
            break
        heap[first + at] = heap[first + child]
        at = child
    heap[first + at] = key


@jit
def dsatur_chunk(
    indptr: NDArray[np.int64],
    indices: NDArray[np.int32],
    colors: NDArray[np.int32],
    seen: NDArray[np.uint64],
    saturation: NDArray[np.int32],
    uncolored: NDArray[np.int32],
    ranking: NDArray[np.int32],
    rank: NDArray[np.int32],
    starts: NDArray[np.int64],
    sizes: NDArray[np.int64],
    heap: NDArray[np.int64],
    left: int,
    order: NDArray[np.int32],
    max_work: int,
) -> int:
    """Color nodes until `max_work` adjacency entries are read; nodes left to color.

    A node enters the bucket of each saturation it reaches once, so the buckets together have no
    more entries than the adjacency and the nodes. Entries go stale in silence: one that comes to
    the top of the highest bucket is dropped if its node has moved on, and put back with the true
    degree if that has fallen.

    Parameters
    ----------
    seen : ndarray of uint64, shape (words, n)
        Bit c % 64 of ``seen[c // 64, v]`` says that v has a neighbor of color c.
    saturation, uncolored : ndarray of int32
        Colors, and uncolored neighbors, around each node.
    ranking, rank : ndarray of int32
        The nodes as ties are broken, the first one preferred, and the place of each there.
    starts, sizes : ndarray of int64
        Where the heap of each saturation begins in `heap`, and its number of entries. An entry is
        the uncolored degree times 2^32, less the node's rank.
    left : int
        Nodes left to color.
    order : ndarray of int32
        Gets the nodes in the order they are colored.
    """
    count = len(colors)
    top = len(sizes) - 1
    work = 0
    while left > 0 and work < max_work:
        while sizes[top] == 0:
            top -= 1
        first = starts[top]
        key = heap[first]
        v = ranking[-key & _LOW]
        if colors[v] >= 0 or saturation[v] != top:
            sizes[top] -= 1
            _replace_top(heap, first, sizes[top], heap[first + sizes[top]])
            work += 1
            continue
        fresh = (np.int64(uncolored[v]) << 32) - rank[v]
        if key != fresh:
            _replace_top(heap, first, sizes[top], fresh)
            work += 1
            continue
        color = 0
        word = seen[0, v]
        while word == ~np.uint64(0):
            color += 64
            word = seen[color >> 6, v]
        while word & np.uint64(1) != np.uint64(0):
            word >>= np.uint64(1)
            color += 1
        colors[v] = color
        order[count - left] = v
        left -= 1
        plane, bit = color >> 6, np.uint64(1) << np.uint64(color & 63)
        for e in range(indptr[v], indptr[v + 1]):
            u = indices[e]
            if colors[u] >= 0:
                continue
            uncolored[u] -= 1
            if seen[plane, u] & bit == np.uint64(0):
                seen[plane, u] |= bit
                level = saturation[u] + 1
                saturation[u] = level
                entry = (np.int64(uncolored[u]) << 32) - rank[u]
                _push(heap, starts[level], sizes[level], entry)
                sizes[level] += 1
                top = max(top, level)
        work += indptr[v + 1] - indptr[v] + 1
    return left
