"""Colorings with a given number of classes, by TabuCol."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geocolor.graph import Adjacency
from geocolor.solvers.budget import Budget
from geocolor.solvers.kernels.tabucol import tabucol_chunk, tabucol_start
from geocolor.solvers.kernels.tabucol_matrix import matrix_chunk, matrix_start

__all__ = [
    "entries",
    "fewest_conflicts",
    "kcolor",
    "largest_first",
    "on_matrix",
    "padded",
    "ring_slots",
    "run_prepared",
    "table_fits",
]

# Table entries that the kernel may read in one call: some 30 ms.
_CHUNK = 10_000_000
# Entries of the nodes-by-classes table: some 50 MB.
_LARGEST_TABLE = 4_000_000
# Density from which the kernel on the adjacency matrix is faster, and its most nodes: 17 MB.
# Measured, with 48, 126, 28 and 20 colors: 1.5 times as fast on DSJC500.5, 2.5 on DSJC500.9, 1.3 on
# DSJC250.5; on DSJC1000.1 0.8.
_DENSE, LARGEST_MATRIX = 0.25, 1 << 12
# Rows are whole vectors of 16-bit entries, or of 32 bits for the heaviest degrees.
_LANES = 16


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
    colors = largest_first(colors)
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
    count = adjacency.num_nodes
    dense = 2 * adjacency.num_edges >= _DENSE * count * count and count <= LARGEST_MATRIX
    prepare = _with_matrix if dense else _with_lists
    best = colors.copy()
    conflicts = run_prepared(prepare(adjacency, colors, k, budget), best, k, budget, patience, most)
    return best, conflicts


# A kernel, its arrays, the nodes in conflict and the conflicting edges.
Prepared = tuple[Callable[..., tuple[int, int, int, int]], tuple[Any, ...], int, int]


def run_prepared(
    prepared: Prepared,
    best_own: NDArray[np.int32],
    k: int,
    budget: Budget,
    patience: int,
    most: int | None = None,
) -> int:
    """Run a kernel until there is no conflict, or the budget, `patience` or `most` are spent.

    Parameters
    ----------
    prepared : Prepared
        From :func:`on_matrix`, say.
    best_own : ndarray of int32
        What the kernel starts from; gets the best seen.
    k : int
        Classes that the search is for: with no more known, it is over.
    budget, patience, most
        As for :func:`fewest_conflicts`.

    Returns
    -------
    int
        Conflicts of the best.
    """
    chunk, arrays, size, conflicts = prepared
    best = conflicts
    iteration, since = 0, 0
    last = budget.iterations_left if most is None else min(most, budget.iterations_left)
    while True:
        spent = iteration >= last or iteration - since >= patience
        if best == 0 or spent or budget.too_late(k):
            return best
        before, least = iteration, best
        iteration, size, conflicts, best = chunk(
            *arrays,
            best_own,
            size,
            conflicts,
            best,
            iteration,
            min(last, since + patience),
            _CHUNK,
        )
        budget.spend(iteration - before)
        if best != least:
            since = iteration


def _with_lists(
    adjacency: Adjacency, colors: NDArray[np.int32], k: int, budget: Budget
) -> Prepared:
    """Prepare the kernel that goes through the neighbors of a node."""
    count = adjacency.num_nodes
    flag, entry = entries(adjacency)
    score = np.empty((count, padded(k)), dtype=entry)
    listed, place = np.empty((2, count), dtype=np.int32)
    now, low, alike = np.zeros((3, count), dtype=entry)
    until = np.zeros(score.size, dtype=np.int64)
    graph = (adjacency.indptr, adjacency.indices.view(np.uint32), colors)
    table = (score, listed, place, now, low, alike)
    size, conflicts = tabucol_start(*graph, k, flag, *table)
    arrays = (*graph, flag, *table, until, *_rings(count), budget.kernel_state())
    return tabucol_chunk, arrays, size, conflicts


def _with_matrix(
    adjacency: Adjacency, colors: NDArray[np.int32], k: int, budget: Budget
) -> Prepared:
    """Prepare the kernel that adds rows of the adjacency matrix."""
    return on_matrix(adjacency.matrix, colors, k, budget)


def on_matrix(beside: NDArray[np.int8], own: NDArray[np.int32], k: int, budget: Budget) -> Prepared:
    """Prepare the kernel on a matrix, of nodes or of orbits.

    Parameters
    ----------
    beside : ndarray of int8, shape (n, n)
        The adjacency matrix, orbit by orbit, without edges inside an orbit.
    own : ndarray of int32, shape (orbits,)
        Where to start: place of the chosen node in its orbit times `k`, plus its color.
    k : int
        Colors of the chosen nodes.
    budget : Budget
        Source of randomness.
    """
    # To numba a matrix that may be written is of another type: one more kernel to compile.
    beside = beside.view()
    beside.flags.writeable = False
    count, width = len(own), padded(len(beside) // len(own) * k)
    score = np.empty((k, len(beside)), dtype=np.int16)
    moves = np.empty((count, width), dtype=np.int16)
    first = np.empty(k, dtype=np.int32)
    until, bans = np.zeros((count, width), dtype=np.int64), np.zeros(count, dtype=np.int32)
    chosen, after, listed, place = np.empty((4, count), dtype=np.int32)
    now, low, alike = np.zeros((3, count), dtype=np.int16)
    start = (beside, own, 1 << 13, score, moves, chosen, first, after, until, bans)
    arrays = (*start, listed, place, now, low, alike)
    size, conflicts = matrix_start(*arrays)
    return matrix_chunk, (*arrays, *_rings(count), budget.kernel_state()), size, conflicts


def entries(adjacency: Adjacency) -> tuple[int, type[np.signedinteger[Any]]]:
    """Give a flag above every degree and the type that holds it: 16 bits where that will do."""
    small = adjacency.degrees.max(initial=0) < 1 << 13
    return (1 << 13, np.int16) if small else (1 << 29, np.int32)


def padded(k: int) -> int:
    """Width of a table's row of `k` entries: whole vectors."""
    return -(-k // _LANES) * _LANES


def ring_slots(count: int) -> int:
    """Slots of a ring over iterations, a power of two and more than any tenure."""
    return 1 << (count + 32).bit_length()


def _rings(count: int) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    due, chain, banned = np.full((3, ring_slots(count)), -1, dtype=np.int64)
    return due, chain, banned


def largest_first(colors: NDArray[np.int32]) -> NDArray[np.int32]:
    """Renumber classes by size, the largest first."""
    _, inverse, sizes = np.unique(colors, return_inverse=True, return_counts=True)
    rank = np.empty(len(sizes), dtype=np.int32)
    rank[np.argsort(-sizes, kind="stable")] = np.arange(len(sizes), dtype=np.int32)
    return rank[inverse]
