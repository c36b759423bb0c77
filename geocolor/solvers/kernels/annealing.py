"""Simulated annealing of weighted partitions by heat bath; no hard conflict is ever made.

A node drawn at random takes the class where its price and noise are least together. With noise
drawn from Gumbel's distribution, times the temperature, that draws each class with its Boltzmann
probability, and nothing is ever rejected. The noise comes from a table, read from a random place.

What a node pays in a class is kept in a table of nodes by classes where there is room for one; else
it is summed over the node's neighbors, and graphs of any size will do.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from geocolor.graph.jit import jit

__all__ = [
    "fill_prices",
    "heat_bath",
    "heat_bath_sparse",
    "leave",
    "open_classes",
    "random_bits",
    "typical_rise",
]


@jit
def random_bits(state: NDArray[np.uint64]) -> int:
    """Draw 32 random bits (xorshift64*)."""
    x = state[0]
    x ^= x >> np.uint64(12)
    x ^= x << np.uint64(25)
    x ^= x >> np.uint64(27)
    state[0] = x
    return int((x * np.uint64(0x2545F4914F6CDD1D)) >> np.uint64(32))


@jit
def open_classes(
    colors: NDArray[np.int32],
    filled: NDArray[np.int32],
    empty: NDArray[np.int32],
    mask: NDArray[np.float64],
) -> int:
    """Count the nodes of each class and list empty ones; 0 in `mask` for classes to choose from.

    Empty classes are all alike: only the last of the list can be chosen.

    Returns
    -------
    int
        Empty classes.
    """
    filled[:] = 0
    for c in colors:
        filled[c] += 1
    size = 0
    for c in range(len(filled)):
        mask[c] = 0.0
        if filled[c] == 0:
            mask[c] = np.inf
            empty[size] = c
            size += 1
    if size > 0:
        mask[empty[size - 1]] = 0.0
    return size


@jit
def leave(
    a: int,
    b: int,
    filled: NDArray[np.int32],
    empty: NDArray[np.int32],
    size: int,
    mask: NDArray[np.float64],
) -> int:
    """Move one from class a to class b in the books; empty classes then."""
    if filled[b] == 0:
        size -= 1
        if size > 0:
            mask[empty[size - 1]] = 0.0
    filled[a] -= 1
    filled[b] += 1
    if filled[a] == 0:
        if size > 0:
            mask[empty[size - 1]] = np.inf
        empty[size] = a
        size += 1
    return size


@jit
def fill_prices(
    hard_indptr: NDArray[np.int64],
    hard_indices: NDArray[np.int32],
    indptr: NDArray[np.int64],
    indices: NDArray[np.int32],
    values: NDArray[np.float64],
    colors: NDArray[np.int32],
    price: NDArray[np.float64],
    conflict: float,
) -> None:
    """Sum up what each node would pay in each class, `conflict` for each hard conflict."""
    price[:] = 0.0
    for v in range(len(colors)):
        for e in range(indptr[v], indptr[v + 1]):
            price[v, colors[indices[e]]] += values[e]
        for e in range(hard_indptr[v], hard_indptr[v + 1]):
            price[v, colors[hard_indices[e]]] += conflict


@jit
def heat_bath(
    hard_indptr: NDArray[np.int64],
    hard_indices: NDArray[np.int32],
    indptr: NDArray[np.int64],
    indices: NDArray[np.int32],
    values: NDArray[np.float64],
    colors: NDArray[np.int32],
    price: NDArray[np.float64],
    conflict: float,
    filled: NDArray[np.int32],
    empty: NDArray[np.int32],
    size: int,
    mask: NDArray[np.float64],
    random: NDArray[np.uint64],
    noise: NDArray[np.float64],
    temperature: float,
    steps: int,
) -> int:
    """Give `steps` nodes a new class each, by a table of prices.

    O(k) a step, and O(degree) for each node that changes its class.

    Parameters
    ----------
    price : ndarray of float64, shape (num_nodes, k)
        By :func:`fill_prices`, kept up to date.
    conflict : float
        Price of a hard conflict, more than anything else can add up to.
    filled, empty, size, mask
        By :func:`open_classes`, kept up to date.
    noise : ndarray of float64, shape (at least k + 1,)
        Draws from the distribution of -G, with G Gumbel's.

    Returns
    -------
    int
        Empty classes then.
    """
    count, k = price.shape
    places = len(noise) - k
    for _ in range(steps):
        v = (random_bits(random) * count) >> 32
        at = (random_bits(random) * places) >> 32
        a = colors[v]
        row = price[v]
        least, b = np.inf, a
        for c in range(k):
            here = row[c] + temperature * noise[at + c] + mask[c]
            if here < least:
                least, b = here, c
        if b == a or (filled[b] == 0 and filled[a] == 1):
            continue
        colors[v] = b
        size = leave(a, b, filled, empty, size, mask)
        for e in range(indptr[v], indptr[v + 1]):
            u = indices[e]
            price[u, a] -= values[e]
            price[u, b] += values[e]
        for e in range(hard_indptr[v], hard_indptr[v + 1]):
            u = hard_indices[e]
            price[u, a] -= conflict
            price[u, b] += conflict
    return size


@jit
def heat_bath_sparse(
    hard_indptr: NDArray[np.int64],
    hard_indices: NDArray[np.int32],
    indptr: NDArray[np.int64],
    indices: NDArray[np.int32],
    values: NDArray[np.float64],
    colors: NDArray[np.int32],
    filled: NDArray[np.int32],
    empty: NDArray[np.int32],
    size: int,
    mask: NDArray[np.float64],
    random: NDArray[np.uint64],
    noise: NDArray[np.float64],
    temperature: float,
    steps: int,
    strangers: int,
) -> int:
    """Give `steps` nodes a new class each, by their neighbors; as :func:`heat_bath`.

    O(degree) a step. The choice is between a node's own class, those of its neighbors, an empty one
    if there is any, and as many `strangers`, classes drawn at random.
    """
    count, k = len(colors), len(filled)
    gain = np.zeros(k)
    state = np.zeros(k, dtype=np.int8)  # 1: among the choices, 2: barred by a hard conflict
    places = len(noise) - 1
    most = 0
    for v in range(count):
        most = max(most, indptr[v + 1] - indptr[v])
    choices = np.empty(most + strangers + 2, dtype=np.int32)
    for _ in range(steps):
        v = (random_bits(random) * count) >> 32
        a = colors[v]
        for e in range(hard_indptr[v], hard_indptr[v + 1]):
            state[colors[hard_indices[e]]] = 2
        choices[0] = a
        state[a] = 1
        known = 1
        for e in range(indptr[v], indptr[v + 1]):
            c = colors[indices[e]]
            gain[c] += values[e]
            if state[c] == 0:
                state[c] = 1
                choices[known] = c
                known += 1
        for i in range(strangers + 1):
            if i == strangers:
                if size == 0 or filled[a] == 1:
                    continue
                c = empty[size - 1]
            else:
                c = (random_bits(random) * k) >> 32
            if state[c] == 0 and mask[c] == 0.0:
                state[c] = 1
                choices[known] = c
                known += 1
        least, b = np.inf, a
        for i in range(known):
            c = choices[i]
            here = gain[c] + temperature * noise[(random_bits(random) * places) >> 32]
            if here < least:
                least, b = here, c
            state[c] = 0
        for e in range(indptr[v], indptr[v + 1]):
            gain[colors[indices[e]]] = 0.0
        for e in range(hard_indptr[v], hard_indptr[v + 1]):
            state[colors[hard_indices[e]]] = 0
        if b == a or (filled[b] == 0 and filled[a] == 1):
            continue
        colors[v] = b
        size = leave(a, b, filled, empty, size, mask)
    return size


@jit
def typical_rise(
    hard_indptr: NDArray[np.int64],
    hard_indices: NDArray[np.int32],
    indptr: NDArray[np.int64],
    indices: NDArray[np.int32],
    values: NDArray[np.float64],
    colors: NDArray[np.int32],
    k: int,
    nodes: NDArray[np.int32],
) -> float:
    """Tell what the cheapest move of a node costs, on average over `nodes`; 0 if none can move.

    A class without neighbors costs nothing.
    """
    gain = np.zeros(k)
    barred, seen = np.zeros(k, dtype=np.bool_), np.zeros(k, dtype=np.bool_)
    total, movable = 0.0, 0
    for v in nodes:
        own = colors[v]
        known = 0
        for e in range(hard_indptr[v], hard_indptr[v + 1]):
            c = colors[hard_indices[e]]
            known += 0 if seen[c] else 1
            seen[c] = barred[c] = True
        for e in range(indptr[v], indptr[v + 1]):
            c = colors[indices[e]]
            known += 0 if seen[c] else 1
            seen[c] = True
            gain[c] += values[e]
        least = np.inf
        for e in range(indptr[v], indptr[v + 1]):
            c = colors[indices[e]]
            if c != own and not barred[c]:
                least = min(least, gain[c])
        if known + (0 if seen[own] else 1) < k:
            least = min(least, 0.0)
        if least < np.inf:
            total += max(least - gain[own], 0.0)
            movable += 1
        for e in range(indptr[v], indptr[v + 1]):
            c = colors[indices[e]]
            seen[c] = False
            gain[c] = 0.0
        for e in range(hard_indptr[v], hard_indptr[v + 1]):
            c = colors[hard_indices[e]]
            seen[c] = barred[c] = False
    return total / movable if movable else 0.0
