"""Local searches over the kernels: fewer colors, cheaper partitions, within a budget."""

from __future__ import annotations

import math
import time

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from geocolor.graph import Adjacency, ConflictGraph
from geocolor.problem import Problem
from geocolor.solvers.kernels.moving import moving_chunk
from geocolor.solvers.kernels.partition import partition_chunk
from geocolor.solvers.kernels.tabucol import tabucol_chunk
from geocolor.solvers.result import StopReason
from geocolor.solvers.search import Search

__all__ = ["Budget", "fewest_conflicts", "kcolor", "polish", "settle", "table_fits"]

# Table entries that a kernel may read in one call: some 30 ms.
_CHUNK = 20_000_000
# Entries of a nodes-by-classes table. Every call fills it anew, which must leave most of the
# chunk for iterations.
_LARGEST_TABLE = _CHUNK // 5


class Budget:
    """Time and iterations that heuristics may still spend.

    Parameters
    ----------
    search : Search
        Its deadline and its iteration budget are the limits.
    until : float, optional
        An earlier ``time.monotonic()`` to stop at.

    Attributes
    ----------
    iterations : int
        Made so far.
    """

    def __init__(self, search: Search, until: float = math.inf) -> None:
        self._until = min(until, search.deadline)
        self.iterations = 0
        self._limit = search.max_iterations
        self.random = np.random.default_rng(search.seed)

    @property
    def unlimited(self) -> bool:
        """Whether nothing but patience will end the work."""
        return self._limit is None and math.isinf(self._until)

    @property
    def iterations_left(self) -> int:
        """Iterations that may still be made."""
        return (1 << 62) if self._limit is None else self._limit - self.iterations

    def spend(self, iterations: int) -> None:
        """Count iterations made."""
        self.iterations += iterations

    def seconds_left(self) -> float:
        """Seconds until the time limit; infinite without one."""
        return self._until - time.monotonic()

    def over(self) -> bool:
        """Whether time or iterations are used up."""
        return self.iterations_left <= 0 or time.monotonic() >= self._until

    def reason(self) -> StopReason:
        """Say which limit was met, if any."""
        if self.iterations_left <= 0:
            return StopReason.ITERATIONS
        return StopReason.TIME if time.monotonic() >= self._until else StopReason.COMPLETED

    def kernel_state(self) -> NDArray[np.uint64]:
        """Draw a fresh state for a kernel's generator; never zero."""
        return self.random.integers(1, 1 << 63, size=1, dtype=np.uint64)


def table_fits(num_nodes: int, k: int) -> bool:
    """Whether the searches that keep a table of nodes by classes can be used."""
    return num_nodes * k <= _LARGEST_TABLE


def kcolor(
    adjacency: Adjacency, colors: NDArray[np.int32], k: int, budget: Budget, patience: int
) -> NDArray[np.int32] | None:
    """Look for a coloring with `k` classes by TabuCol.

    Parameters
    ----------
    adjacency : Adjacency
        The conflicts.
    colors : ndarray of int32
        Where to start; nodes of the smallest classes beyond `k` start at random.
    k : int
        Classes.
    budget : Budget
        What may be spent.
    patience : int
        Iterations without a new least number of conflicts after which to give up.

    Returns
    -------
    ndarray or None
        The coloring, None if none was found.
    """
    if not table_fits(adjacency.num_nodes, k):
        return None
    colors = _largest_first(colors)
    surplus = colors >= k
    colors[surplus] = budget.random.integers(k, size=int(surplus.sum()))
    found, conflicts = fewest_conflicts(adjacency, colors, k, budget, patience)
    return found if conflicts == 0 else None


