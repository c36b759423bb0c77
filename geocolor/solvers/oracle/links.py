"""Which nodes may go together well: what merging two of them saves."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from geocolor.problem import GroupPartitionProblem
from geocolor.solvers.budget import Budget
from geocolor.solvers.oracle.values import Group, Values

__all__ = ["Links", "candidates"]

# Pairs that a node is asked about, on average, where the graph names more or none.
_PAIRS = 128


def candidates(problem: GroupPartitionProblem, budget: Budget) -> NDArray[np.int64]:
    """List the pairs worth asking about: the weighted ones, or any; none that conflict.

    Where that is too many, those of least weight, and random ones of one weight.

    Returns
    -------
    ndarray of int64, shape (pairs, 2)
    """
    graph = problem.graph
    count = graph.num_nodes
    weights = np.zeros((count, count))
    open_pairs = np.ones((count, count), dtype=np.bool_)
    edges = graph.weights.edges()
    if len(edges):
        open_pairs[:] = False
        open_pairs[edges[:, 0], edges[:, 1]] = True
        weights[edges[:, 0], edges[:, 1]] = graph.weights.edge_values()
    open_pairs &= graph.conflicts.matrix == 0
    pairs = np.argwhere(np.triu(open_pairs, 1))
    most = _PAIRS * count
    if len(pairs) > most:
        order = np.lexsort((budget.random.random(len(pairs)), weights[pairs[:, 0], pairs[:, 1]]))
        pairs = pairs[np.sort(order[:most])]
    return pairs


class Links:
    """What merging two nodes saves, where it was asked; groups are linked by their nodes.

    Parameters
    ----------
    count : int
        Nodes.
    """

    def __init__(self, count: int) -> None:
        self._gain = np.full((count, count), -np.inf)

    def measure(self, values: Values, pairs: NDArray[np.int64]) -> None:
        """Ask about pairs.

        Raises
        ------
        SpentError
            The budget is over.
        """
        for u, v in pairs.tolist():
            self._gain[u, v] = self._gain[v, u] = values.gain((u,), (v,))

    def matrix(self, groups: Sequence[Group]) -> NDArray[np.float64]:
        """Most that any two nodes of two groups save; minus infinity without a link."""
        order = np.concatenate([np.array(group) for group in groups])
        starts = np.cumsum([0, *(len(group) for group in groups[:-1])])
        gains = np.maximum.reduceat(self._gain[np.ix_(order, order)], starts, axis=0)
        most: NDArray[np.float64] = np.maximum.reduceat(gains, starts, axis=1)
        return most

    def of(self, group: Group) -> NDArray[np.float64]:
        """Most that each node saves with any of a group."""
        gains: NDArray[np.float64] = self._gain[list(group)].max(axis=0)
        return gains
