"""Compiled part of the weight bounds."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from geocolor.graph.jit import jit

__all__ = ["in_both", "pack_bad_triangles"]


@jit
def in_both(
    indptr: NDArray[np.int64],
    indices: NDArray[np.int32],
    other_indptr: NDArray[np.int64],
    other_indices: NDArray[np.int32],
) -> NDArray[np.bool_]:
    """Flag the entries of the first graph that the second has too."""
    found = np.zeros(len(indices), dtype=np.bool_)
    for u in range(len(indptr) - 1):
        f = other_indptr[u]
        for e in range(indptr[u], indptr[u + 1]):
            while f < other_indptr[u + 1] and other_indices[f] < indices[e]:
                f += 1
            found[e] = f < other_indptr[u + 1] and other_indices[f] == indices[e]
    return found


@jit
def _entry(indptr: NDArray[np.int64], indices: NDArray[np.int32], u: int, v: int) -> int:
    """Position of the entry (u, v), or -1."""
    low, high = indptr[u], indptr[u + 1]
    while low < high:
        middle = (low + high) // 2
        if indices[middle] < v:
            low = middle + 1
        else:
            high = middle
    return low if low < indptr[u + 1] and indices[low] == v else -1


@jit
def _pack_pair(
    indptr: NDArray[np.int64],
    indices: NDArray[np.int32],
    rest: NDArray[np.float64],
    u: int,
    v: int,
    cost: float,
) -> float:
    """Spend `cost` of the repelling pair (u, v) on triangles with two gains left."""
    spent = 0.0
    e, f = indptr[u], indptr[v]
    while e < indptr[u + 1] and f < indptr[v + 1] and spent < cost:
        if indices[e] < indices[f]:
            e += 1
        elif indices[e] > indices[f]:
            f += 1
        else:
            if rest[e] < 0.0 and rest[f] < 0.0:
                x = indices[e]
                step = min(-rest[e], -rest[f], cost - spent)
                spent += step
                rest[e] += step
                rest[f] += step
                rest[_entry(indptr, indices, x, u)] += step
                rest[_entry(indptr, indices, x, v)] += step
            e += 1
            f += 1
    return spent


@jit
def pack_bad_triangles(
    indptr: NDArray[np.int64],
    indices: NDArray[np.int32],
    rest: NDArray[np.float64],
    hard_indptr: NDArray[np.int64],
    hard_indices: NDArray[np.int32],
    max_work: int,
) -> float:
    """Pack triangles of two gains and one cost or conflict greedily; the gains they give up.

    A triangle with weights (-d, -d, +d), or a conflict for +d, costs at least -d, not -2d.
    `rest` holds the weights, zero on conflicting pairs; it is overwritten by what is left of them.
    """
    total = 0.0
    work = 0
    count = len(indptr) - 1
    for u in range(count):
        for h in range(hard_indptr[u], hard_indptr[u + 1]):
            v = hard_indices[h]
            if v > u and work < max_work:
                work += indptr[u + 1] - indptr[u] + indptr[v + 1] - indptr[v]
                total += _pack_pair(indptr, indices, rest, u, v, np.inf)
    for u in range(count):
        for e in range(indptr[u], indptr[u + 1]):
            v = indices[e]
            if v > u and rest[e] > 0.0 and work < max_work:
                work += indptr[u + 1] - indptr[u] + indptr[v + 1] - indptr[v]
                total += _pack_pair(indptr, indices, rest, u, v, rest[e])
    return total
