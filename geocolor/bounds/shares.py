"""A lower bound on the weight inside at most k classes from what each node has to pay."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from geocolor.bounds.shares_kernels import triangle_shares
from geocolor.graph import ConflictGraph

__all__ = ["LARGEST_SHARED", "share_lower_bound"]

# Nodes up to which matrices of all pairs are kept: four of them take 290 MB.
LARGEST_SHARED = 3_000
# Sizes of classes whose triangles are looked at: to twice the mean and some more, in this range.
_LEAST_SIZE, _MOST_SIZE = 6, 32
# Work of a kernel call, in entries read: some 30 ms.
_CHUNK = 30_000_000
# Steps towards the best price of a class, by halves.
_HALVINGS = 50


def share_lower_bound(graph: ConflictGraph, k: int, over: Callable[[], bool]) -> float:
    """Bound the weight inside at most `k` classes from below by shares of the nodes.

    The weight of a class is shared among its nodes, by pairs or by triangles, as its size says. In
    a class of s nodes one pays at least h(s): half its s - 1 cheapest pairs, or what its cheapest
    triangles say. The 1/s of all nodes add up to the number of classes, so that for every price of
    a class p >= 0 ::

        weight inside >= sum over nodes of min over s of (h(s) + p / s) - p k

    and the best price is found by halving. A class of s nodes costs the sum of its subclasses of
    s - 1, less s - 2 times: h(s) may also be h(s - 1) times (s - 1) / (s - 2).

    Parameters
    ----------
    graph : ConflictGraph
        Weights and hard conflicts.
    k : int
        Most classes.
    over : callable
        Asked every few hundredths of a second; when true, the rest is bounded by pairs.

    Returns
    -------
    float
        No partition into at most `k` classes costs less. Minus infinity for more than
        :data:`LARGEST_SHARED` nodes.

    Examples
    --------
    >>> graph = ConflictGraph.from_dense([[0, 3, 1], [3, 0, 2], [1, 2, 0]])
    >>> round(share_lower_bound(graph, 1, lambda: False), 6)
    6.0
    """
    count, k = graph.num_nodes, min(k, graph.num_nodes)
    if count > LARGEST_SHARED:
        return -math.inf
    most = graph.weights.to_dense()
    largest = float(np.abs(most).max(initial=0.0))
    if largest == 0.0:
        return 0.0
    most[graph.conflicts.to_dense() > 0] = np.inf
    np.fill_diagonal(most, np.inf)
    shares = _shares(most, k, over)
    # Rounding of sums of at most s^2 terms, and of what is made of them.
    sizes = np.arange(1, count + 1)
    epsilon = float(np.finfo(float).eps)
    shares -= 4.0 * epsilon * largest * sizes.astype(float) ** 2

    def chosen(price: float) -> tuple[float, float]:
        """Give the bound at a price, and by how many classes too many it has been bought."""
        total = shares + price / sizes
        best = np.argmin(total, axis=1)
        paid = total[np.arange(count), best]
        slack = 4.0 * epsilon * (math.fsum(np.abs(paid)) + price * k)
        bound = math.fsum(paid) - price * k - slack
        return bound, float((1.0 / sizes[best]).sum()) - k

    low, high = 0.0, largest
    bound, excess = chosen(0.0)
    if excess <= 0.0:
        return bound
    for _ in range(_HALVINGS):
        found, excess = chosen(high)
        bound = max(bound, found)
        if excess <= 0.0:
            break
        low, high = high, 2.0 * high
    for _ in range(_HALVINGS):
        middle = 0.5 * (low + high)
        found, excess = chosen(middle)
        bound = max(bound, found)
        low, high = (middle, high) if excess > 0.0 else (low, middle)
        if over():
            break
    return bound


def _shares(most: NDArray[np.float64], k: int, over: Callable[[], bool]) -> NDArray[np.float64]:
    """Bound what each node pays in a class of 1 to n nodes; shape (n, n)."""
    count = len(most)
    shares = np.zeros((count, count))
    order = np.argsort(most, axis=1, kind="stable")
    ascending = np.take_along_axis(most, order, axis=1)[:, :-1]
    np.cumsum(ascending, axis=1, out=shares[:, 1:])
    shares /= 2.0
    size = min(count, max(_LEAST_SIZE, min(_MOST_SIZE, 2 * count // k + 4)))
    if size < 3:
        return shares
    triangles = np.empty((count, size + 1))
    at_once, at = max(1, _CHUNK // (count * count)), 0
    while at < count and not over():
        until = min(count, at + at_once)
        triangle_shares(most, order, float(ascending.min()), at, until, triangles)
        at = until
    seen = size if at >= count else 0
    # By the others in the class. One way of sharing goes for all classes of a size, or shares of
    # two ways would add up to more than there is.
    before = shares[:, 1]
    for s in range(3, count + 1):
        each = shares[:, s - 1] / (s - 1)
        ways = [each, before, *([triangles[:, s] / (s - 1)] if s <= seen else [])]
        possible = np.isfinite(ways).all(axis=0)
        before = max(ways, key=lambda way: math.fsum(way[possible]))
        before = np.where(possible, before, np.inf)
        shares[:, s - 1] = before * (s - 1)
    return shares
