"""Heat bath of partitions of dense graphs, on a matrix of prices of pairs.

As :mod:`geocolor.solvers.kernels.annealing`, step by step, but for two things. The table of what
nodes pay in classes is kept class by class, so that a move changes two whole rows of it. And the
least that a node pays in another class than its own is known from below: where that and the least
noise that its classes could get are no cheaper than its own class, it stays, unread.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from geocolor.graph.jit import jit
from geocolor.solvers.kernels.annealing import leave, random_bits

__all__ = ["fill_matrix", "heat_bath_matrix", "matrix_prices"]


@jit
def fill_matrix(
    hard_indptr: NDArray[np.int64],
    hard_indices: NDArray[np.int32],
    indptr: NDArray[np.int64],
    indices: NDArray[np.int32],
    values: NDArray[np.float64],
    conflict: float,
    matrix: NDArray[np.float64],
) -> None:
    """Write what each two nodes pay in one class, `conflict` more where they must not be."""
    matrix[:] = 0.0
    for v in range(len(matrix)):
        for e in range(indptr[v], indptr[v + 1]):
            matrix[v, indices[e]] = values[e]
        for e in range(hard_indptr[v], hard_indptr[v + 1]):
            matrix[v, hard_indices[e]] += conflict


@jit
def matrix_prices(
    matrix: NDArray[np.float64],
    colors: NDArray[np.int32],
    price: NDArray[np.float64],
    elsewhere: NDArray[np.float64],
) -> None:
    """Sum up what each node would pay in each class, and find the least of the other classes.

    Parameters
    ----------
    matrix : ndarray of float64, shape (n, n)
        By :func:`fill_matrix`.
    colors : ndarray of int32, shape (n,)
        Classes.
    price : ndarray of float64, shape (k, at least n)
        Gets the prices, class by class.
    elsewhere : ndarray of float64, shape (n,)
        Gets the least price of another class than the node's own.
    """
    count = len(colors)
    price[:] = 0.0
    for v in range(count):
        row, beside = price[colors[v]], matrix[v]
        for u in range(count):
            row[u] += beside[u]
    elsewhere[:] = np.inf
    for c in range(len(price)):
        for u in range(count):
            if c != colors[u]:
                elsewhere[u] = min(elsewhere[u], price[c, u])


@jit
def heat_bath_matrix(
    matrix: NDArray[np.float64],
    colors: NDArray[np.int32],
    price: NDArray[np.float64],
    elsewhere: NDArray[np.float64],
    filled: NDArray[np.int32],
    empty: NDArray[np.int32],
    size: int,
    mask: NDArray[np.float64],
    random: NDArray[np.uint64],
    noise: NDArray[np.float64],
    quiet: NDArray[np.float64],
    temperature: float,
    steps: int,
) -> int:
    """Give `steps` nodes a new class each.

    O(1) a step for a node that stays, unread; O(k) for one that is read, O(n) for one that moves.

    Parameters
    ----------
    price, elsewhere
        By :func:`matrix_prices`; the prices are kept up to date, and `elsewhere` a lower bound.
    filled, empty, size, mask
        By :func:`~geocolor.solvers.kernels.annealing.open_classes`, kept up to date.
    noise : ndarray of float64, shape (places + k,)
        Draws from the distribution of -G, with G Gumbel's.
    quiet : ndarray of float64, shape (places,)
        The least of the `k` draws of noise from each place on.

    Returns
    -------
    int
        Empty classes then.
    """
    count, k = len(colors), len(filled)
    places = len(quiet)
    for _ in range(steps):
        v = (random_bits(random) * count) >> 32
        at = (random_bits(random) * places) >> 32
        a = colors[v]
        if price[a, v] + temperature * noise[at + a] <= elsewhere[v] + temperature * quiet[at]:
            continue
        least, b, other = np.inf, a, np.inf
        for c in range(k):
            here = price[c, v]
            noisy = here + temperature * noise[at + c] + mask[c]
            if noisy < least:
                least, b = noisy, c
            here = np.inf if c == a else here
            other = here if here < other else other
        if b == a or (filled[b] == 0 and filled[a] == 1):
            elsewhere[v] = other
            continue
        colors[v] = b
        size = leave(a, b, filled, empty, size, mask)
        left, entered, beside = price[a], price[b], matrix[v]
        for u in range(count):
            weight = beside[u]
            behind, ahead = left[u] - weight, entered[u] + weight
            left[u], entered[u] = behind, ahead
            own, other = colors[u], elsewhere[u]
            behind = np.inf if own == a else behind
            ahead = np.inf if own == b else ahead
            behind = ahead if ahead < behind else behind
            elsewhere[u] = behind if behind < other else other
        elsewhere[v] = -np.inf
    return size
