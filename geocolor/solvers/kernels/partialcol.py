"""PartialCol: fewest nodes without a color, for a fixed number of colors and no conflict ever."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from geocolor.graph.jit import jit

__all__ = ["partialcol_chunk", "partialcol_start"]


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
def partialcol_start(
    indptr: NDArray[np.int64],
    indices: NDArray[np.int32],
    colors: NDArray[np.int32],
    beside: NDArray[np.int32],
    listed: NDArray[np.int32],
    place: NDArray[np.int32],
) -> int:
    """Color greedily what has color -1, fill the table and the list; nodes without a color."""
    k = beside.shape[1]
    beside[:] = 0
    for v in range(len(colors)):
        for e in range(indptr[v], indptr[v + 1]):
            if colors[indices[e]] >= 0:
                beside[v, colors[indices[e]]] += 1
    size = 0
    for v in range(len(colors)):
        place[v] = -1
        if colors[v] >= 0:
            continue
        for c in range(k):
            if beside[v, c] == 0:
                colors[v] = c
                for e in range(indptr[v], indptr[v + 1]):
                    beside[indices[e], c] += 1
                break
        if colors[v] < 0:
            listed[size] = v
            place[v] = size
            size += 1
    return size


@jit
def partialcol_chunk(
    indptr: NDArray[np.int64],
    indices: NDArray[np.int32],
    colors: NDArray[np.int32],
    beside: NDArray[np.int32],
    until: NDArray[np.int64],
    listed: NDArray[np.int32],
    place: NDArray[np.int32],
    random: NDArray[np.uint64],
    size: int,
    best: int,
    iteration: int,
    last: int,
    max_work: int,
) -> tuple[int, int, int]:
    """Color a node in the class that loses fewest nodes by it; those may not return for a while.

    Ties are broken at random. A tabu move is allowed if fewer nodes than ever are left after it.
    The arrays carry the state on from :func:`partialcol_start` and from call to call.

    Parameters
    ----------
    colors : ndarray of int32, shape (n,)
        Proper; -1 for no color.
    beside : ndarray of int32, shape (n, k)
        Neighbors of a node by color.
    until : ndarray of int64, shape (n, k)
        Iteration up to which a node may not return to a color.
    listed, place : ndarray of int32, shape (n,)
        The `size` nodes without a color, and where each stands there (-1: nowhere).
    iteration, last : int
        Iterations done, and the one to stop at.
    max_work : int
        Entries to read before returning.

    Returns
    -------
    tuple of int
        Iterations done, nodes without a color now (0: `colors` is a coloring), fewest seen.
    """
    k = beside.shape[1]
    work = 0
    while size > 0 and iteration < last and work < max_work:
        iteration += 1
        node, color, ties = -1, -1, 0
        least = 1 << 30
        for i in range(size):
            v = listed[i]
            for c in range(k):
                lost = beside[v, c]
                if lost > least:
                    continue
                if until[v, c] >= iteration and size - 1 + lost >= best:
                    continue
                if lost < least:
                    least, ties = lost, 0
                ties += 1
                if ties == 1 or _random(random) % ties == 0:
                    node, color = v, c
        work += size * k
        if node < 0:
            continue
        size -= 1
        moved = listed[size]
        listed[place[node]] = moved
        place[moved] = place[node]
        place[node] = -1
        colors[node] = color
        for e in range(indptr[node], indptr[node + 1]):
            beside[indices[e], color] += 1
        work += indptr[node + 1] - indptr[node]
        if least > 0:
            for e in range(indptr[node], indptr[node + 1]):
                u = indices[e]
                if colors[u] != color:
                    continue
                colors[u] = -1
                listed[size] = u
                place[u] = size
                size += 1
                for f in range(indptr[u], indptr[u + 1]):
                    beside[indices[f], color] -= 1
                work += indptr[u + 1] - indptr[u]
                # Blöchliger and Zufferey's dynamic tenure.
                until[u, color] = iteration + 6 * size // 10 + _random(random) % 10
        best = min(best, size)
    return iteration, size, best
