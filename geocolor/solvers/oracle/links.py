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
        The first node below the second.
    """
    graph, random = problem.graph, budget.random
    count = graph.num_nodes
    most = _PAIRS * count
    edges = graph.weights.edges().astype(np.int64)
    weights = graph.weights.edge_values()
    if not len(edges):
        if count * (count - 1) // 2 <= 2 * most:
            edges = np.argwhere(np.triu(np.ones((count, count), dtype=np.bool_), 1))
        else:
            edges = np.sort(random.integers(count, size=(2 * most, 2)), axis=1)
            edges = np.unique(edges[edges[:, 0] < edges[:, 1]], axis=0)
        weights = np.zeros(len(edges))
    hard = graph.conflicts.edges().astype(np.int64)
    free = ~np.isin(edges @ [count, 1], hard @ [count, 1])
    edges, weights = edges[free], weights[free]
    if len(edges) > most:
        order = np.lexsort((random.random(len(edges)), weights))
        edges = edges[np.sort(order[:most])]
    return edges


class Links:
    """What merging two nodes saves, pair by pair; groups are linked by their nodes.

    Parameters
    ----------
    values : Values
        Asked about each pair.
    pairs : ndarray of int64, shape (pairs, 2)
        Candidates.
    count : int
        Nodes.

    Raises
    ------
    SpentError
        The budget is over.
    """

    def __init__(self, values: Values, pairs: NDArray[np.int64], count: int) -> None:
        asked = (values.gain((int(u),), (int(v),)) for u, v in pairs)
        gains = np.fromiter(asked, np.float64, len(pairs))
        ends = np.concatenate([pairs, pairs[:, ::-1]])
        order = np.lexsort((ends[:, 1], ends[:, 0]))
        self._other = ends[order, 1]
        self._gain = np.concatenate([gains, gains])[order]
        self._start = np.searchsorted(ends[order, 0], np.arange(count + 1))
        self._count = count

    def _row(self, node: int) -> slice:
        return slice(int(self._start[node]), int(self._start[node + 1]))

    def near(self, group: Group) -> list[int]:
        """List the nodes linked to a group, those first that save most with any of its nodes."""
        best = np.full(self._count, -np.inf)
        for node in group:
            row = self._row(node)
            best[self._other[row]] = np.maximum(best[self._other[row]], self._gain[row])
        best[list(group)] = -np.inf
        linked = np.flatnonzero(best > -np.inf)
        near: list[int] = linked[np.argsort(-best[linked], kind="stable")].tolist()
        return near

    def between(self, groups: Sequence[Group]) -> list[tuple[int, int, float]]:
        """List the pairs of groups where two nodes save something, and the most that two save."""
        home = np.full(self._count, -1)
        for number, group in enumerate(groups):
            home[list(group)] = number
        best: dict[tuple[int, int], float] = {}
        for number, group in enumerate(groups):
            for node in group:
                row = self._row(node)
                others = home[self._other[row]]
                kept = (others > number) & (self._gain[row] > 0)
                for other, gain in zip(
                    others[kept].tolist(), self._gain[row][kept].tolist(), strict=True
                ):
                    pair = (number, other)
                    best[pair] = max(gain, best.get(pair, 0.0))
        return [(a, b, gain) for (a, b), gain in best.items()]
