"""Partitions whose classes have a capacity: first classes for all nodes, then moves and swaps.

The table ``price[v, c]`` is what node v would pay in class c, ``clash[v, c]`` how many hard
conflicts it would have there. Conflicts and what exceeds a capacity are allowed at a penalty: where
classes are nearly full, the way from one partition to a better one leads through them.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from geocolor.graph.jit import jit

__all__ = ["CapacityTables", "anneal_chunk", "fill_tables", "fit_chunk"]

# Share of the proposals that are swaps, in 256.
_SWAPS = 144
# The penalty grows and shrinks by these factors, after so many proposals for each node.
_UP, _DOWN, _REVIEW = 1.25, 1.0 / 1.1, 4


class CapacityTables(NamedTuple):
    """What annealing keeps between calls, for n nodes and k classes.

    Attributes
    ----------
    price : ndarray of float64, shape (n, k)
        What a node would pay in a class.
    clash : ndarray of int32, shape (n, k)
        Hard conflicts of a node with a class.
    load : ndarray of int64, shape (k,)
        Sizes in each class.
    counts : ndarray of int64, shape (5,)
        Hard conflicts inside; sizes beyond capacities; proposals since the best was kept; since the
        last look at the penalty, and how many of those found neither conflict nor excess.
    sums : ndarray of float64, shape (4,)
        Weight inside; the penalty; its least; best weight without conflict and excess.
    """

    price: NDArray[np.float64]
    clash: NDArray[np.int32]
    load: NDArray[np.int64]
    counts: NDArray[np.int64]
    sums: NDArray[np.float64]

    @classmethod
    def empty(cls, count: int, k: int, penalty: float) -> CapacityTables:
        """Allocate for `count` nodes and `k` classes; the penalty to begin with."""
        return cls(
            np.empty((count, k)),
            np.empty((count, k), dtype=np.int32),
            np.empty(k, dtype=np.int64),
            np.zeros(5, dtype=np.int64),
            np.array([0.0, penalty, 1e-3 * penalty, np.inf]),
        )


@jit
def _random(state: NDArray[np.uint64]) -> int:
    """Draw 32 random bits (xorshift64*)."""
    x = state[0]
    x ^= x >> np.uint64(12)
    x ^= x << np.uint64(25)
    x ^= x >> np.uint64(27)
    state[0] = x
    return int((x * np.uint64(0x2545F4914F6CDD1D)) >> np.uint64(32))


@jit
def fit_chunk(
    hard_indptr: NDArray[np.int64],
    hard_indices: NDArray[np.int32],
    indptr: NDArray[np.int64],
    indices: NDArray[np.int32],
    values: NDArray[np.float64],
    colors: NDArray[np.int32],
    sizes: NDArray[np.int64],
    load: NDArray[np.int64],
    capacity: int,
    order: NDArray[np.int32],
    position: int,
    tight: bool,
    max_work: int,
) -> int:
    """Give nodes in `order` a class with room and no conflict; where there is none, the least bad.

    Parameters
    ----------
    colors : ndarray of int32
        -1 for nodes that have none yet.
    load : ndarray of int64, shape (k,)
        Sizes in each class.
    tight : bool
        Prefer the class with least room left (best fit); else the one where it pays least.
    max_work : int
        Classes and neighbors to look at before returning.

    Returns
    -------
    int
        Position to go on from.
    """
    k = len(load)
    price, clash = np.zeros(k), np.zeros(k, dtype=np.int64)
    work = 0
    while position < len(order) and work < max_work:
        v = order[position]
        position += 1
        price[:] = 0.0
        clash[:] = 0
        for e in range(hard_indptr[v], hard_indptr[v + 1]):
            if colors[hard_indices[e]] >= 0:
                clash[colors[hard_indices[e]]] += 1
        for e in range(indptr[v], indptr[v + 1]):
            if colors[indices[e]] >= 0:
                price[colors[indices[e]]] += values[e]
        choice = 0
        least_bad, least, then = np.inf, np.inf, np.inf
        for c in range(k):
            left = capacity - load[c] - sizes[v]
            bad = clash[c] + max(-left, 0) / sizes[v]
            first, second = price[c], float(left)
            if tight:
                first, second = second, first
            if (
                bad < least_bad
                or (bad == least_bad and first < least)
                or (bad == least_bad and first == least and second < then)
            ):
                least_bad, least, then, choice = bad, first, second, c
        colors[v] = choice
        load[choice] += sizes[v]
        work += 3 * k + hard_indptr[v + 1] - hard_indptr[v] + indptr[v + 1] - indptr[v]
    return position


@jit
def fill_tables(
    hard_indptr: NDArray[np.int64],
    hard_indices: NDArray[np.int32],
    indptr: NDArray[np.int64],
    indices: NDArray[np.int32],
    values: NDArray[np.float64],
    colors: NDArray[np.int32],
    sizes: NDArray[np.int64],
    capacity: int,
    tables: CapacityTables,
) -> None:
    """Fill the tables for `colors`; the penalty and the best weight stay."""
    price, clash, load = tables.price, tables.clash, tables.load
    price[:] = 0.0
    clash[:] = 0
    load[:] = 0
    cost, conflicts, over = 0.0, 0, 0
    for v in range(len(colors)):
        load[colors[v]] += sizes[v]
        for e in range(hard_indptr[v], hard_indptr[v + 1]):
            clash[v, colors[hard_indices[e]]] += 1
        for e in range(indptr[v], indptr[v + 1]):
            price[v, colors[indices[e]]] += values[e]
    for v in range(len(colors)):
        cost += price[v, colors[v]]
        conflicts += clash[v, colors[v]]
    for total in load:
        over += max(total - capacity, 0)
    tables.counts[:] = 0
    tables.counts[0], tables.counts[1] = conflicts // 2, over
    tables.sums[0] = cost / 2.0


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
def _move(
    hard_indptr: NDArray[np.int64],
    hard_indices: NDArray[np.int32],
    indptr: NDArray[np.int64],
    indices: NDArray[np.int32],
    values: NDArray[np.float64],
    colors: NDArray[np.int32],
    tables: CapacityTables,
    v: int,
    size: int,
    to: int,
) -> None:
    """Move a node and bring the tables up to date."""
    old = colors[v]
    colors[v] = to
    tables.load[old] -= size
    tables.load[to] += size
    for e in range(hard_indptr[v], hard_indptr[v + 1]):
        tables.clash[hard_indices[e], old] -= 1
        tables.clash[hard_indices[e], to] += 1
    for e in range(indptr[v], indptr[v + 1]):
        tables.price[indices[e], old] -= values[e]
        tables.price[indices[e], to] += values[e]


@jit
def anneal_chunk(
    hard_indptr: NDArray[np.int64],
    hard_indices: NDArray[np.int32],
    indptr: NDArray[np.int64],
    indices: NDArray[np.int32],
    values: NDArray[np.float64],
    colors: NDArray[np.int32],
    sizes: NDArray[np.int64],
    capacity: int,
    tables: CapacityTables,
    best_colors: NDArray[np.int32],
    random: NDArray[np.uint64],
    weigh: float,
    unit: float,
    temperature: float,
    proposals: int,
) -> bool:
    """Propose moves of a node and swaps of two, and take them by Metropolis' rule.

    What is minimised is the weight inside times `weigh`, plus the penalty for each hard conflict
    and for each `unit` of size beyond a capacity. The penalty grows while there are any, and
    shrinks while there are none.

    Parameters
    ----------
    tables : CapacityTables
        Filled by :func:`fill_tables`.
    best_colors : ndarray of int32
        Best partition without conflict and excess; overwritten.
    proposals : int
        How many.

    Returns
    -------
    bool
        Whether a better partition was kept.
    """
    price, clash, load = tables.price, tables.clash, tables.load
    counts, sums = tables.counts, tables.sums
    count, k = price.shape
    kept, pending = False, counts[0] == 0 and counts[1] == 0 and sums[0] < sums[3]
    review = _REVIEW * count
    for _ in range(proposals):
        counts[2] += 1
        counts[3] += 1
        if counts[0] == 0 and counts[1] == 0:
            counts[4] += 1
        if counts[3] == review:
            if counts[4] == 0:
                sums[1] *= _UP
            elif counts[4] == review:
                sums[1] = max(sums[1] * _DOWN, sums[2])
            counts[3], counts[4] = 0, 0
        draw = _random(random)
        v = (draw >> 8) * count >> 24
        a = colors[v]
        u = -1
        if draw & 255 < _SWAPS:
            u = _random(random) * count >> 32
            c = colors[u]
        else:
            c = _random(random) * k >> 32
        if c == a:
            continue
        rise, more = price[v, c] - price[v, a], clash[v, c] - clash[v, a]
        heavier = sizes[v]
        if u >= 0:
            rise += price[u, a] - price[u, c]
            more += clash[u, a] - clash[u, c]
            heavier -= sizes[u]
        over = (
            max(load[c] + heavier - capacity, 0)
            - max(load[c] - capacity, 0)
            + max(load[a] - heavier - capacity, 0)
            - max(load[a] - capacity, 0)
        )
        bar = -temperature * np.log((_random(random) + 1.0) / 4294967297.0)
        if u < 0 and weigh * rise + sums[1] * (more + over / unit) > bar:
            continue
        if u >= 0:
            # What the two pay for each other they do not pay, as they pass.
            e = _entry(indptr, indices, v, u)
            if e >= 0:
                rise -= 2.0 * values[e]
            if len(hard_indices) > 0 and _entry(hard_indptr, hard_indices, v, u) >= 0:
                more -= 2
            if weigh * rise + sums[1] * (more + over / unit) > bar:
                continue
        if pending and (over > 0 or more > 0 or rise > 0.0) and counts[2] >= count // 8:
            best_colors[:] = colors
            sums[3] = sums[0]
            kept, pending = True, False
            counts[2] = 0
        _move(
            hard_indptr,
            hard_indices,
            indptr,
            indices,
            values,
            colors,
            tables,
            v,
            sizes[v],
            c,
        )
        if u >= 0:
            _move(
                hard_indptr,
                hard_indices,
                indptr,
                indices,
                values,
                colors,
                tables,
                u,
                sizes[u],
                a,
            )
        sums[0] += rise
        counts[0] += more
        counts[1] += over
        pending = counts[0] == 0 and counts[1] == 0 and sums[0] < sums[3]
    if pending:
        best_colors[:] = colors
        sums[3] = sums[0]
        kept = True
    return kept
