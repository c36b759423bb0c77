"""Classes emptied without a table of nodes by classes: memory linear in the graph."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from geocolor.graph.jit import jit

__all__ = ["eject_chunk"]


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
def eject_chunk(
    indptr: NDArray[np.int64],
    indices: NDArray[np.int32],
    colors: NDArray[np.int32],
    k: int,
    left_from: NDArray[np.int32],
    until: NDArray[np.int64],
    waiting: NDArray[np.int32],
    random: NDArray[np.uint64],
    size: int,
    best: int,
    iteration: int,
    last: int,
    max_work: int,
) -> tuple[int, int, int]:
    """Color a waiting node in the class that loses fewest nodes by it; these wait in their turn.

    A node drawn at random is looked at alone, and its neighbors are counted by class each time. A
    node may not return for a while to the class that it was last put out of. Ties are broken at
    random. The arrays carry the state from call to call.

    Parameters
    ----------
    colors : ndarray of int32, shape (n,)
        Proper, below `k`; -1 for the nodes that wait.
    left_from : ndarray of int32, shape (n,)
        The class a node was last put out of, -1 for none.
    until : ndarray of int64, shape (n,)
        Iteration up to which it may not return there.
    waiting : ndarray of int32, shape (n,)
        The `size` nodes that wait.
    best : int
        Fewest that ever waited.
    iteration, last : int
        Iterations done, and the one to stop at.
    max_work : int
        Entries to read before returning.

    Returns
    -------
    tuple of int
        Nodes that wait, fewest that ever did, iterations done.
    """
    beside = np.empty(k, dtype=np.int64)
    work = 0
    while size > 0 and iteration < last and work < max_work:
        iteration += 1
        at = _random(random) % size
        v = waiting[at]
        size -= 1
        waiting[at] = waiting[size]
        beside[:] = 0
        if until[v] >= iteration:
            # Out of the question unless every other class loses as much as there are nodes.
            beside[left_from[v]] = len(colors)
        for e in range(indptr[v], indptr[v + 1]):
            if colors[indices[e]] >= 0:
                beside[colors[indices[e]]] += 1
        color, ties = 0, 0
        for c in range(k):
            if ties and beside[c] > beside[color]:
                continue
            if ties and beside[c] == beside[color]:
                ties += 1
                if _random(random) % ties == 0:
                    color = c
            else:
                color, ties = c, 1
        if beside[color] > 0:
            for e in range(indptr[v], indptr[v + 1]):
                u = indices[e]
                if colors[u] == color:
                    colors[u] = -1
                    waiting[size] = u
                    size += 1
                    left_from[u] = color
                    until[u] = iteration + 6 * size // 10 + _random(random) % 10
        colors[v] = color
        work += 2 * (indptr[v + 1] - indptr[v]) + k
        best = min(best, size)
    return size, best, iteration
