"""TabuCol over the orbits of a symmetry: one node of each stands for all.

A symmetry of order p that leaves no node alone cuts the nodes into cycles of p. Choose one node of
each and give the chosen ones k colors without conflicts: their images have p times k colors without
conflicts, since the symmetry maps edges to edges.

Graphs with such a symmetry are small and often dense, so the table lies color by color, and a move
adds a row of the adjacency matrix to a row of the table, which vector instructions do.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from geocolor.graph.jit import jit

__all__ = ["orbits_chunk", "orbits_start"]


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
def orbits_start(
    beside: NDArray[np.int8],
    chosen: NDArray[np.int32],
    colors: NDArray[np.int32],
    score: NDArray[np.int16],
) -> int:
    """Fill the table; the conflicting pairs of chosen nodes. Parameters as below."""
    score[:] = 0
    for o in range(len(chosen)):
        score[colors[o]] += beside[chosen[o]]
    conflicts = 0
    for o in range(len(chosen)):
        conflicts += score[colors[o], chosen[o]]
    return conflicts // 2


@jit
def orbits_chunk(
    beside: NDArray[np.int8],
    chosen: NDArray[np.int32],
    colors: NDArray[np.int32],
    score: NDArray[np.int16],
    until: NDArray[np.int64],
    listed: NDArray[np.int32],
    random: NDArray[np.uint64],
    best_chosen: NDArray[np.int32],
    best_colors: NDArray[np.int32],
    conflicts: int,
    best: int,
    iteration: int,
    last: int,
    max_work: int,
) -> tuple[int, int, int]:
    """Give an orbit in conflict the node and color with fewest conflicts that are not tabu.

    Parameters
    ----------
    beside : ndarray of int8, shape (n, n)
        1 where two nodes of different orbits are neighbors. Nodes are numbered orbit by orbit.
    chosen, colors : ndarray of int32, shape (orbits,)
        The node that stands for each orbit, and its color; changed in place.
    score : ndarray of int16, shape (k, n)
        Chosen neighbors of each color that each node has.
    until : ndarray of int64, shape (k, n)
        Iteration until which a node may not be chosen with a color.
    listed : ndarray of int32, shape (orbits,)
        Room for the orbits in conflict.
    random : ndarray of uint64, shape (1,)
        State of the generator.
    best_chosen, best_colors : ndarray of int32, shape (orbits,)
        The last that had the fewest conflicts, `best`.
    conflicts : int
        Conflicting pairs of chosen nodes.
    iteration, last : int
        Iterations done, and the one to stop at.
    max_work : int
        Entries to read before returning.

    Returns
    -------
    tuple of int
        Iterations done, conflicts now, fewest conflicts seen.
    """
    count, n, k = len(chosen), len(beside), len(score)
    order = n // count
    work = 0
    while conflicts > 0 and iteration < last and work < max_work:
        iteration += 1
        size = 0
        for o in range(count):
            if score[colors[o], chosen[o]] > 0:
                listed[size] = o
                size += 1
        least, ties = 1 << 40, 0
        orbit, node, color = -1, -1, -1
        for i in range(size):
            o = listed[i]
            now = score[colors[o], chosen[o]]
            for c in range(k):
                for v in range(o * order, (o + 1) * order):
                    delta = score[c, v] - now
                    if delta > least or (v == chosen[o] and c == colors[o]):
                        continue
                    if until[c, v] > iteration and conflicts + delta >= best:
                        continue
                    if delta < least:
                        least, ties = delta, 0
                    ties += 1
                    if ties == 1 or _random(random) % ties == 0:
                        orbit, node, color = o, v, c
        work += count + size * k * order
        if orbit < 0:
            continue
        old, left = colors[orbit], chosen[orbit]
        down, up = score[old], score[color]
        from_left, from_node = beside[left], beside[node]
        # Loops, since array expressions would make 64-bit copies.
        for v in range(n):
            down[v] -= from_left[v]
        for v in range(n):
            up[v] += from_node[v]
        work += n // 4
        # Galinier and Hao's tenure.
        until[old, left] = iteration + 1 + 6 * size // 10 + _random(random) % 10
        chosen[orbit], colors[orbit] = node, color
        conflicts += least
        if conflicts <= best:
            best = conflicts
            best_chosen[:] = chosen
            best_colors[:] = colors
    return iteration, conflicts, best
