"""Simulated annealing of weighted partitions, from warm to frozen, within a budget."""

from __future__ import annotations

import math
import time

import numpy as np
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
from geocolor.solvers.local_search import kernel_rows

__all__ = ["anneal"]

_LEVELS = 100
# Table entries, and neighbors, read in one call: some 20 ms; neighbors are far apart in memory.
_CHUNK, _FAR_CHUNK = 10_000_000, 2_000_000
# Entries of the largest table of prices (160 MB), and mean degree from which one is worth having.
_LARGEST_TABLE, _DENSE = 20_000_000, 48
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
    tabled = width * count <= _LARGEST_TABLE and entries >= _DENSE * count
    classes = width if tabled else min(k, count)
    filled, empty = np.empty((2, classes), dtype=np.int32)
    mask = np.empty(classes)
    size = open_classes(colors, filled, empty, mask)
    noise = np.log(budget.random.exponential(size=_NOISE + classes))
    random = budget.kernel_state()
    steps = int(sweeps * count)
    at_once = _CHUNK // classes if tabled else _FAR_CHUNK // (8 + entries // count)
    if seconds < math.inf:
        at_once = min(at_once, count)
    step = max(1, min(at_once, steps // _LEVELS))
    left, done, spent = steps, 0.0, 0.0
    price = np.empty((count, classes) if tabled else (0, 0))
    conflict = 4.0 * float(np.abs(values).max()) * float(np.diff(weights.indptr).max())
    if tabled:
        fill_prices(*arrays, colors, price, conflict)
    while left > 0 and done < 1.0 and not budget.over():
        step = min(step, left)
        temperature = unit * warm * (frozen / warm) ** done
        if tabled:
            size = heat_bath(
                *arrays,
                colors,
                price,
                conflict,
                filled,
                empty,
                size,
                mask,
                random,
                noise,
                temperature,
                step,
            )
        else:
            size = heat_bath_sparse(
                *arrays,
                colors,
                filled,
                empty,
                size,
                mask,
                random,
                noise,
                temperature,
                step,
                _STRANGERS,
            )
        left -= step
        done = max(1.0 - left / steps, (time.monotonic() - began) / seconds)
        spent += step / count
        budget.spend(int(spent))
        spent -= int(spent)
    return colors
