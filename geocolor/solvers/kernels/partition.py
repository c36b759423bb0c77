"""Tabu search for weighted partitions with hard conflicts, by strategic oscillation."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from geocolor.graph.jit import jit

__all__ = ["partition_chunk"]

# Iterations between looks at the penalty.
_REVIEW = 10


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
def partition_chunk(
    hard_indptr: NDArray[np.int64],
    hard_indices: NDArray[np.int32],
    indptr: NDArray[np.int64],
    indices: NDArray[np.int32],
    values: NDArray[np.float64],
    colors: NDArray[np.int32],
    k: int,
    tabu: NDArray[np.int64],
    random: NDArray[np.uint64],
    penalty: NDArray[np.float64],
    best_colors: NDArray[np.int32],
    best_cost: float,
    rounding: float,
    iteration: int,
    last: int,
    max_work: int,
) -> tuple[int, int, float]:
    """Make the best move of one node that is not tabu, again and again.

    A move is priced at its weight plus ``penalty[0]`` per hard conflict. The penalty grows while
    conflicts last and shrinks while there are none, within ``penalty[1]`` and ``penalty[2]``, so
    that the search crosses the border of the feasible region in both directions.

    Parameters
    ----------
    best_colors, best_cost
        Best partition without a conflict, overwritten; infinite cost if there is none yet.
    rounding : float
        Improvements smaller than this are rounding.
    iteration, last : int
        Iterations done, and the one to stop at.
    max_work : int
        Table entries to read before returning.

    Returns
    -------
    tuple
        Iterations done, iteration of the last improvement (-1: none), best cost.
    """
    count = len(colors)
    clash = np.zeros((count, k), dtype=np.int32)
    cost = np.zeros((count, k))
    filled = np.zeros(k, dtype=np.int32)
    conflicts = 0
    total = 0.0
    for v in range(count):
        filled[colors[v]] += 1
        for e in range(hard_indptr[v], hard_indptr[v + 1]):
            clash[v, colors[hard_indices[e]]] += 1
        for e in range(indptr[v], indptr[v + 1]):
            cost[v, colors[indices[e]]] += values[e]
    for v in range(count):
        conflicts += clash[v, colors[v]]
        total += cost[v, colors[v]]
    conflicts //= 2
    total /= 2.0
    improved = -1
    feasible_lately = 0
    work = 2 * count * k
    while True:
        if conflicts == 0 and total < best_cost - rounding:
            best_cost = total
            best_colors[:] = colors
            improved = iteration
        if iteration >= last or work >= max_work:
            return iteration, improved, best_cost
        iteration += 1
        if conflicts == 0:
            feasible_lately += 1
        if iteration % _REVIEW == 0:
            if feasible_lately == 0:
                penalty[0] = min(penalty[0] * 1.5, penalty[2])
            elif feasible_lately == _REVIEW:
                penalty[0] = max(penalty[0] / 1.5, penalty[1])
            feasible_lately = 0
        least = np.inf
        ties = 0
        node, color = -1, -1
        price = penalty[0]
        for v in range(count):
            a = colors[v]
            now_clash, now_cost = clash[v, a], cost[v, a]
            empty_seen = filled[a] == 1
            for c in range(k):
                if c == a:
                    continue
                if filled[c] == 0:
                    # Empty classes are all alike, and a node alone in its class needs none.
                    if empty_seen:
                        continue
                    empty_seen = True
                more = clash[v, c] - now_clash
                weight = cost[v, c] - now_cost
                delta = price * more + weight
                if delta > least + rounding:
                    continue
                if tabu[v, c] >= iteration and (
                    conflicts + more > 0 or total + weight >= best_cost - rounding
                ):
                    continue
                if delta < least - rounding:
                    least, ties = delta, 0
                ties += 1
                if ties == 1 or _random(random) % ties == 0:
                    node, color = v, c
        work += count * k
        if node < 0:
            continue
        old = colors[node]
        conflicts += clash[node, color] - clash[node, old]
        total += cost[node, color] - cost[node, old]
        colors[node] = color
        filled[old] -= 1
        filled[color] += 1
        tabu[node, old] = iteration + 3 + min(count // 10, 20) + _random(random) % 10
        for e in range(hard_indptr[node], hard_indptr[node + 1]):
            clash[hard_indices[e], old] -= 1
            clash[hard_indices[e], color] += 1
        for e in range(indptr[node], indptr[node + 1]):
            cost[indices[e], old] -= values[e]
            cost[indices[e], color] += values[e]
        work += 2 * (indptr[node + 1] - indptr[node] + hard_indptr[node + 1] - hard_indptr[node])