def fewest_conflicts(
    adjacency: Adjacency,
    colors: NDArray[np.int32],
    k: int,
    budget: Budget,
    patience: int,
    most: int | None = None,
) -> tuple[NDArray[np.int32], int]:
    """Run TabuCol from `colors`, changed in place, and give the best coloring it saw.

    Parameters
    ----------
    adjacency : Adjacency
        The conflicts; :func:`table_fits` must hold.
    colors : ndarray of int32
        Where to start, classes below `k`.
    k : int
        Classes.
    budget : Budget
        What may be spent.
    patience : int
        Iterations without a new least number of conflicts after which to stop.
    most : int, optional
        Iterations after which to stop in any case.

    Returns
    -------
    colors : ndarray of int32
        The best seen.
    conflicts : int
        Its conflicting edges; 0 if it is a coloring.
    """
    tabu = np.zeros((adjacency.num_nodes, k), dtype=np.int64)
    state = budget.kernel_state()
    best_colors = colors.copy()
    iteration, best, since = 0, -1, 0
    last = budget.iterations_left if most is None else min(most, budget.iterations_left)
    while True:
        before, least = iteration, best
        iteration, _, best = tabucol_chunk(
            adjacency.indptr,
            adjacency.indices,
            colors,
            k,
            tabu,
            state,
            iteration,
            min(last, since + patience),
            best,
            best_colors,
            _CHUNK,
        )
        budget.spend(iteration - before)
        if best != least:
            since = iteration
        spent = iteration >= last or iteration - since >= patience
        if best == 0 or spent or budget.over():
            return best_colors, best


def _largest_first(colors: NDArray[np.int32]) -> NDArray[np.int32]:
    """Renumber classes by size, the largest first."""
    _, inverse, sizes = np.unique(colors, return_inverse=True, return_counts=True)
    rank = np.empty(len(sizes), dtype=np.int32)
    rank[np.argsort(-sizes, kind="stable")] = np.arange(len(sizes), dtype=np.int32)
    return rank[inverse]


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
        _, member = np.unique(colors, return_inverse=True)
        classes = int(member.max()) + 1
        onto = sp.csr_array(
            (np.ones(len(member)), (np.arange(len(member)), member)), shape=(len(member), classes)
        )
        coarse = np.arange(classes, dtype=np.int32)
        _sweep(
            _contracted(graph.conflicts, onto), _contracted(graph.weights, onto), coarse, k, budget
        )
        if len(np.unique(coarse)) == classes:
            return colors
        colors = coarse[member]
        _sweep(graph.conflicts, graph.weights, colors, k, budget)
    return colors


def _contracted(adjacency: Adjacency, onto: sp.csr_array) -> Adjacency:
    values = np.ones(len(adjacency.indices)) if adjacency.values is None else adjacency.values
    count = adjacency.num_nodes
    matrix = sp.csr_array((values, adjacency.indices, adjacency.indptr), shape=(count, count))
    small = sp.csr_array(onto.T @ matrix @ onto)
    small.setdiag(0.0)
    small.eliminate_zeros()
    small.sort_indices()
    return Adjacency(small.indptr.astype(np.int64), small.indices.astype(np.int32), small.data)


def _sweep(
    conflicts: Adjacency, weights: Adjacency, colors: NDArray[np.int32], k: int, budget: Budget
) -> None:
    """Move nodes in random order, sweep after sweep, until none moves."""
    values = _values(weights)
    filled = np.bincount(colors, minlength=k).astype(np.int32)
    rounding = _rounding(values)
    moved = 1
    while moved > 0 and not budget.over():
        order = budget.random.permutation(len(colors)).astype(np.int32)
        position, moved = 0, 0
        budget.spend(1)
        while position < len(order):
            position, more = moving_chunk(
                conflicts.indptr,
                conflicts.indices,
                weights.indptr,
                weights.indices,
                values,
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
    values = _values(graph.weights)
    count = graph.num_nodes
    colors = colors.astype(np.int32)
    best_colors = colors.copy()
    tabu = np.zeros((count, k), dtype=np.int64)
    state = budget.kernel_state()
    typical = float(np.abs(values).mean()) if len(values) else 1.0
    total = float(np.abs(values).sum()) + 1.0
    # The penalty starts at a typical weight; at its top one conflict outweighs everything.
    penalty = np.array([max(typical, 1e-300), 1e-3 * max(typical, 1e-300), total])
    best, iteration, since = math.inf, 0, 0
    while True:
        before = iteration
        stop = iteration + min(budget.iterations_left, since + patience - iteration)
        iteration, improved, best = partition_chunk(
            graph.conflicts.indptr,
            graph.conflicts.indices,
            graph.weights.indptr,
            graph.weights.indices,
            values,
            colors,
            k,
            tabu,
            state,
            penalty,
            best_colors,
            best,
            _rounding(values),
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


def _values(weights: Adjacency) -> NDArray[np.float64]:
    return np.empty(0) if weights.values is None else weights.values


def _rounding(values: NDArray[np.float64]) -> float:
    """Below this a difference of sums of weights means nothing."""
    return 1e-12 * float(np.abs(values).sum()) if len(values) else 0.0
