"""Greedy contraction of dense graphs: a matrix of weights, and the cheapest partner of each row."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from geocolor.graph.jit import jit

__all__ = ["fill_matrix", "matrix_chunk", "matrix_start"]


@jit
def fill_matrix(
    hard_indptr: NDArray[np.int64],
    hard_indices: NDArray[np.int32],
    indptr: NDArray[np.int64],
    indices: NDArray[np.int32],
    values: NDArray[np.float64],
    matrix: NDArray[np.float64],
) -> None:
    """Write weights into the matrix; conflicts and the diagonal are infinite."""
    matrix[:] = 0.0
    for v in range(len(indptr) - 1):
        for e in range(indptr[v], indptr[v + 1]):
            matrix[v, indices[e]] = values[e]
        for e in range(hard_indptr[v], hard_indptr[v + 1]):
            matrix[v, hard_indices[e]] = np.inf
        matrix[v, v] = np.inf


@jit
def _cheapest(matrix: NDArray[np.float64], nodes: NDArray[np.int32], size: int, v: int) -> int:
    """Cheapest partner of a cluster among the first `size` of `nodes`; itself if all conflict."""
    row = matrix[v]
    least, choice = np.inf, v
    for i in range(size):
        if row[nodes[i]] < least:
            least, choice = row[nodes[i]], nodes[i]
    return choice


@jit
def matrix_start(
    matrix: NDArray[np.float64],
    nodes: NDArray[np.int32],
    cheapest: NDArray[np.int32],
    prices: NDArray[np.float64],
) -> None:
    """List all nodes as clusters and find the cheapest partner of each, and its price."""
    for v in range(len(nodes)):
        nodes[v] = v
    for v in range(len(nodes)):
        cheapest[v] = _cheapest(matrix, nodes, len(nodes), v)
        prices[v] = matrix[v, cheapest[v]]


@jit
def matrix_chunk(
    matrix: NDArray[np.float64],
    nodes: NDArray[np.int32],
    cheapest: NDArray[np.int32],
    prices: NDArray[np.float64],
    stale: NDArray[np.bool_],
    parent: NDArray[np.int32],
    size: int,
    k: int,
    max_work: int,
) -> tuple[int, bool]:
    """Join the two clusters that gain most, again and again; above `k` clusters, that cost least.

    Parameters
    ----------
    matrix : ndarray of float64, shape (n, n)
        Weight between clusters, infinite for conflicts and on the diagonal.
    nodes : ndarray of int32, shape (n,)
        The clusters, by a node of each; the first `size`.
    cheapest : ndarray of int32, shape (n,)
        Partner of a cluster with which joining costs least; itself if all conflict.
    prices : ndarray of float64, shape (n,)
        What that costs; at least so much where it is stale. (In the matrix it would be far away in
        memory.)
    stale : ndarray of bool, shape (n,)
        Where the partner may no longer be the cheapest.
    parent : ndarray of int32, shape (n,)
        What a cluster was merged into.

    Returns
    -------
    tuple of int and bool
        Clusters, and whether nothing more is to be joined.
    """
    work = 0
    while size > 1 and work < max_work:
        least, a = np.inf, -1
        for i in range(size):
            v = nodes[i]
            if prices[v] < least:
                least, a = prices[v], v
        work += size
        if a < 0:
            return size, True
        if stale[a]:
            cheapest[a] = _cheapest(matrix, nodes, size, a)
            prices[a], stale[a] = matrix[a, cheapest[a]], False
            work += size
            continue
        if least >= 0.0 and size <= k:
            return size, True
        b = cheapest[a]
        a, b = min(a, b), max(a, b)
        parent[b] = a
        size -= 1
        i = 0
        while nodes[i] != b:
            i += 1
        nodes[i] = nodes[size]
        for i in range(size):
            x = nodes[i]
            if x != a:
                matrix[a, x] += matrix[b, x]
                matrix[x, a] = matrix[a, x]
        cheapest[a] = _cheapest(matrix, nodes, size, a)
        prices[a], stale[a] = matrix[a, cheapest[a]], False
        work += 3 * size
        for i in range(size):
            x = nodes[i]
            if x != a:
                if matrix[a, x] < prices[x] or (matrix[a, x] == prices[x] and cheapest[x] == b):
                    cheapest[x], prices[x], stale[x] = a, matrix[a, x], False
                elif cheapest[x] == a or cheapest[x] == b:
                    # Others cost as much at least: that will do until it is the least of all.
                    stale[x] = True
    return size, size <= 1
