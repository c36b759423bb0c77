"""Partitions of low normalised cost: moves and swaps of nodes, then shakes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from geocolor.problem import GroupPartitionProblem
from geocolor.solvers.budget import Budget
from geocolor.solvers.search import Search

__all__ = ["improve_ratios"]

# Share of the nodes that a shake moves, and the shakes in vain after which to stop.
_SHAKEN, _SHAKES = 0.1, 200
# A gain that is no rounding, relative to the cost.
_GAIN = 1e-12


def improve_ratios(problem: GroupPartitionProblem, search: Search, budget: Budget) -> None:
    """Descend from the incumbent by moves and swaps, shake, and descend again.

    A class is taken to cost its normalised pair sum, which it does, or which is near to what it
    does; the incumbent is judged by what it really costs.

    Parameters
    ----------
    problem : GroupPartitionProblem
        The question.
    search : Search
        With an incumbent, without which nothing is done; gets every improvement.
    budget : Budget
        A descent counts as one iteration.
    """
    if search.coloring is None:
        return
    state = _Classes(problem, search.coloring.colors)
    state.descend(budget)
    budget.spend(1)
    search.offer(state.colors)
    best, cost = state.colors.copy(), state.cost()
    shakes = 0
    while shakes < _SHAKES and not budget.over():
        state.set(_shaken(problem, best, budget))
        state.descend(budget)
        budget.spend(1)
        shakes += 1
        if state.cost() < cost - _GAIN * abs(cost):
            best, cost, shakes = state.colors.copy(), state.cost(), 0
            search.offer(best)


def _shaken(
    problem: GroupPartitionProblem, colors: NDArray[np.int32], budget: Budget
) -> NDArray[np.int32]:
    """Move some nodes to classes at random, where no conflict is in the way."""
    colors = colors.copy()
    hard = problem.graph.conflicts
    moved = np.flatnonzero(budget.random.random(len(colors)) < _SHAKEN)
    for node in moved.tolist():
        free = np.ones(min(problem.k, len(colors)), dtype=np.bool_)
        free[colors[hard.neighbors(node)]] = False
        colors[node] = budget.random.choice(np.flatnonzero(free))
    return colors


class _Classes:
    """A partition, and what each node adds to each class."""

    def __init__(self, problem: GroupPartitionProblem, colors: NDArray[np.int32]) -> None:
        graph = problem.graph
        count = graph.num_nodes
        self._k = min(problem.k, count)
        self._sizes = graph.sizes
        parts = graph.weights.edge_values() * graph.sizes[graph.weights.edges()].sum(axis=1)
        self._pairs = np.zeros((count, count))
        rows, columns = graph.weights.edges().T
        self._pairs[rows, columns] = self._pairs[columns, rows] = parts
        self._apart = (graph.conflicts.matrix > 0).astype(np.float64)
        self.set(colors)

    def set(self, colors: NDArray[np.int32]) -> None:
        """Take in a partition without a hard conflict inside."""
        self.colors = colors.copy()
        member = np.zeros((self._k, len(colors)))
        member[colors, np.arange(len(colors))] = 1.0
        # What a node pays in each class, and its conflicts there.
        self._beside = self._pairs @ member.T
        self._against = self._apart @ member.T
        self._inside = np.einsum("vc,cv->c", self._beside, member) / 2
        self._size = member @ self._sizes

    def cost(self) -> float:
        """Total of the classes."""
        return float(_ratio(self._inside, self._size).sum())

    def descend(self, budget: Budget) -> None:
        """Take the best move, or the best swap where no move helps, until none does."""
        while not budget.over():
            least = -_GAIN * abs(self.cost())
            gains = self._moves()
            node, color = np.unravel_index(np.argmin(gains), gains.shape)
            if gains[node, color] < least:
                self._move(int(node), int(color))
                continue
            gains = self._swaps()
            one, other = np.unravel_index(np.argmin(gains), gains.shape)
            if gains[one, other] >= least:
                return
            here, there = int(self.colors[one]), int(self.colors[other])
            self._move(int(one), there)
            self._move(int(other), here)

    def _alone(self) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Cost of each node's class, its pairs inside without the node, and its size without it."""
        nodes = np.arange(len(self.colors))
        costs = _ratio(self._inside, self._size)[self.colors]
        inside = self._inside[self.colors] - self._beside[nodes, self.colors]
        size = self._size[self.colors] - self._sizes
        # What rounding leaves of a node alone.
        size[size < _GAIN * self._sizes] = 0.0
        return costs, inside, size

    def _moves(self) -> NDArray[np.float64]:
        """Change of cost by each node's move to each class."""
        costs, inside, size = self._alone()
        without = _ratio(inside, size) - costs
        joined = _ratio(self._inside + self._beside, self._size + self._sizes[:, None])
        gains = without[:, None] + joined - _ratio(self._inside, self._size)
        gains[self._against > 0] = np.inf
        gains[np.arange(len(self.colors)), self.colors] = np.inf
        return gains

    def _swaps(self) -> NDArray[np.float64]:
        """Change of cost by each swap of two nodes of different classes."""
        costs, inside, size = self._alone()
        # Row v, column u: v takes the place of u.
        beside = self._beside[:, self.colors] - self._pairs
        against = self._against[:, self.colors] - self._apart
        replaced = _ratio(inside + beside, size + self._sizes[:, None]) - costs
        gains = replaced + replaced.T
        gains[(against > 0) | (against.T > 0)] = np.inf
        gains[self.colors[:, None] == self.colors] = np.inf
        return gains

    def _move(self, node: int, color: int) -> None:
        """Take a node to another class."""
        before = int(self.colors[node])
        self._inside[before] -= self._beside[node, before]
        self._inside[color] += self._beside[node, color]
        self._size[before] -= self._sizes[node]
        self._size[color] += self._sizes[node]
        self._beside[:, before] -= self._pairs[node]
        self._beside[:, color] += self._pairs[node]
        self._against[:, before] -= self._apart[node]
        self._against[:, color] += self._apart[node]
        self.colors[node] = color
        if not (self.colors == before).any():
            # No rounding is left where there is nothing.
            self._inside[before] = self._size[before] = 0.0


def _ratio(inside: NDArray[np.float64], size: NDArray[np.float64]) -> NDArray[np.float64]:
    """Divide; what is empty costs nothing."""
    ratio: NDArray[np.float64] = np.divide(
        inside, size, out=np.zeros(np.broadcast(inside, size).shape), where=size > 0
    )
    return ratio
