"""Heavy stable sets: a bitset branch and bound, and a quick search by swaps.

Rows are bitsets of the pairs that are *not* in conflict, so a stable set is a clique of the rows.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from geocolor.graph.bits import lowest
from geocolor.graph.jit import jit

__all__ = ["apart_rows", "branch_chunk", "cover_order", "maximal", "swap_chunk"]


@jit
def apart_rows(
    indptr: NDArray[np.int64], indices: NDArray[np.int32], nodes: NDArray[np.int64]
) -> NDArray[np.uint64]:
    """Bitset rows of the pairs of `nodes` without an edge, ``nodes[i]`` being row and bit i."""
    size = len(nodes)
    words = (size + 63) // 64
    place = np.full(len(indptr) - 1, -1, dtype=np.int64)
    everything = np.zeros(words, dtype=np.uint64)
    for i in range(size):
        place[nodes[i]] = i
        everything[i >> 6] |= np.uint64(1) << np.uint64(i & 63)
    rows = np.empty((size, words), dtype=np.uint64)
    for i in range(size):
        rows[i] = everything
        rows[i, i >> 6] &= ~(np.uint64(1) << np.uint64(i & 63))
        for e in range(indptr[nodes[i]], indptr[nodes[i] + 1]):
            j = place[indices[e]]
            if j >= 0:
                rows[i, j >> 6] &= ~(np.uint64(1) << np.uint64(j & 63))
    return rows


@jit
def cover_order(
    rows: NDArray[np.uint64],
    weights: NDArray[np.int64],
    members: NDArray[np.uint64],
    branch: NDArray[np.int32],
    bound: NDArray[np.int64],
    beaten: int,
) -> tuple[int, int]:
    """Cover the weights of `members` by weighted cliques; list what lifts the sum above `beaten`.

    Each clique takes the least weight left in it from all its nodes; a node is done when nothing
    is left. No stable set of nodes done up to an entry weighs more than the entry's bound.

    Returns
    -------
    tuple of int
        Entries listed, nodes scanned.
    """
    words = len(members)
    rest = members.copy()
    open_to = np.empty_like(rest)
    left = np.empty(64 * words, dtype=np.int64)
    clique = np.empty(64 * words, dtype=np.int32)
    for w in range(words):
        word = rest[w]
        while word != np.uint64(0):
            bit = lowest(word)
            word &= word - np.uint64(1)
            left[(w << 6) + bit] = weights[(w << 6) + bit]
    count, scanned, first = 0, 0, 0
    total = np.int64(0)
    while True:
        while first < words and rest[first] == np.uint64(0):
            first += 1
        if first == words:
            return count, scanned
        for w in range(first, words):
            open_to[w] = rest[w]
        size = 0
        least = np.int64(1) << np.int64(62)
        for w in range(first, words):
            while open_to[w] != np.uint64(0):
                bit = lowest(open_to[w])
                v = (w << 6) + bit
                open_to[w] &= ~(np.uint64(1) << np.uint64(bit))
                for x in range(w, words):
                    open_to[x] &= ~rows[v, x]
                clique[size] = v
                size += 1
                least = min(least, left[v])
        total += least
        scanned += size
        for i in range(size):
            v = clique[i]
            left[v] -= least
            if left[v] == 0:
                rest[v >> 6] &= ~(np.uint64(1) << np.uint64(v & 63))
                if total > beaten:
                    branch[count] = v
                    bound[count] = total
                    count += 1


@jit
def branch_chunk(
    rows: NDArray[np.uint64],
    weights: NDArray[np.int64],
    sets: NDArray[np.uint64],
    branch: NDArray[np.int32],
    bound: NDArray[np.int64],
    left: NDArray[np.int64],
    chosen: NDArray[np.int32],
    depth: int,
    beaten: int,
    rising: bool,
    found: NDArray[np.uint64],
    num_found: int,
    max_work: int,
) -> tuple[int, int, int, int]:
    """Go on with the search for stable sets heavier than `beaten`; the state is in the arrays.

    Weights must be positive. Each set is stored as a bitset in the next row of `found`. If
    `rising`, `beaten` becomes its weight; if not, every maximal one is found once, for what is
    heavy enough and not maximal is left out. Stops when `found` is full.

    Returns
    -------
    tuple of int
        Depth (-1 when finished), weight to beat, sets in `found`, work done.
    """
    words = rows.shape[1]
    work = 0
    while depth >= 0 and work < max_work and num_found < len(found):
        weight = 0
        for i in range(depth):
            weight += weights[chosen[i]]
        if left[depth] < 0 or weight + bound[depth, left[depth]] <= beaten:
            depth -= 1
            continue
        v = branch[depth, left[depth]]
        left[depth] -= 1
        chosen[depth] = v
        weight += weights[v]
        empty = True
        for w in range(words):
            word = sets[depth, w] & rows[v, w]
            sets[depth + 1, w] = word
            if word != np.uint64(0):
                empty = False
        sets[depth, v >> 6] &= ~(np.uint64(1) << np.uint64(v & 63))
        work += 2 * words
        if not empty:
            depth += 1
            listed, scanned = cover_order(
                rows, weights, sets[depth], branch[depth], bound[depth], beaten - weight
            )
            left[depth] = listed - 1
            work += words * scanned
            continue
        if weight <= beaten:
            continue
        whole = True
        if not rising:
            work += words * depth
            for w in range(words):
                common = rows[v, w]
                for i in range(depth):
                    common &= rows[chosen[i], w]
                if common != np.uint64(0):
                    whole = False
                    break
        if whole:
            found[num_found] = np.uint64(0)
            for i in range(depth + 1):
                found[num_found, chosen[i] >> 6] |= np.uint64(1) << np.uint64(chosen[i] & 63)
            num_found += 1
            if rising:
                beaten = weight
    return depth, beaten, num_found, work


@jit
def swap_chunk(
    indptr: NDArray[np.int64],
    indices: NDArray[np.int32],
    weights: NDArray[np.int64],
    starts: NDArray[np.int64],
    position: int,
    steps: int,
    beaten: int,
    found: NDArray[np.bool_],
    num_found: int,
    max_work: int,
) -> tuple[int, int]:
    """Search from each node for a stable set heavier than `beaten`, by swaps under a tabu.

    A step puts in the node that gains most, and takes out its neighbors; what was taken out may
    not come back at once. The best set of each start is stored in the next row of `found`.

    Returns
    -------
    tuple of int
        The start to go on from (their number when done), sets in `found`.
    """
    count = len(weights)
    inside = np.zeros(count, dtype=np.bool_)
    against = np.zeros(count, dtype=np.int64)
    until = np.zeros(count, dtype=np.int64)
    best_set = np.zeros(count, dtype=np.bool_)
    work = 0
    while position < len(starts) and work < max_work and num_found < len(found):
        inside[:] = False
        against[:] = 0
        until[:] = 0
        weight, best = 0, 0
        v = starts[position]
        position += 1
        for step in range(steps):
            weight += weights[v] - against[v]
            inside[v] = True
            for e in range(indptr[v], indptr[v + 1]):
                u = indices[e]
                against[u] += weights[v]
                if inside[u]:
                    inside[u] = False
                    until[u] = step + 7
                    for f in range(indptr[u], indptr[u + 1]):
                        against[indices[f]] -= weights[u]
                    work += indptr[u + 1] - indptr[u]
            work += indptr[v + 1] - indptr[v] + count
            if weight > best:
                best = weight
                best_set[:] = inside
            v = -1
            gain = np.int64(0)
            for u in range(count):
                if inside[u] or weights[u] == 0 or until[u] > step:
                    continue
                if v < 0 or weights[u] - against[u] > gain:
                    v, gain = u, weights[u] - against[u]
            if v < 0:
                break
        if best > beaten:
            found[num_found] = best_set
            num_found += 1
    return position, num_found


@jit
def maximal(
    indptr: NDArray[np.int64],
    indices: NDArray[np.int32],
    order: NDArray[np.int64],
    sets: NDArray[np.bool_],
) -> None:
    """Add to each stable set, in place, the nodes that fit, in the given order."""
    count = len(order)
    blocked = np.empty(count, dtype=np.bool_)
    for s in range(len(sets)):
        blocked[:] = sets[s]
        for v in range(count):
            if sets[s, v]:
                for e in range(indptr[v], indptr[v + 1]):
                    blocked[indices[e]] = True
        for i in range(count):
            v = order[i]
            if not blocked[v]:
                sets[s, v] = True
                for e in range(indptr[v], indptr[v + 1]):
                    blocked[indices[e]] = True
