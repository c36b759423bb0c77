"""Greedy additive edge contraction: join the two clusters that gain most, until none do."""

from __future__ import annotations

import time

import numpy as np
from numpy.typing import NDArray

from geocolor.bounds.weight_kernels import in_both
from geocolor.graph import Adjacency, ConflictGraph
from geocolor.problem import Problem
from geocolor.solvers.budget import Budget
from geocolor.solvers.dsatur import dsatur
from geocolor.solvers.fixed_k import kcolor
from geocolor.solvers.kernels.contraction import (
    Clusters,
    contraction_chunk,
    contraction_start,
    place_chunk,
    roots,
)
from geocolor.solvers.kernels.contraction_matrix import fill_matrix, matrix_chunk, matrix_start
from geocolor.solvers.local_search import kernel_rows, settle
from geocolor.solvers.quotient import quotient
from geocolor.solvers.search import Outcome, Search
from geocolor.solvers.start import begin
from geocolor.wording import counted

__all__ = ["contract", "offer_contraction", "solve_gaec"]

# List entries, and entries of the matrix, that a kernel may read in one call: some 30 ms.
_CHUNK, _MATRIX_CHUNK = 100_000, 10_000_000
# Nodes of the largest matrix (200 MB), and density from which it is faster than lists.
_LARGEST_MATRIX, _DENSE = 5_000, 0.1
_CLIQUE_WORK = 100_000_000


def contract(graph: ConflictGraph, k: int, budget: Budget) -> NDArray[np.int32]:
    """Join clusters, beginning with single nodes: always the two of most negative total weight.

    Keuper, Levinkov, Bonneel, Lavoue, Brox and Andres, "Efficient decomposition of image and video
    graphs by minimum cost lifted multicuts", ICCV 2015. Near-linear: O(m log^2 n), or O(n^2) in
    practice with a matrix for dense graphs.

    Parameters
    ----------
    graph : ConflictGraph
        Weights and hard conflicts.
    k : int
        Most classes wanted: while there are more, those that cost least are joined, without a gain.
    budget : Budget
        Time.

    Returns
    -------
    ndarray of int32
        Classes without a hard conflict inside; more than `k` if conflicts bar what is left to
        join, or the budget ended.
    """
    count = graph.num_nodes
    entries = len(graph.weights.indices) + len(graph.conflicts.indices)
    if budget.over():
        return np.arange(count, dtype=np.int32)
    if count <= _LARGEST_MATRIX and entries >= _DENSE * count * count:
        return _on_matrix(graph.conflicts, graph.weights, k, budget)
    clusters = Clusters.of(count, *_pairs(graph))
    for at in range(0, len(clusters.ends), _CHUNK):
        if budget.over():
            return np.arange(count, dtype=np.int32)
        contraction_start(clusters, at, min(at + _CHUNK, len(clusters.ends)))
    while not budget.over() and not contraction_chunk(clusters, _CHUNK):
        pass
    colors = roots(clusters.parent)
    classes = int(clusters.counts[1])
    if classes <= k or budget.over():
        return colors
    del clusters
    hard = quotient(graph.conflicts, colors, classes)
    weights = quotient(graph.weights, colors, classes)
    if classes <= _LARGEST_MATRIX:
        joined = _on_matrix(hard, weights, k, budget)
    else:
        sizes = np.bincount(colors, minlength=classes)
        joined = _placed(hard, weights, sizes, k, budget)
    return np.take(joined, colors)


def _pairs(graph: ConflictGraph) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
    """List every pair once; conflicts weigh infinitely much."""
    hard, soft = graph.conflicts, graph.weights
    rows = np.repeat(np.arange(graph.num_nodes, dtype=np.int32), soft.degrees)
    kept = ~in_both(soft.indptr, soft.indices, hard.indptr, hard.indices)
    kept &= rows < soft.indices
    barred = hard.edges()
    ends = np.concatenate([np.stack([rows[kept], soft.indices[kept]], axis=1), barred])
    values = np.empty(0) if soft.values is None else soft.values[kept]
    return ends, np.concatenate([values, np.full(len(barred), np.inf)])


