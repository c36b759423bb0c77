"""Exchanges of many nodes between two classes, where no move of one helps any more."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from geocolor.graph import Adjacency, ConflictGraph
from geocolor.solvers.budget import Budget
from geocolor.solvers.kernels.chains import chains_chunk, link_classes
from geocolor.solvers.local_search import kernel_rows, rounding_of
from geocolor.solvers.quotient import quotient

__all__ = ["exchange"]

# Neighbors that a kernel may read in one call: some 20 ms.
_CHUNK = 5_000_000
# Entries of matrices that are worth having (64 MB), and how full they must be.
_LARGEST, _FULL = 4_000_000, 0.25
# Most in all, for each that there is.
_READ = 100


def exchange(
    graph: ConflictGraph, colors: NDArray[np.int32], k: int, budget: Budget
) -> NDArray[np.int32]:
    """Improve a partition by chains of moves between two classes, until none helps.

    Chains go from each class into an empty one, and where a weight joins two classes: a gain, if
    there are empty classes enough, since nodes that gain nothing in another class are no worse
    alone. Classes that have not changed since are not tried again.

    Parameters
    ----------
    graph : ConflictGraph
        Weights and hard conflicts.
    colors : ndarray of int32
        A partition into at most `k` classes without a hard conflict inside.
    k : int
        Most classes.
    budget : Budget
        Time and iterations; a pass over all classes counts as one. The neighbors read are limited
        too, to a multiple of all that there are: large graphs have many classes.

    Returns
    -------
    ndarray of int32
        No dearer, and without a hard conflict inside.
    """
    if budget.over():
        return colors
    arrays = kernel_rows(graph.conflicts, graph.weights)
    values = arrays[-1]
    penalty = 2.0 * float(np.abs(values).max(initial=0.0))
    gains: Adjacency | None = None
    dense = _dense(graph)
    colors = np.unique(colors, return_inverse=True)[1].astype(np.int32)
    fresh: NDArray[np.bool_] | None = None
    left = _READ * (len(graph.weights.indices) + len(graph.conflicts.indices))
    while left > 0 and not budget.over():
        classes = int(colors.max(initial=-1)) + 1
        # Two exchanged sets take two empty classes.
        joining = graph.weights
        if classes + 1 < k:
            joining = gains = gains or _gains(graph.weights)
        pairs = _pairs(joining, colors, classes, k)
        if fresh is not None:
            pairs = pairs[np.append(fresh, False)[pairs].any(axis=1)]
        changed = np.zeros(classes + 1, dtype=np.bool_)
        links = link_classes(colors, classes + 1)
        budget.random.shuffle(pairs)
        budget.spend(1)
        position = 0
        while position < len(pairs) and left > 0 and not budget.over():
            position, read = chains_chunk(
                *arrays,
                dense,
                colors,
                *links,
                changed,
                pairs,
                position,
                penalty,
                rounding_of(values),
                min(left, _CHUNK),
            )
            left -= read
        if not changed.any():
            break
        used, member = np.unique(colors, return_inverse=True)
        colors, fresh = member.astype(np.int32), changed[used]
    return colors


def _dense(graph: ConflictGraph) -> NDArray[np.float64]:
    """Give weights and conflicts as matrices, if they are small and about as full."""
    entries = len(graph.weights.indices) + len(graph.conflicts.indices)
    full = graph.num_nodes**2
    if full > _LARGEST or entries < _FULL * full:
        return np.empty((0, 0, 0))
    return np.stack([graph.weights.to_dense(), graph.conflicts.to_dense()])


def _gains(weights: Adjacency) -> Adjacency:
    """Keep the pairs of negative weight."""
    negative = weights.edge_values() < 0
    return Adjacency.from_edges(weights.num_nodes, weights.edges()[negative])


def _pairs(
    joining: Adjacency, colors: NDArray[np.int32], classes: int, k: int
) -> NDArray[np.int32]:
    """List classes that are joined, and each with the empty one if there may be one more."""
    pairs = quotient(joining, colors, classes).edges()
    if classes < k:
        alone = np.column_stack([np.arange(classes), np.full(classes, classes)])
        pairs = np.concatenate([pairs, alone])
    return pairs.astype(np.int32)
