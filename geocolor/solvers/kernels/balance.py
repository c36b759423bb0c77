"""Classes made even in size by moving nodes along chains of classes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from geocolor.graph.jit import jit

__all__ = ["EVEN", "STUCK", "balance_chunk", "neighbor_table"]

EVEN, STUCK = 1, 2


@jit
def neighbor_table(
    indptr: NDArray[np.int64], indices: NDArray[np.int32], colors: NDArray[np.int32], k: int
) -> NDArray[np.int32]:
    """Count the neighbors of each node in each class, shape (n, k); O(n k + m)."""
    table = np.zeros((len(colors), k), dtype=np.int32)
    for node in range(len(colors)):
        for at in range(indptr[node], indptr[node + 1]):
            table[node, colors[indices[at]]] += 1
    return table


@jit
def _move(
    indptr: NDArray[np.int64],
    indices: NDArray[np.int32],
    colors: NDArray[np.int32],
    table: NDArray[np.int32],
    node: int,
    color: int,
) -> None:
    for at in range(indptr[node], indptr[node + 1]):
        table[indices[at], colors[node]] -= 1
        table[indices[at], color] += 1
    colors[node] = color


@jit
def balance_chunk(
    indptr: NDArray[np.int64],
    indices: NDArray[np.int32],
    colors: NDArray[np.int32],
    table: NDArray[np.int32],
    sizes: NDArray[np.int64],
    max_work: int,
) -> int:
    """Move nodes along chains of classes until the sizes are even, stuck, or the work is done.

    A chain takes a node of a class to the next class, where it has no neighbor, from there
    another node to the one after, and ends in a smallest class; only its ends change in size.
    Chains are found by breadth-first search from the smallest classes. They are those of the
    proof by Kierstead and Kostochka, "A short proof of the Hajnal-Szemerédi theorem on equitable
    colouring" (2008).

    Parameters
    ----------
    indptr, indices : ndarray
        Adjacency.
    colors : ndarray of int32
        A proper coloring; changed in place.
    table : ndarray of int32, shape (n, k)
        As :func:`neighbor_table` gives it; kept in step.
    sizes : ndarray of int64, shape (k,)
        Class sizes; kept in step.
    max_work : int
        Table entries to look at, at least for one chain.

    Returns
    -------
    int
        EVEN, STUCK if no chain is left, 0 to be called again.
    """
    k = len(sizes)
    work = 0
    queue, carrier, towards = np.empty(k, np.int32), np.empty(k, np.int32), np.empty(k, np.int32)
    while work < max_work:
        least = sizes.min()
        if sizes.max() - least <= 1:
            return EVEN
        carrier[:] = -1
        towards[:] = -1
        head, tail, found = 0, 0, -1
        for color in range(k):
            if sizes[color] == least:
                towards[color] = color
                queue[tail] = color
                tail += 1
        while head < tail and found < 0:
            target = queue[head]
            head += 1
            for node in range(len(colors)):
                work += 1
                color = colors[node]
                if towards[color] >= 0 or table[node, target] > 0:
                    continue
                towards[color], carrier[color] = target, node
                queue[tail] = color
                tail += 1
                if sizes[color] >= least + 2:
                    found = color
                    break
        if found < 0:
            return STUCK
        sizes[found] -= 1
        while carrier[found] >= 0:
            _move(indptr, indices, colors, table, carrier[found], towards[found])
            found = towards[found]
        sizes[found] += 1
    return 0