def _on_matrix(
    conflicts: Adjacency, weights: Adjacency, k: int, budget: Budget
) -> NDArray[np.int32]:
    count = conflicts.num_nodes
    matrix = np.empty((count, count))
    fill_matrix(*kernel_rows(conflicts, weights), matrix)
    nodes, cheapest = np.empty((2, count), dtype=np.int32)
    prices, stale = np.empty(count), np.zeros(count, dtype=np.bool_)
    parent = np.arange(count, dtype=np.int32)
    matrix_start(matrix, nodes, cheapest, prices)
    size, done = count, False
    while not done and not budget.over():
        size, done = matrix_chunk(
            matrix, nodes, cheapest, prices, stale, parent, size, k, _MATRIX_CHUNK
        )
    return roots(parent)


def _placed(
    conflicts: Adjacency, weights: Adjacency, sizes: NDArray[np.int64], k: int, budget: Budget
) -> NDArray[np.int32]:
    """Put clusters into `k` classes, the largest first; those that fit nowhere stay alone."""
    count = conflicts.num_nodes
    order = np.lexsort((-sizes, -conflicts.degrees)).astype(np.int32)
    colors = np.full(count, -1, dtype=np.int32)
    filled = np.zeros(k, dtype=np.int32)
    position = 0
    while position < count and not budget.over():
        position = place_chunk(
            *kernel_rows(conflicts, weights), order, position, colors, filled, _MATRIX_CHUNK
        )
    alone = np.flatnonzero(colors < 0)
    colors[alone] = k + np.arange(len(alone))
    return np.unique(colors, return_inverse=True)[1].astype(np.int32)


def offer_contraction(
    problem: Problem, search: Search, budget: Budget, *, moving: float = 1.0
) -> None:
    """Offer a first partition, and a better one: contract, then move nodes and classes.

    Where conflicts bar the last joins, tabu search on the conflicts repairs the classes, and where
    that fails a DSATUR coloring stands in. Nothing is offered if none has few enough classes.

    Parameters
    ----------
    problem : Problem
        A partition or clustering.
    search : Search
        Gets the partitions.
    budget : Budget
        Time, and iterations.
    moving : float, optional
        Share of the time left that moves may take, where time is the only limit.
    """
    graph = problem.graph
    most = min(problem.max_colors, graph.num_nodes)
    colors: NDArray[np.int32] | None = contract(graph, most, budget)
    if colors is not None and int(colors.max(initial=-1)) >= most:
        colors = kcolor(graph.conflicts, colors, most, budget, 100 * graph.num_nodes)
    if colors is None:
        greedy = dsatur(graph.conflicts, search)
        if greedy is None or int(greedy[0].max()) >= most:
            return
        colors = greedy[0]
    search.offer(colors)
    if budget.timed and moving < 1.0:
        until = time.monotonic() + moving * budget.seconds_left()
        budget = Budget(search, until, budget.stream, budget.unless)
    if not budget.over():
        search.offer(settle(graph, colors, most, budget))


def solve_gaec(problem: Problem, search: Search) -> Outcome:
    """Contract greedily, then move nodes and classes while that helps.

    Parameters
    ----------
    problem : Problem
        A partition or clustering.
    search : Search
        Gets the partition as contracted, and as it is after the moves.

    Returns
    -------
    Outcome
        COMPLETED unless time or iterations ran out.
    """
    _, outcome = begin(problem, search, clique_work=_CLIQUE_WORK)
    if outcome is not None:
        return outcome
    budget = Budget(search)
    offer_contraction(problem, search, budget)
    if search.coloring is not None:
        return Outcome(budget.reason())
    return Outcome(
        budget.reason(),
        message=f"contraction found no partition into {counted(problem.max_colors, 'class')}; "
        "another solver may",
    )
