"""Tabu search for weighted partitions with hard conflicts, by strategic oscillation.

The table ``price[v, c]`` is what node v would pay in class c: its weight there, and a penalty for
each hard conflict. The cheapest class of each node, its own, empty and forbidden ones aside, is
kept up to date through every move; a row is read again only when its cheapest class got dearer.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from geocolor.graph.jit import jit

__all__ = ["PartitionTables", "partition_chunk", "partition_start"]

# Iterations between looks at the penalty, at least; it makes the table anew.
_REVIEW = 10
# Moves that may be forbidden at a time; none stays so for half as many iterations.
_MOST_TABU = 128


class PartitionTables(NamedTuple):
    """What the search keeps between calls, for n nodes and k classes.

    Attributes
    ----------
    price : ndarray of float64, shape (n, k)
        What a node would pay in a class.
    clash : ndarray of int32, shape (n, k)
        Hard conflicts of a node with a class.
    tabu : ndarray of int64, shape (n, k + 1)
        Last iteration in which a node may not enter a class; in the last column, any empty one.
    filled, used : ndarray of int32, shape (k,)
        Nodes in each class; classes that have any, the first `counts[0]`.
    cheapest, alternative : ndarray of int32 and float64, shape (n,)
        Each node's cheapest class that it may enter, -1 if there is none, and its price there.
    recent : ndarray of int32, shape (2, slots)
        Moves that are forbidden, as nodes and classes; the first `counts[1]`.
    counts : ndarray of int64
        Classes in use; forbidden moves; hard conflicts inside; iterations without one since the
        last look at the penalty.
    sums : ndarray of float64
        Weight inside; the penalty; its least and its most.
    """

    price: NDArray[np.float64]
    clash: NDArray[np.int32]
    tabu: NDArray[np.int64]
    filled: NDArray[np.int32]
    used: NDArray[np.int32]
    cheapest: NDArray[np.int32]
    alternative: NDArray[np.float64]
    recent: NDArray[np.int32]
    counts: NDArray[np.int64]
    sums: NDArray[np.float64]

    @classmethod
    def empty(cls, count: int, k: int, penalty: tuple[float, float, float]) -> PartitionTables:
        """Allocate for `count` nodes and `k` classes; the penalty, its least and its most."""
        return cls(
            np.empty((count, k)),
            np.empty((count, k), dtype=np.int32),
            np.full((count, k + 1), -1, dtype=np.int64),
            np.empty(k, dtype=np.int32),
            np.empty(k, dtype=np.int32),
            np.empty(count, dtype=np.int32),
            np.empty(count),
            np.empty((2, _MOST_TABU), dtype=np.int32),
            np.zeros(4, dtype=np.int64),
            np.array([0.0, *penalty]),
        )


@jit
def _random(state: NDArray[np.uint64]) -> int:
    """Draw 31 random bits (xorshift64*)."""
    x = state[0]
    x ^= x >> np.uint64(12)
    x ^= x << np.uint64(25)
    x ^= x >> np.uint64(27)
    state[0] = x
    return int((x * np.uint64(0x2545F4914F6CDD1D)) >> np.uint64(33))


@jit
def _read(tables: PartitionTables, colors: NDArray[np.int32], v: int, iteration: int) -> None:
    """Find the cheapest class of `v` that is in use, another than its own and not forbidden."""
    price, tabu, used = tables.price, tables.tabu, tables.used
    own = colors[v]
    least, choice = np.inf, -1
    for i in range(tables.counts[0]):
        c = used[i]
        if price[v, c] < least and c != own and tabu[v, c] < iteration:
            least, choice = price[v, c], c
    tables.cheapest[v] = choice
    tables.alternative[v] = least


@jit
def partition_start(
    hard_indptr: NDArray[np.int64],
    hard_indices: NDArray[np.int32],
    indptr: NDArray[np.int64],
    indices: NDArray[np.int32],
    values: NDArray[np.float64],
    colors: NDArray[np.int32],
    tables: PartitionTables,
) -> None:
    """Fill the tables for `colors`; nothing is forbidden."""
    count, k = tables.price.shape
    price, clash, counts, sums = tables.price, tables.clash, tables.counts, tables.sums
    price[:] = 0.0
    clash[:] = 0
    tables.tabu[:] = -1
    tables.filled[:] = 0
    counts[:] = 0
    sums[0] = 0.0
    for v in range(count):
        tables.filled[colors[v]] += 1
        for e in range(hard_indptr[v], hard_indptr[v + 1]):
            clash[v, colors[hard_indices[e]]] += 1
        for e in range(indptr[v], indptr[v + 1]):
            price[v, colors[indices[e]]] += values[e]
    for c in range(k):
        if tables.filled[c] > 0:
            tables.used[counts[0]] = c
            counts[0] += 1
    for v in range(count):
        counts[2] += clash[v, colors[v]]
        sums[0] += price[v, colors[v]]
        for c in range(k):
            price[v, c] += sums[1] * clash[v, c]
    counts[2] //= 2
    sums[0] /= 2.0
    for v in range(count):
        _read(tables, colors, v, 0)


@jit
def _reprice(tables: PartitionTables, colors: NDArray[np.int32], to: float, iteration: int) -> None:
    """Change the penalty."""
    more = to - tables.sums[1]
    tables.sums[1] = to
    count, k = tables.price.shape
    for v in range(count):
        for c in range(k):
            tables.price[v, c] += more * tables.clash[v, c]
        _read(tables, colors, v, iteration)


@jit
def partition_chunk(
    hard_indptr: NDArray[np.int64],
    hard_indices: NDArray[np.int32],
    indptr: NDArray[np.int64],
    indices: NDArray[np.int32],
    values: NDArray[np.float64],
    colors: NDArray[np.int32],
    tables: PartitionTables,
    random: NDArray[np.uint64],
    best_colors: NDArray[np.int32],
    best_cost: float,
    rounding: float,
    iteration: int,
    last: int,
    max_work: int,
) -> tuple[int, int, float]:
    """Make the best move of one node that is not tabu, again and again.

    A move is priced at its weight plus the penalty per hard conflict. The penalty grows while
    conflicts last and shrinks while there are none, so that the search crosses the border of the
    feasible region in both directions. An iteration takes O(n) steps, and O(k) for each node whose
    cheapest class got dearer.

    Parameters
    ----------
    tables : PartitionTables
        Filled by :func:`partition_start`.
    best_colors, best_cost
        Best partition without a conflict, overwritten; infinite cost if there is none yet.
    rounding : float
        Improvements smaller than this are rounding.
    iteration, last : int
        Iterations done since the start, and the one to stop at.
    max_work : int
        Table entries to read before returning.

    Returns
    -------
    tuple
        Iterations done, iteration of the last improvement (-1: none), best cost.
    """
    price, clash, tabu = tables.price, tables.clash, tables.tabu
    filled, used = tables.filled, tables.used
    cheapest, alternative, recent = tables.cheapest, tables.alternative, tables.recent
    counts, sums = tables.counts, tables.sums
    count, k = price.shape
    review = max(_REVIEW, k // 4)
    row = np.zeros(count)
    stale = np.empty(count + 1, dtype=np.int32)
    improved = -1
    work = 0
    while True:
        if counts[2] == 0 and sums[0] < best_cost - rounding:
            best_cost = sums[0]
            best_colors[:] = colors
            improved = iteration
        if iteration >= last or work >= max_work:
            return iteration, improved, best_cost
        iteration += 1
        at = 0
        while at < counts[1]:
            v, c = recent[0, at], recent[1, at]
            if tabu[v, c] >= iteration:
                at += 1
                continue
            counts[1] -= 1
            recent[0, at], recent[1, at] = recent[0, counts[1]], recent[1, counts[1]]
            if filled[c] > 0 and c != colors[v] and price[v, c] < alternative[v]:
                cheapest[v], alternative[v] = c, price[v, c]
        if counts[2] == 0:
            counts[3] += 1
        if iteration % review == 0:
            penalty = sums[1]
            if counts[3] == 0:
                penalty = min(penalty * 1.5, sums[3])
            elif counts[3] == review:
                penalty = max(penalty / 1.5, sums[2])
            counts[3] = 0
            if penalty != sums[1] and len(hard_indices) > 0:
                _reprice(tables, colors, penalty, iteration)
                work += 2 * count * k
        # Empty classes are all alike, and a node alone in its class needs none.
        empty = -1
        if counts[0] < k:
            empty = 0
            while filled[empty] > 0:
                empty += 1
        node, color = -1, -1
        least, ties = np.inf, 0
        for v in range(count):
            own = colors[v]
            then, c = alternative[v], cheapest[v]
            if empty >= 0 and then > 0.0 and filled[own] > 1 and tabu[v, k] < iteration:
                then, c = 0.0, empty
            delta = then - price[v, own]
            if delta < least - rounding:
                least, ties = delta, 1
                node, color = v, c
            elif delta <= least + rounding and c >= 0:
                ties += 1
                if _random(random) % ties == 0:
                    node, color = v, c
        for at in range(counts[1]):
            v, c = recent[0, at], recent[1, at]
            own = colors[v]
            delta = price[v, c] - price[v, own]
            more = clash[v, c] - clash[v, own]
            if (
                c != own
                and delta < least
                and counts[2] + more == 0
                and sums[0] + delta - sums[1] * more < best_cost - rounding
            ):
                least, node, color = delta, v, c
        work += 4 * count
        if node < 0 or color < 0:
            continue
        old = colors[node]
        more = clash[node, color] - clash[node, old]
        counts[2] += more
        sums[0] += price[node, color] - price[node, old] - sums[1] * more
        colors[node] = color
        until = iteration + 3 + min(count // 10, 20) + _random(random) % 10
        tabu[node, old] = until
        if counts[1] < _MOST_TABU:
            recent[0, counts[1]], recent[1, counts[1]] = node, old
            counts[1] += 1
        filled[old] -= 1
        filled[color] += 1
        emptied, opened = filled[old] == 0, filled[color] == 1
        if emptied:
            tabu[node, k] = until
            at = 0
            while used[at] != old:
                at += 1
            counts[0] -= 1
            used[at] = used[counts[0]]
        if opened:
            used[counts[0]] = color
            counts[0] += 1
        for e in range(hard_indptr[node], hard_indptr[node + 1]):
            v = hard_indices[e]
            row[v] = sums[1]
            clash[v, old] -= 1
            clash[v, color] += 1
        for e in range(indptr[node], indptr[node + 1]):
            row[indices[e]] += values[e]
        # Everything is loaded before it is asked about, so that no branch can be guessed wrong.
        size = 0
        for v in range(count):
            change = row[v]
            row[v] = 0.0
            left, entered = price[v, old] - change, price[v, color] + change
            price[v, old], price[v, color] = left, entered
            own, c, before = colors[v], cheapest[v], alternative[v]
            shut = emptied | (own == old) | (tabu[v, old] > iteration)
            closed = (own == color) | (tabu[v, color] > iteration)
            then = np.inf if (c == old) | (c == color) else before
            left = np.inf if shut else left
            entered = np.inf if closed else entered
            c = old if left < then else c
            then = left if left < then else then
            c = color if entered < then else c
            then = entered if entered < then else then
            cheapest[v], alternative[v] = c, then
            stale[size] = v
            size += 1 if then > before else 0
        stale[size] = node
        size += 1
        for i in range(size):
            _read(tables, colors, stale[i], iteration + 1)
        work += 2 * size * counts[0]
        work += 2 * (indptr[node + 1] - indptr[node] + hard_indptr[node + 1] - hard_indptr[node])
