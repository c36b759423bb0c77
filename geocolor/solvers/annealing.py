"""Simulated annealing of weighted partitions, from warm to frozen, within a budget."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from geocolor.graph import Adjacency
from geocolor.solvers.budget import Budget
from geocolor.solvers.kernels.annealing import (
    fill_prices,
    heat_bath,
    heat_bath_sparse,
    open_classes,
    typical_rise,
)
from geocolor.solvers.kernels.annealing_matrix import (
    fill_matrix,
    heat_bath_matrix,
    matrix_prices,
)
from geocolor.solvers.local_search import KernelRows, kernel_rows

__all__ = ["anneal"]

_LEVELS = 100
# Table entries, and neighbors, read in one call: some 20 ms; neighbors are far apart in memory.
_CHUNK, _FAR_CHUNK = 10_000_000, 2_000_000
# Entries of the largest table of prices (160 MB), and mean degree from which one is worth having.
_LARGEST_TABLE, _DENSE = 20_000_000, 48
# Density from which a matrix of all pairs is worth having; its entries are as many as the table's.
_FULL = 0.25
# Nodes that tell what a move costs.
_SAMPLED = 2_000
# Draws of noise; a row of the table reads a stretch of them.
_NOISE = 1 << 14
# Classes without neighbors that a node without a table looks at.
_STRANGERS = 2


def anneal(
    conflicts: Adjacency,
    weights: Adjacency,
    colors: NDArray[np.int32],
    k: int,
    budget: Budget,
    sweeps: float,
    warm: float,
    frozen: float,
    seconds: float = math.inf,
) -> NDArray[np.int32]:
    """Anneal a partition by moves of single nodes that break no hard conflict.

    Kirkpatrick, Gelatt and Vecchi, "Optimization by simulated annealing", Science 220 (1983), by
    heat bath; noise in place of rejections as in Maddison, Tarlow and Minka, "A* sampling", NeurIPS
    2014.

    Parameters
    ----------
    conflicts, weights : Adjacency
        The graph.
    colors : ndarray of int32
        A local optimum with classes below `k` and no hard conflict inside: what its nodes would
        pay to move sets the temperature.
    k : int
        Most classes.
    budget : Budget
        Time and iterations; a step of every node counts as one iteration.
    sweeps : float
        Steps for each node, at most.
    warm, frozen : float
        First and last temperature, in units of what the cheapest move of a node costs on average.
    seconds : float, optional
        Time to cool down in, where that is less than the steps would take.

    Returns
    -------
    ndarray of int32
        The partition at the end, or when the budget was over.
    """
    began = time.monotonic()
    count = len(colors)
    arrays = kernel_rows(conflicts, weights)
    values = arrays[-1]
    if not len(values):
        return colors
    # One class more than are in use for a node to leave for; more are alike.
    used, member = np.unique(colors, return_inverse=True)
    colors = member.astype(np.int32)
    sample = budget.random.integers(count, size=min(count, _SAMPLED)).astype(np.int32)
    unit = typical_rise(*arrays, colors, k, sample)
    if unit <= 0.0:
        return colors
    entries = len(weights.indices) + len(conflicts.indices)
    width = min(k, 2 * len(used) + 8)
    full = max(width, count) * count <= _LARGEST_TABLE and entries >= _FULL * count * count
    tabled = full or (width * count <= _LARGEST_TABLE and entries >= _DENSE * count)
    classes = width if tabled else min(k, count)
    prepare = _with_matrix if full else _with_table if tabled else _with_neighbors
    advance = prepare(arrays, colors, classes, budget)
    steps = int(sweeps * count)
    at_once = _CHUNK // classes if tabled else _FAR_CHUNK // (8 + entries // count)
    if seconds < math.inf:
        at_once = min(at_once, count)
    step = max(1, min(at_once, steps // _LEVELS))
    left, done, spent = steps, 0.0, 0.0
    while left > 0 and done < 1.0 and not budget.over():
        step = min(step, left)
        advance(unit * warm * (frozen / warm) ** done, step)
        left -= step
        done = max(1.0 - left / steps, (time.monotonic() - began) / seconds)
        spent += step / count
        budget.spend(int(spent))
        spent -= int(spent)
    return colors


# Makes some steps at a temperature.
_Advance = Callable[[float, int], None]


class _Books:
    """Which classes have nodes, and noise for the choice among `classes` of them."""

    def __init__(self, colors: NDArray[np.int32], classes: int, budget: Budget) -> None:
        self.filled, self.empty = np.empty((2, classes), dtype=np.int32)
        self.mask = np.empty(classes)
        self.size = open_classes(colors, self.filled, self.empty, self.mask)
        self.noise = np.log(budget.random.exponential(size=_NOISE + classes))
        self.random = budget.kernel_state()

    def now(self) -> tuple[NDArray[np.int32], NDArray[np.int32], int, NDArray[np.float64]]:
        """Give what the kernels of a step take together."""
        return self.filled, self.empty, self.size, self.mask


def _conflict(arrays: KernelRows) -> float:
    """Price a hard conflict at more than weights can add up to."""
    return 4.0 * float(np.abs(arrays[-1]).max()) * float(np.diff(arrays[2]).max())


def _with_matrix(
    arrays: KernelRows, colors: NDArray[np.int32], classes: int, budget: Budget
) -> _Advance:
    """Prepare for dense graphs: all pairs in a matrix, prices class by class."""
    count = len(colors)
    books = _Books(colors, classes, budget)
    quiet = np.ascontiguousarray(sliding_window_view(books.noise, classes).min(axis=1)[:_NOISE])
    matrix = np.empty((count, count))
    fill_matrix(*arrays, _conflict(arrays), matrix)
    # An odd number of cache lines a row: those that a step reads are in different sets.
    price = np.empty((classes, 8 * ((count + 7) // 8 | 1)))
    elsewhere = np.empty(count)
    matrix_prices(matrix, colors, price, elsewhere)

    def advance(temperature: float, steps: int) -> None:
        books.size = heat_bath_matrix(
            matrix,
            colors,
            price,
            elsewhere,
            *books.now(),
            books.random,
            books.noise,
            quiet,
            temperature,
            steps,
        )

    return advance


def _with_table(
    arrays: KernelRows, colors: NDArray[np.int32], classes: int, budget: Budget
) -> _Advance:
    """Prepare for nodes of many neighbors: what they pay in each class in a table."""
    books, conflict = _Books(colors, classes, budget), _conflict(arrays)
    price = np.empty((len(colors), classes))
    fill_prices(*arrays, colors, price, conflict)

    def advance(temperature: float, steps: int) -> None:
        books.size = heat_bath(
            *arrays,
            colors,
            price,
            conflict,
            *books.now(),
            books.random,
            books.noise,
            temperature,
            steps,
        )

    return advance


def _with_neighbors(
    arrays: KernelRows, colors: NDArray[np.int32], classes: int, budget: Budget
) -> _Advance:
    """Prepare for graphs of any size: a step goes through the neighbors of its node."""
    books = _Books(colors, classes, budget)

    def advance(temperature: float, steps: int) -> None:
        books.size = heat_bath_sparse(
            *arrays,
            colors,
            *books.now(),
            books.random,
            books.noise,
            temperature,
            steps,
            _STRANGERS,
        )

    return advance
