"""Local moving and greedy rounding: linear in the edges, for graphs of any size."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from geocolor.graph.jit import jit

__all__ = ["moving_chunk", "rounding_chunk"]


@jit
def moving_chunk(
    hard_indptr: NDArray[np.int64],
    hard_indices: NDArray[np.int32],
    indptr: NDArray[np.int64],
    indices: NDArray[np.int32],
    values: NDArray[np.float64],
    colors: NDArray[np.int32],
    filled: NDArray[np.int32],
    k: int,
    order: NDArray[np.int32],
    position: int,
    rounding: float,
    max_work: int,
) -> tuple[int, int]:
    """Visit nodes in `order` and move each to its best class; no hard conflict is ever made.

    `filled` counts the nodes of each class; classes from `k` on do not exist.

    Returns
    -------
    tuple of int
        Position to go on from, nodes moved.
    """
    count = len(colors)
    gain = np.zeros(k)
    seen = np.full(k, -1, dtype=np.int64)
    blocked = np.full(k, -1, dtype=np.int64)
    near = np.empty(count, dtype=np.int32)
    empty = 0
    moved = 0
    work = 0
    while position < len(order) and work < max_work:
        v = order[position]
        position += 1
        a = colors[v]
        for e in range(hard_indptr[v], hard_indptr[v + 1]):
            blocked[colors[hard_indices[e]]] = v
        size = 0
        for e in range(indptr[v], indptr[v + 1]):
            c = colors[indices[e]]
            if seen[c] != v:
                seen[c] = v
                gain[c] = 0.0
                near[size] = c
                size += 1
            gain[c] += values[e]
        here = gain[a] if seen[a] == v else 0.0
        best, choice = here, a
        for i in range(size):
            c = near[i]
            if c != a and blocked[c] != v and gain[c] < best - rounding:
                best, choice = gain[c], c
        if best > rounding and filled[a] > 1:
            # A class without weighted neighbors costs nothing: empty, or simply unrelated.
            while empty < k and filled[empty] > 0:
                empty += 1
            if empty < k:
                choice = np.int32(empty)
            elif k <= 64:
                for c in range(k):
                    if c != a and seen[c] != v and blocked[c] != v:
                        choice = np.int32(c)
                        break
        if choice != a:
            colors[v] = choice
            filled[a] -= 1
            filled[choice] += 1
            empty = min(empty, a) if filled[a] == 0 else empty
            moved += 1
        work += 8 + hard_indptr[v + 1] - hard_indptr[v] + indptr[v + 1] - indptr[v]
    return position, moved


@jit
def rounding_chunk(
    hard_indptr: NDArray[np.int64],
    hard_indices: NDArray[np.int32],
    embedding: NDArray[np.float64],
    colors: NDArray[np.int32],
    sums: NDArray[np.float64],
    order: NDArray[np.int32],
    position: int,
    used: int,
    k: int,
    threshold: float,
    max_work: int,
) -> tuple[int, int]:
    """Give nodes in `order` the nearest class free of conflicts, opening classes as needed.

    Nearness is the cosine of a node's embedding with the sum over a class; below `threshold` a
    new class is opened while there are fewer than `k`. Where every class conflicts and none is
    left, the one with fewest conflicts is taken: the result may break hard conflicts.

    Returns
    -------
    tuple of int
        Position to go on from, classes in use.
    """
    dimensions = embedding.shape[1]
    clash = np.zeros(k, dtype=np.int32)
    work = 0
    while position < len(order) and work < max_work:
        v = order[position]
        position += 1
        for e in range(hard_indptr[v], hard_indptr[v + 1]):
            c = colors[hard_indices[e]]
            if c >= 0:
                clash[c] += 1
        best, choice = -2.0, -1
        fewest, least = len(order), -1
        for c in range(used):
            if clash[c] > 0:
                if clash[c] < fewest:
                    fewest, least = clash[c], c
                continue
            dot, norm = 0.0, 1e-300
            for d in range(dimensions):
                dot += embedding[v, d] * sums[c, d]
                norm += sums[c, d] * sums[c, d]
            near = dot / np.sqrt(norm)
            if near > best:
                best, choice = near, c
        if used < k and (choice < 0 or best < threshold):
            choice = used
            used += 1
        elif choice < 0:
            choice = least
        colors[v] = choice
        for d in range(dimensions):
            sums[choice, d] += embedding[v, d]
        for e in range(hard_indptr[v], hard_indptr[v + 1]):
            c = colors[hard_indices[e]]
            if c >= 0:
                clash[c] = 0
        work += used * dimensions + 2 * (hard_indptr[v + 1] - hard_indptr[v]) + 1
    return position, used
