"""Greedy partition crossover: the largest classes of two colorings, in turn."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from geocolor.graph.jit import jit

__all__ = ["greedy_partition_crossover"]


@jit
def greedy_partition_crossover(
    first: NDArray[np.int32],
    second: NDArray[np.int32],
    k: int,
    ties: NDArray[np.float64],
    rest: NDArray[np.int32],
    child: NDArray[np.int32],
) -> None:
    """Give `child` the class that is largest among what is left, of one parent and then the other.

    Galinier and Hao, "Hybrid evolutionary algorithms for graph coloring", J. Comb. Optim. 3
    (1999). O(k (n + k)).

    Parameters
    ----------
    first, second : ndarray of int32, shape (n,)
        Parents, colors below `k`.
    k : int
        Classes.
    ties : ndarray of float64, shape (k, k)
        Random numbers in [0, 1): which of equally large classes goes first.
    rest : ndarray of int32, shape (n,)
        Colors of the nodes that no class brought along.
    child : ndarray of int32, shape (n,)
        Overwritten.
    """
    count = len(first)
    sizes = np.zeros((2, k), dtype=np.int64)
    for v in range(count):
        sizes[0, first[v]] += 1
        sizes[1, second[v]] += 1
    child[:] = -1
    for color in range(k):
        side = color % 2
        chosen = 0
        for c in range(1, k):
            if sizes[side, c] + ties[color, c] > sizes[side, chosen] + ties[color, chosen]:
                chosen = c
        for v in range(count):
            parent = first[v] if side == 0 else second[v]
            if parent == chosen and child[v] < 0:
                child[v] = color
                sizes[0, first[v]] -= 1
                sizes[1, second[v]] -= 1
    for v in range(count):
        if child[v] < 0:
            child[v] = rest[v]
