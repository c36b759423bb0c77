"""Fewer classes on graphs too large for tables: iterated greedy, and classes emptied."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from geocolor.graph import Adjacency
from geocolor.solvers.budget import Budget
from geocolor.solvers.fixed_k import largest_first
from geocolor.solvers.greedy import greedy_coloring
from geocolor.solvers.kernels.removal import eject_chunk

__all__ = ["iterated_greedy", "removal"]

# Entries in one kernel call: some 30 ms.
_CHUNK = 3_000_000
# Iterations without fewer nodes waiting after which to give up on a class: these for each node, and
# these in any case.
_PER_NODE, _LEAST = 20, 100_000
# Rounds after which a search that nothing limits gives up.
_PATIENT = 5


def removal(adjacency: Adjacency, colors: NDArray[np.int32], budget: Budget) -> NDArray[np.int32]:
    """Look for a coloring with fewer classes, with memory linear in the graph.

    A pass of iterated greedy, then the smallest class is emptied: its nodes go where they put out
    fewest others, which then look for a class themselves. If that is stuck, again from another
    coloring. A pass is O(n + m), an iteration O(degree + classes).

    Parameters
    ----------
    adjacency : Adjacency
        The conflicts.
    colors : ndarray of int32, shape (num_nodes,)
        A coloring.
    budget : Budget
        What may be spent; a node that gets a class counts as one iteration.

    Returns
    -------
    ndarray of int32, shape (num_nodes,)
        A coloring with fewer classes; with the same number if none was found until the budget
        ended or, without any limit, patience.
    """
    before = int(colors.max()) + 1
    rounds = 0
    while before > 1 and not budget.too_late(before - 1):
        if budget.unlimited and rounds == _PATIENT:
            break
        rounds += 1
        colors = iterated_greedy(adjacency, colors, budget)
        fewer = colors if int(colors.max()) + 1 < before else _emptied(adjacency, colors, budget)
        if fewer is not None:
            return fewer
    return colors


def iterated_greedy(
    adjacency: Adjacency, colors: NDArray[np.int32], budget: Budget
) -> NDArray[np.int32]:
    """Color greedily, class by class of a coloring in another order; never more classes.

    Culberson and Luo, "Exploring the k-colorable landscape with iterated greedy", in: Cliques,
    Coloring, and Satisfiability (1996). The order is reversed, random, or by size, at random in
    proportions 5 : 3 : 5. O(n log n + m).
    """
    budget.spend(1)
    classes = int(colors.max()) + 1
    choice = budget.random.integers(13)
    if choice < 5:
        order = np.argsort(-colors, kind="stable")
    elif choice < 8:
        order = np.argsort(budget.random.permutation(classes)[colors], kind="stable")
    else:
        order = np.argsort(largest_first(colors), kind="stable")
    return greedy_coloring(adjacency, order)


def _emptied(
    adjacency: Adjacency, colors: NDArray[np.int32], budget: Budget
) -> NDArray[np.int32] | None:
    """Spread the smallest class over the others; None if patience or the budget ends first."""
    colors = largest_first(colors)
    k = int(colors.max())
    count = len(colors)
    waiting = np.empty(count, dtype=np.int32)
    members = np.flatnonzero(colors == k)
    size = len(members)
    waiting[:size] = members
    colors[members] = -1
    left_from = np.full(count, -1, dtype=np.int32)
    until = np.zeros(count, dtype=np.int64)
    state = budget.kernel_state()
    patience = max(_LEAST, _PER_NODE * count)
    best, iteration, since = size, 0, 0
    last = budget.iterations_left
    while size:
        if iteration >= last or iteration - since >= patience or budget.too_late(k):
            return None
        before, least = iteration, best
        size, best, iteration = eject_chunk(
            adjacency.indptr,
            adjacency.indices,
            colors,
            k,
            left_from,
            until,
            waiting,
            state,
            size,
            best,
            iteration,
            min(last, since + patience),
            _CHUNK,
        )
        budget.spend(iteration - before)
        if best != least:
            since = iteration
    return colors
