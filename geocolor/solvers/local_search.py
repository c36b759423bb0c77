"""Local searches over the kernels: cheaper partitions, within a budget."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from geocolor.graph import Adjacency, ConflictGraph
from geocolor.problem import Problem
from geocolor.solvers.budget import Budget
from geocolor.solvers.kernels.moving import moving_chunk
from geocolor.solvers.kernels.partition import PartitionTables, partition_chunk, partition_start
from geocolor.solvers.quotient import quotient
from geocolor.solvers.search import Search

__all__ = ["KernelRows", "kernel_rows", "polish", "rounding_of", "settle"]

# Table entries that a kernel may read in one call: some 30 ms.
_CHUNK = 20_000_000


KernelRows = tuple[
    NDArray[np.int64], NDArray[np.int32], NDArray[np.int64], NDArray[np.int32], NDArray[np.float64]
]


def kernel_rows(conflicts: Adjacency, weights: Adjacency) -> KernelRows:
    """Give what every kernel of partitions takes first: rows of conflicts, of weights, and values.

    A graph without weights has no values.
    """
    values = np.empty(0) if weights.values is None else weights.values
    return conflicts.indptr, conflicts.indices, weights.indptr, weights.indices, values


def settle(
    graph: ConflictGraph, colors: NDArray[np.int32], k: int, budget: Budget
) -> NDArray[np.int32]:
    """Descend by moving nodes, then whole classes, until neither helps; near-linear.

    Parameters
    ----------
    graph : ConflictGraph
        Weights and hard conflicts.
    colors : ndarray of int32
        A partition into at most `k` classes without a hard conflict inside.
    k : int
        Most classes.
    budget : Budget
        Time and visits; a sweep over the nodes counts as one iteration.
    """
    colors = colors.copy()
    _sweep(graph.conflicts, graph.weights, colors, k, budget)
    while not budget.over():
        # One node per class: moving it merges classes (the second half of Louvain's method).
        member = np.unique(colors, return_inverse=True)[1].astype(np.int32)
        classes = int(member.max()) + 1
        coarse = np.arange(classes, dtype=np.int32)
        _sweep(
            quotient(graph.conflicts, member, classes),
            quotient(graph.weights, member, classes),
            coarse,
            k,
            budget,
        )
        if len(np.unique(coarse)) == classes:
            return colors
        colors = coarse[member]
        _sweep(graph.conflicts, graph.weights, colors, k, budget)
    return colors


def _sweep(
    conflicts: Adjacency, weights: Adjacency, colors: NDArray[np.int32], k: int, budget: Budget
) -> None:
    """Move nodes in random order, sweep after sweep, until none moves."""
    arrays = kernel_rows(conflicts, weights)
    filled = np.bincount(colors, minlength=k).astype(np.int32)
    rounding = rounding_of(arrays[-1])
    moved = 1
    while moved > 0 and not budget.over():
        order = budget.random.permutation(len(colors)).astype(np.int32)
        position, moved = 0, 0
        budget.spend(1)
        while position < len(order):
            position, more = moving_chunk(
                *arrays,
                colors,
                filled,
                len(filled),
                order,
                position,
                rounding,
                _CHUNK // 4,
            )
            moved += more
            if budget.over():
                return


def polish(
    problem: Problem,
    search: Search,
    colors: NDArray[np.int32],
    k: int,
    budget: Budget,
    patience: int,
) -> NDArray[np.int32]:
    """Improve a partition by tabu search, offering every better one.

    Parameters
    ----------
    problem : Problem
        Weights and hard conflicts.
    search : Search
        Gets the improvements.
    colors : ndarray of int32
        Where to start, classes below `k`; hard conflicts inside are repaired.
    k : int
        Classes.
    budget : Budget
        What may be spent.
    patience : int
        Iterations without improvement after which to stop.

    Returns
    -------
    ndarray
        The partition at the end, which may break hard conflicts.
    """
    graph = problem.graph
    arrays = kernel_rows(graph.conflicts, graph.weights)
    values = arrays[-1]
    count = graph.num_nodes
    colors = colors.astype(np.int32)
    best_colors = colors.copy()
    state = budget.kernel_state()
    typical = float(np.abs(values).mean()) if len(values) else 1.0
    total = float(np.abs(values).sum()) + 1.0
    # The penalty starts at a typical weight; at its top one conflict outweighs everything.
    typical = max(typical, 1e-300)
    tables = PartitionTables.empty(count, k, (typical, 1e-3 * typical, total))
    partition_start(*arrays, colors, tables)
    best, iteration, since = math.inf, 0, 0
    while True:
        before = iteration
        stop = iteration + min(budget.iterations_left, since + patience - iteration)
        iteration, improved, best = partition_chunk(
            *arrays,
            colors,
            tables,
            state,
            best_colors,
            best,
            rounding_of(values),
            iteration,
            stop,
            _CHUNK,
        )
        budget.spend(iteration - before)
        if improved >= 0:
            since = improved
            search.offer(best_colors)
        if budget.over() or search.answered() or iteration - since >= patience:
            return colors


def rounding_of(values: NDArray[np.float64]) -> float:
    """Below this a difference of sums of weights means nothing."""
    return 1e-12 * float(np.abs(values).sum()) if len(values) else 0.0
