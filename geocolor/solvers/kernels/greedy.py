"""Greedy coloring in a given order, and recursive largest first; both resumable."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from geocolor.graph.jit import jit

__all__ = ["first_fit_chunk", "rlf_chunk"]


@jit
def first_fit_chunk(
    indptr: NDArray[np.int64],
    indices: NDArray[np.int32],
    order: NDArray[np.int64],
    colors: NDArray[np.int32],
    position: int,
    max_work: int,
) -> int:
    """Give nodes from `position` on the first free color, until `max_work` entries are read.

    Returns the position to go on from.
    """
    widest = 0
    for v in range(len(colors)):
        widest = max(widest, indptr[v + 1] - indptr[v])
    blocked = np.full(widest + 1, -1, dtype=np.int32)
    work = 0
    while position < len(order) and work < max_work:
        v = order[position]
        for e in range(indptr[v], indptr[v + 1]):
            color = colors[indices[e]]
            if color >= 0:
                blocked[color] = v
        color = 0
        while blocked[color] == v:
            color += 1
        colors[v] = color
        work += indptr[v + 1] - indptr[v] + 1
        position += 1
    return position


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
def _gather(
    colors: NDArray[np.int32],
    degree: NDArray[np.int64],
    heap: NDArray[np.int32],
    place: NDArray[np.int32],
    key: NDArray[np.int64],
) -> int:
    """Heap all uncolored nodes for a new class, the one of largest degree on top; their number."""
    size, seed = 0, -1
    for v in range(len(colors)):
        if colors[v] < 0:
            heap[size] = v
            place[v] = size
            # Equal neighbors outside leave fewest candidates adjacent where the degree is least.
            key[v] = -degree[v]
            size += 1
            if seed < 0 or degree[v] > degree[seed]:
                seed = v
    key[seed] = np.int64(1) << np.int64(62)
    for i in range(size // 2, -1, -1):
        _sift_down(heap, place, key, i, size)
    return size


@jit
def rlf_chunk(
    indptr: NDArray[np.int64],
    indices: NDArray[np.int32],
    colors: NDArray[np.int32],
    degree: NDArray[np.int64],
    barred: NDArray[np.int32],
    heap: NDArray[np.int32],
    place: NDArray[np.int32],
    key: NDArray[np.int64],
    size: int,
    color: int,
    max_work: int,
) -> tuple[int, int]:
    """Fill classes one after the other until `max_work` entries are read.

    Parameters
    ----------
    colors : ndarray of int32, shape (n,)
        -1 for no color.
    degree : ndarray of int64, shape (n,)
        Uncolored neighbors.
    barred : ndarray of int32, shape (n,)
        The last class that a node saw a neighbor in.
    heap, place : ndarray of int32, shape (n,)
        Candidates of the class, with barred ones among them, and where each stands.
    key : ndarray of int64, shape (n,)
        A candidate's barred neighbors, then least degree.
    size, color : int
        Nodes in the heap and the class being filled; 0 and -1 at first.

    Returns
    -------
    tuple of int
        `size` and `color` to go on with; a size of 0 if all nodes have colors.
    """
    work = 0
    while work < max_work:
        if size == 0:
            size = _gather(colors, degree, heap, place, key)
            work += len(colors)
            color += 1
        v = heap[0]
        size -= 1
        if size > 0:
            heap[0] = heap[size]
            place[heap[0]] = 0
            _sift_down(heap, place, key, 0, size)
        if barred[v] != color:
            colors[v] = color
            work += indptr[v + 1] - indptr[v]
            for e in range(indptr[v], indptr[v + 1]):
                u = indices[e]
                if colors[u] >= 0:
                    continue
                degree[u] -= 1
                if barred[u] == color:
                    continue
                barred[u] = color
                work += indptr[u + 1] - indptr[u]
                for f in range(indptr[u], indptr[u + 1]):
                    w = indices[f]
                    if colors[w] < 0 and barred[w] != color:
                        key[w] += np.int64(1) << np.int64(32)
                        _sift_up(heap, place, key, place[w])
        if size == 0 and colors.min() >= 0:
            break
    return size, color
