"""Compiled parts of the reductions: peeling, twins, domination, and their undoing."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from geocolor.graph.jit import jit

__all__ = ["PEELED", "neighborhood_hashes", "reduce_chunk", "restore", "twins_chunk"]

# Stands for the donor of a node that had too few neighbors to need one.
PEELED = -1


@jit
def _entry(indices: NDArray[np.int32], low: int, high: int, v: int) -> bool:
    """Whether the ascending row from `low` to `high` holds `v`."""
    end = high
    while low < high:
        middle = (low + high) // 2
        if indices[middle] < v:
            low = middle + 1
        else:
            high = middle
    return low < end and indices[low] == v


@jit
def _dominator(
    indptr: NDArray[np.int64],
    indices: NDArray[np.int32],
    degree: NDArray[np.int64],
    alive: NDArray[np.bool_],
    marked: NDArray[np.bool_],
    u: int,
) -> tuple[int, int]:
    """Find a node that is not adjacent to `u` and sees all that `u` sees; -1 if none does.

    `marked` is False everywhere, before and after.

    Returns
    -------
    tuple of int
        The node, and the work done.
    """
    # Whoever sees all neighbors of u is a neighbor of the one with the fewest.
    rarest = -1
    for e in range(indptr[u], indptr[u + 1]):
        x = indices[e]
        if alive[x]:
            marked[x] = True
            if rarest < 0 or degree[x] < degree[rarest]:
                rarest = x
    work = 2 * (indptr[u + 1] - indptr[u])
    found = -1
    if rarest >= 0:
        for e in range(indptr[rarest], indptr[rarest + 1]):
            v = indices[e]
            work += 1
            if v == u or not alive[v] or marked[v] or degree[v] < degree[u]:
                continue
            contained = True
            for f in range(indptr[u], indptr[u + 1]):
                y = indices[f]
                if alive[y] and y != rarest:
                    work += 5
                    if not _entry(indices, indptr[v], indptr[v + 1], y):
                        contained = False
                        break
            if contained:
                found = v
                break
    for e in range(indptr[u], indptr[u + 1]):
        marked[indices[e]] = False
    return found, work


@jit
def reduce_chunk(
    indptr: NDArray[np.int64],
    indices: NDArray[np.int32],
    degree: NDArray[np.int64],
    alive: NDArray[np.bool_],
    queue: NDArray[np.int32],
    queued: NDArray[np.bool_],
    removed: NDArray[np.int32],
    donor: NDArray[np.int32],
    marked: NDArray[np.bool_],
    head: int,
    waiting: int,
    count: int,
    bound: int,
    dominate: bool,
    max_work: int,
) -> tuple[int, int, int, int]:
    """Take nodes off the queue and remove those that peeling or domination allows.

    The queue is a ring of `waiting` nodes from `head` on; a removal puts the neighbors on it whose
    case it may have changed. `removed` and `donor` hold the `count` removals so far.

    Returns
    -------
    tuple of int
        New `head`, `waiting` and `count`, and the work done.
    """
    size = len(queue)
    work = 0
    while waiting > 0 and work < max_work:
        u = queue[head]
        head = (head + 1) % size
        waiting -= 1
        queued[u] = False
        work += 1
        if not alive[u]:
            continue
        giver = PEELED
        if degree[u] >= bound:
            if not dominate:
                continue
            giver, used = _dominator(indptr, indices, degree, alive, marked, u)
            work += used
            if giver < 0:
                continue
        alive[u] = False
        removed[count] = u
        donor[count] = giver
        count += 1
        work += indptr[u + 1] - indptr[u]
        for e in range(indptr[u], indptr[u + 1]):
            x = indices[e]
            if alive[x]:
                degree[x] -= 1
                # A smaller neighborhood is more easily dominated; a larger one never is.
                if not queued[x] and (dominate or degree[x] < bound):
                    queued[x] = True
                    queue[(head + waiting) % size] = x
                    waiting += 1
    return head, waiting, count, work


@jit
def neighborhood_hashes(
    indptr: NDArray[np.int64],
    indices: NDArray[np.int32],
    alive: NDArray[np.bool_],
    key: NDArray[np.uint64],
) -> NDArray[np.uint64]:
    """Sum the keys of all neighbors that are left, for every node."""
    count = len(alive)
    hashes = np.zeros(count, dtype=np.uint64)
    for u in range(count):
        if alive[u]:
            for e in range(indptr[u], indptr[u + 1]):
                if alive[indices[e]]:
                    hashes[u] += key[indices[e]]
    return hashes


@jit
def _same_neighbors(
    indptr: NDArray[np.int64],
    indices: NDArray[np.int32],
    alive: NDArray[np.bool_],
    u: int,
    v: int,
) -> bool:
    """Whether `u` and `v` have the same neighbors among the nodes left."""
    e, f = indptr[u], indptr[v]
    while True:
        while e < indptr[u + 1] and not alive[indices[e]]:
            e += 1
        while f < indptr[v + 1] and not alive[indices[f]]:
            f += 1
        if e == indptr[u + 1] or f == indptr[v + 1]:
            return bool(e == indptr[u + 1] and f == indptr[v + 1])
        if indices[e] != indices[f]:
            return False
        e += 1
        f += 1


@jit
def twins_chunk(
    indptr: NDArray[np.int64],
    indices: NDArray[np.int32],
    degree: NDArray[np.int64],
    alive: NDArray[np.bool_],
    removed: NDArray[np.int32],
    donor: NDArray[np.int32],
    hashes: NDArray[np.uint64],
    order: NDArray[np.int64],
    position: int,
    count: int,
    max_work: int,
) -> tuple[int, int, int]:
    """Remove every node whose neighbors are exactly those of the one before it.

    `order` lists nodes with equal hashes side by side; `position` is the place of the one that
    the next is compared with.

    Returns
    -------
    tuple of int
        Position to go on from (the last one when done), removals so far, work done.
    """
    work = 0
    while position < len(order) - 1 and work < max_work:
        first = order[position]
        position += 1
        u = order[position]
        work += 1
        if hashes[u] != hashes[first] or degree[u] != degree[first]:
            continue
        work += indptr[u + 1] - indptr[u] + indptr[first + 1] - indptr[first]
        if not _same_neighbors(indptr, indices, alive, first, u):
            continue
        alive[u] = False
        removed[count] = u
        donor[count] = first
        count += 1
        for e in range(indptr[u], indptr[u + 1]):
            degree[indices[e]] -= 1
        order[position] = first
    return position, count, work


@jit
def restore(
    indptr: NDArray[np.int64],
    indices: NDArray[np.int32],
    removed: NDArray[np.int32],
    donor: NDArray[np.int32],
    bound: int,
    colors: NDArray[np.int32],
) -> None:
    """Color the removed nodes, last one first; `colors` is -1 on all of them.

    A peeled node had fewer than `bound` neighbors left, so one of `bound` colors is free.
    """
    last_user = np.full(bound, -1, dtype=np.int32)
    for i in range(len(removed) - 1, -1, -1):
        u = removed[i]
        if donor[i] != PEELED:
            colors[u] = colors[donor[i]]
            continue
        for e in range(indptr[u], indptr[u + 1]):
            color = colors[indices[e]]
            if 0 <= color < bound:
                last_user[color] = u
        color = 0
        while last_user[color] == u:
            color += 1
        colors[u] = color
