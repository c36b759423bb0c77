"""What groups cost, and nearly cost, each asked for once while the budget lasts."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from geocolor.errors import InputError
from geocolor.graph.arrays import as_floats
from geocolor.problem import GroupOracle, GroupPartitionProblem
from geocolor.solvers.budget import Budget

__all__ = ["Group", "SpentError", "Values", "joined"]

# Nodes of a color class, ascending.
Group = tuple[int, ...]


class SpentError(Exception):
    """The budget is over, and a group would have to be asked about."""


class Values:
    """Costs and estimates of groups, remembered.

    Parameters
    ----------
    problem : GroupPartitionProblem
        The question.
    budget : Budget
        What may be spent; a group asked about is an iteration.

    Attributes
    ----------
    costs, guesses : dict
        Of the groups asked about; one and the same where the cost has no estimate.
    """

    def __init__(self, problem: GroupPartitionProblem, budget: Budget) -> None:
        self._graph = problem.graph
        self._cost = problem.cost
        self._budget = budget
        self.costs: dict[Group, float] = {}
        cost = problem.cost
        self._estimate = cost.estimate if isinstance(cost, GroupOracle) else None
        self.guesses = self.costs if self._estimate is None else {}

    def cost(self, group: Group) -> float:
        """Cost of one group.

        Raises
        ------
        SpentError
            It is not known, and the budget is over.
        """
        if group not in self.costs:
            row = self._ask(group)
            self.costs[group] = float(self._cost.of(self._graph, row)[0])
        return self.costs[group]

    def guess(self, group: Group) -> float:
        """Estimate the cost of one group; the cost itself where there is no estimate.

        Raises
        ------
        SpentError
            It is not known, and the budget is over.
        InputError
            The estimate is no number.
        """
        if self._estimate is None:
            return self.cost(group)
        if group not in self.guesses:
            row = self._ask(group)
            told = as_floats(self._estimate(row), "estimates of classes")
            if told.shape != (1,):
                raise InputError(f"the estimate gave shape {told.shape} for 1 class")
            self.guesses[group] = float(told[0])
        return self.guesses[group]

    def _ask(self, group: Group) -> NDArray[np.bool_]:
        if self._budget.over():
            raise SpentError
        self._budget.spend(1)
        row = np.zeros((1, self._graph.num_nodes), dtype=np.bool_)
        row[0, list(group)] = True
        return row

    def guessed(self, groups: Iterable[Group]) -> float:
        """Add up what groups cost nearly."""
        return sum(self.guess(group) for group in groups)

    def total(self, groups: Iterable[Group]) -> float:
        """Add up what groups cost."""
        return sum(self.cost(group) for group in groups)

    def gain(self, first: Group, second: Group) -> float:
        """Estimate what merging two groups saves."""
        return self.guess(first) + self.guess(second) - self.guess(joined(first, second))

    def may_join(self, first: Group, second: Group) -> bool:
        """Whether no hard conflict is between two groups."""
        hard, others = self._graph.conflicts, np.array(second)
        return not any(np.isin(others, hard.neighbors(node)).any() for node in first)


def joined(first: Group, second: Group) -> Group:
    """Merge two disjoint groups."""
    return tuple(sorted((*first, *second)))
