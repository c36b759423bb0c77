"""What node sizes alone say of classes with a capacity."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from geocolor.graph import Adjacency
from geocolor.problem import PartitionProblem

__all__ = ["packing_bound", "with_size_conflicts"]

# Pairs too large for one class that are worth listing.
_MOST_PAIRS = 2_000_000


def packing_bound(sizes: NDArray[np.int64], capacity: int) -> int:
    """Bound the number of classes from below by the sizes of their nodes; O(n log n).

    The bound L2 of Martello and Toth, "Lower bounds and reduction procedures for the bin packing
    problem", Discrete Applied Mathematics 28 (1990): nodes larger than half the capacity have a
    class each; for any size up to half, what is at least that large has to fit beside those of them
    that leave room for it, or in more classes.

    Parameters
    ----------
    sizes : ndarray of int64, shape (n,)
        Positive, none larger than the capacity.
    capacity : int
        What a class holds.

    Examples
    --------
    >>> packing_bound(np.array([4, 4, 4, 4, 4]), 9)
    3
    >>> packing_bound(np.array([6, 6, 4, 4, 4]), 9)
    4
    """
    ascending = np.sort(sizes)
    count = len(ascending)
    sums = np.zeros(count + 1, dtype=np.int64)
    np.cumsum(ascending, out=sums[1:])
    half = int(np.searchsorted(ascending, capacity // 2, side="right"))
    large = count - half
    if half == 0:
        return large
    least = np.arange(half)
    # Nodes that leave no room for any of them; the others of the large ones leave some.
    alone = np.searchsorted(ascending, capacity - ascending[:half], side="right")
    room = (alone - half) * capacity - (sums[alone] - sums[half])
    over = sums[half] - sums[least] - room
    return large + max(0, int((-(-over // capacity)).max()))


def with_size_conflicts(problem: PartitionProblem) -> PartitionProblem:
    """Put the pairs that are too large for one class among the hard conflicts.

    The same partitions answer it. A problem without a capacity, or with too many such pairs to
    list, stays as it is.
    """
    if problem.capacity is None or problem.sizes is None:
        return problem
    order = np.argsort(problem.sizes, kind="stable")
    ascending = problem.sizes[order]
    place = np.arange(len(order))
    # Of two nodes, the larger one has the smaller one's list.
    first = np.maximum(
        np.searchsorted(ascending, problem.capacity - ascending, side="right"), place + 1
    )
    counts = len(order) - first
    total = int(counts.sum())
    if not 0 < total <= _MOST_PAIRS:
        return problem
    smaller = np.repeat(place, counts)
    larger = np.arange(total) - np.repeat(np.cumsum(counts) - counts, counts) + first[smaller]
    pairs = np.stack([order[smaller], order[larger]], axis=1)
    hard = Adjacency.from_edges(
        len(order), np.concatenate([problem.graph.conflicts.edges(), pairs])
    )
    graph = replace(problem.graph, conflicts=hard)
    return PartitionProblem(graph, problem.k, problem.sizes, problem.capacity)
