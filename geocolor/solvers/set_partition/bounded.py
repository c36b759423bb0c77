"""Costs of groups that only a function knows, and pairs that bound them from below."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from geocolor.problem import GroupOracle, GroupPartitionProblem
from geocolor.solvers.set_partition.costs import FINE, Found, IntegerCosts, products
from geocolor.solvers.set_partition.pricing import ALL_WORK, GroupSearch

__all__ = ["BoundedCosts"]

# Steps that a cost is cut to: the sum of many fits.
_DEAREST = float(1 << 52)
# Groups that the bound may leave before the function is asked about them.
_MOST_ASKED = 100_000


class BoundedCosts(IntegerCosts):
    """Costs from a function, and pairs that bound them.

    Parameters
    ----------
    problem : GroupPartitionProblem
        Its cost is asked once for each group.
    weights : ndarray of int64, shape (n, n)
        Symmetric, 0 on the diagonal.
    sizes : ndarray of int64, shape (n,), or None
        The weights inside a group are at most its cost, in units, times its size. None stands for
        the number of nodes less one.
    unit : float
        See :class:`IntegerCosts`; the unit is that of a weight over a size.
    """

    def __init__(
        self,
        problem: GroupPartitionProblem,
        weights: NDArray[np.int64],
        sizes: NDArray[np.int64] | None,
        unit: float,
    ) -> None:
        # A step for each group, by rounding; and one for what floats have lost before.
        lost = len(weights) * unit / FINE
        super().__init__(step=1, equations=True, unit=unit / FINE, below=lost, above=lost)
        self._problem = problem
        self._weights = weights
        self._sizes = sizes
        cost, count = problem.cost, len(weights)
        floors = cost.floors_of(problem.graph) if isinstance(cost, GroupOracle) else np.zeros(count)
        # What a group costs above them; all of them are in every partition.
        self._floors = floors
        self._known: dict[bytes, int] = {}

    def lower_bound(self, steps: int) -> float:
        """Turn a bound in steps into one on the cost itself."""
        return super().lower_bound(steps) + math.fsum(self._floors)

    def of(self, groups: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Cost each group, in steps."""
        groups = np.ascontiguousarray(groups)
        keys = [group.tobytes() for group in groups]
        new = [i for i, key in enumerate(keys) if key not in self._known]
        if new:
            costs = self._problem.cost.of(self._problem.graph, groups[new])
            costs = (costs - groups[new] @ self._floors) / self.unit
            # No group that costs as much is part of a good partition, so a lower bound will do.
            costs = np.minimum(costs, _DEAREST)
            self._known.update(
                zip((keys[i] for i in new), np.floor(costs).astype(np.int64).tolist(), strict=True)
            )
        return np.array([self._known[key] for key in keys], dtype=np.int64)

    def search(
        self,
        apart: NDArray[np.bool_],
        duals: NDArray[np.int64],
        bar: int,
        halt: Callable[[], bool],
        *,
        most: int,
        every: bool = False,
        root_work: int = ALL_WORK,
    ) -> Found:
        """Look for groups below `bar`; see :meth:`IntegerCosts.search`."""
        if not every and root_work < ALL_WORK:
            few = self._found(
                self._below(apart, duals, bar, False, most, root_work), duals, bar, halt
            )
            if len(few.groups):
                return Found(few.groups, few.values, few.least, False)
        # What the bound puts first of a root need not be what costs least, nor be news.
        found = self._found(self._below(apart, duals, bar, True, _MOST_ASKED), duals, bar, halt)
        if every:
            finished = found.finished and len(found.groups) <= most
            return Found(found.groups[:most], found.values[:most], found.least, finished)
        # All were looked at, so that the least is known however few are given; the best first,
        # since many of the others may be known to who asks.
        best = np.argsort(found.values, kind="stable")[:most]
        return Found(found.groups[best], found.values[best], found.least, found.finished)

    def _found(
        self, search: GroupSearch, duals: NDArray[np.int64], bar: int, halt: Callable[[], bool]
    ) -> Found:
        """Run a search, and ask what its groups really cost."""
        search.run(halt)
        # Where a group of one has no pairs, the bound says nothing of it.
        alone = np.eye(len(duals), dtype=np.bool_)
        groups = np.concatenate([alone, search.groups[search.groups.sum(axis=1) > 1]])
        values: NDArray[np.int64] = self.of(groups) - (groups @ duals).astype(np.int64)
        kept = values < bar
        least = int(values.min(initial=bar))
        return Found(groups[kept], values[kept], least, search.finished)

    def _below(
        self,
        apart: NDArray[np.bool_],
        duals: NDArray[np.int64],
        bar: int,
        every: bool,
        most: int,
        root_work: int = ALL_WORK,
    ) -> GroupSearch:
        if self._sizes is not None:
            pairs, nodes = products(self._weights, self._sizes, duals, bar)
            return GroupSearch(pairs, apart, nodes, 0, every=every, most=most, root_work=root_work)
        ones = np.ones(len(duals), dtype=np.int64)
        pairs, nodes = products(self._weights, ones, duals, bar)
        # Once less than the number of nodes.
        return GroupSearch(
            pairs, apart, nodes - duals, -bar, every=every, most=most, root_work=root_work
        )
