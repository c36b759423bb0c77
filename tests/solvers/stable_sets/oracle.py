"""Stable sets and fractional colorings of tiny graphs, by trying everything."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog

from geocolor.graph import Adjacency


def random_graph(count: int, density: float, seed: int) -> Adjacency:
    pairs = np.argwhere(np.triu(np.random.default_rng(seed).random((count, count)) < density, 1))
    return Adjacency.from_edges(count, pairs)


def stable_sets(adjacency: Adjacency) -> NDArray[np.bool_]:
    """All of them, shape (sets, num_nodes), the empty one included."""
    count = adjacency.num_nodes
    sets = (np.arange(1 << count)[:, None] >> np.arange(count)) & 1 == 1
    for u, v in adjacency.edges():
        sets = sets[~(sets[:, u] & sets[:, v])]
    return sets


def fractional_number(adjacency: Adjacency) -> float:
    sets = stable_sets(adjacency)
    found = linprog(np.ones(len(sets)), A_ub=-sets.T.astype(float), b_ub=-np.ones(sets.shape[1]))
    return float(found.fun)
