"""TabuCol: fewest conflicting edges for a fixed number of colors."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from geocolor.graph.jit import jit

__all__ = ["tabucol_chunk"]


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
def tabucol_chunk(
    indptr: NDArray[np.int64],
    indices: NDArray[np.int32],
    colors: NDArray[np.int32],
    k: int,
    tabu: NDArray[np.int64],
    random: NDArray[np.uint64],
    iteration: int,
    last: int,
    best: int,
    best_colors: NDArray[np.int32],
    max_work: int,
) -> tuple[int, int, int]:
    """Move conflicting nodes to the color with fewest conflicts that is not tabu.

    `tabu[v, c]` is the iteration until which v may not return to c. `colors`, `tabu` and
    `random` carry the state on.

    Parameters
    ----------
    iteration, last : int
        Iterations done, and the one to stop at.
    best : int
        Fewest conflicting edges seen with these colors (for aspiration), or -1 at first.
    best_colors : ndarray of int32
        The coloring that had them.
    max_work : int
        Table entries to read before returning.

    Returns
    -------
    tuple of int
        Iterations done, conflicting edges now (0: `colors` is a coloring), fewest seen.
    """
    count = len(colors)
    around = np.zeros((count, k), dtype=np.int32)
    for v in range(count):
        for e in range(indptr[v], indptr[v + 1]):
            around[v, colors[indices[e]]] += 1
    listed = np.empty(count, dtype=np.int32)
    place = np.full(count, -1, dtype=np.int32)
    size = 0
    conflicts = 0
    for v in range(count):
        if around[v, colors[v]] > 0:
            conflicts += around[v, colors[v]]
            listed[size] = v
            place[v] = size
            size += 1
    conflicts //= 2
    if best < 0:
        best = conflicts
        best_colors[:] = colors
    work = count * k
    while conflicts > 0 and iteration < last and work < max_work:
        iteration += 1
        least = 1 << 30
        ties = 0
        node, color = -1, -1
        for i in range(size):
            v = listed[i]
            now = around[v, colors[v]]
            for c in range(k):
                delta = around[v, c] - now
                if delta > least or c == colors[v]:
                    continue
                if tabu[v, c] >= iteration and conflicts + delta >= best:
                    continue
                if delta < least:
                    least, ties = delta, 0
                ties += 1
                if ties == 1 or _random(random) % ties == 0:
                    node, color = v, c
        work += size * k
        if node < 0:
            continue
        old = colors[node]
        colors[node] = color
        conflicts += least
        if conflicts < best:
            best = conflicts
            best_colors[:] = colors
        # Galinier and Hao's tenure.
        tabu[node, old] = iteration + 6 * size // 10 + _random(random) % 10
        if around[node, color] == 0:
            size -= 1
            moved = listed[size]
            listed[place[node]] = moved
            place[moved] = place[node]
            place[node] = -1
        for e in range(indptr[node], indptr[node + 1]):
            u = indices[e]
            around[u, old] -= 1
            around[u, color] += 1
            if colors[u] == old and around[u, old] == 0:
                size -= 1
                moved = listed[size]
                listed[place[u]] = moved
                place[moved] = place[u]
                place[u] = -1
            elif colors[u] == color and place[u] < 0:
                listed[size] = u
                place[u] = size
                size += 1
        work += 2 * (indptr[node + 1] - indptr[node])
    return iteration, conflicts, best
