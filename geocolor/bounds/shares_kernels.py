"""Compiled part of the bound by shares: what a node's triangles cost at least."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from geocolor.graph.jit import jit

__all__ = ["triangle_shares"]


@jit
def _insert(smallest: NDArray[np.float64], size: int, value: float) -> None:
    """Put a value among the `size` smallest, ascending, if it is one of them."""
    if value >= smallest[size - 1]:
        return
    at = size - 1
    while at > 0 and smallest[at - 1] > value:
        smallest[at] = smallest[at - 1]
        at -= 1
    smallest[at] = value


@jit
def triangle_shares(
    most: NDArray[np.float64],
    order: NDArray[np.int64],
    least: float,
    first: int,
    last: int,
    shares: NDArray[np.float64],
) -> None:
    """Bound the shares of nodes `first` to `last` in classes of 3 to m nodes.

    In a class of s nodes v has s - 1 others, each of which is in s - 2 triangles with v; the sum
    of all triangles at all nodes is the weight inside 3 (s - 2) times.

    Parameters
    ----------
    most : ndarray of float64, shape (n, n)
        Weights, infinite on the diagonal and for pairs in conflict.
    order : ndarray of int64, shape (n, n)
        The nodes of each row, ascending by weight.
    least : float
        The least weight of all.
    shares : ndarray of float64, shape (n, m + 1), 3 <= m <= n
        Gets, at [v, s], what v's share of a class of s nodes is at least; infinite where v can be
        in none.
    """
    count, largest = len(most), shares.shape[1] - 1
    near, third = np.zeros(largest + 1), np.empty(largest - 2)
    # For each size of the class, the least sums over the triangles of v and one other.
    sums = np.empty((largest + 1, largest - 1))
    for v in range(first, last):
        row = most[v]
        sums[:] = np.inf
        for s in range(3, largest + 1):
            near[s] = near[s - 1] + row[order[v, s - 3]]
        for place in range(count):
            u = order[v, place]
            if row[u] == np.inf:
                break
            # What can be said of u and all after it without looking.
            wanted = False
            for s in range(3, largest + 1):
                unseen = (s - 2) * (row[u] + least) + near[s]
                wanted = wanted or unseen < sums[s, s - 2]
            if not wanted:
                break
            beside = most[u]
            third[:] = np.inf
            for t in range(count):
                _insert(third, len(third), row[t] + beside[t])
            total = 0.0
            for s in range(3, largest + 1):
                total += third[s - 3]
                _insert(sums[s], s - 1, total + (s - 2) * row[u])
        for s in range(3, largest + 1):
            total = 0.0
            for i in range(s - 1):
                total += sums[s, i]
            shares[v, s] = total / (6 * (s - 2))
