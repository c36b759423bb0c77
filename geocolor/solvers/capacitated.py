"""Heuristics for partitions whose classes have a capacity: best fit, then annealing with swaps."""

from __future__ import annotations

from itertools import cycle

import numpy as np
from numpy.typing import NDArray

from geocolor.problem import PartitionProblem, Problem
from geocolor.solvers.budget import Budget
from geocolor.solvers.kernels.capacitated import (
    CapacityTables,
    anneal_chunk,
    fill_tables,
    fit_chunk,
)
from geocolor.solvers.local_search import kernel_rows
from geocolor.solvers.result import StopReason
from geocolor.solvers.search import Outcome, Search
from geocolor.solvers.start import begin
from geocolor.wording import counted

__all__ = ["improve_capacitated", "solve_capacitated"]

_CLIQUE_WORK = 100_000_000
# Classes and neighbors that one kernel call looks at, and proposals that it makes: some 30 ms.
_CHUNK, _PROPOSALS = 10_000_000, 300_000
# Entries of the largest table (240 MB).
_LARGEST_TABLE = 20_000_000
# Proposals for each node in the first round, in the longest, and the factor between two.
_SWEEPS, _MOST_SWEEPS, _LONGER = 400, 40_000, 1.7
# Temperatures fall in so many steps.
_LEVELS = 100
# First temperatures, in turn, and the last, in what the cheapest move of a node costs on average.
_WARM, _FROZEN = (0.3, 0.6), 0.03
# The same for repairs, in penalties.
_REPAIR_WARM, _REPAIR_FROZEN = 0.6, 0.05
# Rounds of the longest kind that may fail, and rounds of repair, each twice as long as the last.
_FAILURES, _REPAIRS = 8, 8


def solve_capacitated(problem: Problem, search: Search) -> Outcome:
    """Look for cheap partitions within a capacity until nothing helps for long.

    Parameters
    ----------
    problem : PartitionProblem
        With a capacity.
    search : Search
        Gets every improvement; its time and iterations are the budget.

    Returns
    -------
    Outcome
        COMPLETED if the search converged by itself.
    """
    _, outcome = begin(problem, search, clique_work=_CLIQUE_WORK)
    if outcome is not None:
        return outcome
    assert isinstance(problem, PartitionProblem)  # noqa: S101  the registry sees to it
    return improve_capacitated(problem, search, Budget(search))


def improve_capacitated(problem: PartitionProblem, search: Search, budget: Budget) -> Outcome:
    """Pack the nodes, repair what does not fit, and anneal, within `budget`.

    An incumbent is where it starts, if there is one.
    """
    packing = _Packing(problem, search, budget)
    if search.coloring is None:
        packing.pack()
    if search.coloring is None and packing.tabled:
        packing.repair()
    if search.answered():
        return Outcome(StopReason.COMPLETED)
    if search.coloring is None:
        return Outcome(
            budget.reason(),
            message=f"no partition into {counted(problem.k, 'class')} of capacity "
            f"{problem.capacity} was found; there may be none",
        )
    if not packing.tabled:
        return Outcome(
            budget.reason(),
            message=f"best fit only: {problem.graph.num_nodes:,} nodes in {packing.k:,} classes "
            "are too many to anneal",
        )
    packing.improve()
    return Outcome(StopReason.COMPLETED if search.answered() else budget.reason())


class _Packing:
    def __init__(self, problem: PartitionProblem, search: Search, budget: Budget) -> None:
        assert problem.sizes is not None  # noqa: S101  the registry sees to it
        assert problem.capacity is not None  # noqa: S101
        self._search = search
        self._budget = budget
        self._rows = kernel_rows(problem.graph.conflicts, problem.graph.weights)
        self._sizes = problem.sizes
        self._count = problem.graph.num_nodes
        self._capacity = min(problem.capacity, int(problem.sizes.sum()))
        self.k = min(problem.k, self._count)
        # What exceeds a capacity counts in nodes of middling size.
        self._unit = float(problem.sizes.mean())
        # The last packing, which need not hold.
        self._colors = np.zeros(self._count, dtype=np.int32)

    @property
    def tabled(self) -> bool:
        """Whether there is room for tables of nodes by classes."""
        return self._count * self.k <= _LARGEST_TABLE

    def pack(self) -> None:
        """Give each node a class, the largest nodes first: the cheapest class, then the fullest."""
        degrees = np.diff(self._rows[0])
        order = np.lexsort((-degrees, -self._sizes)).astype(np.int32)
        for tight in (False, True):
            colors = np.full(self._count, -1, dtype=np.int32)
            load = np.zeros(self.k, dtype=np.int64)
            position = 0
            while position < self._count:
                if self._budget.over():
                    return
                position = fit_chunk(
                    *self._rows,
                    colors,
                    self._sizes,
                    load,
                    self._capacity,
                    order,
                    position,
                    tight,
                    _CHUNK,
                )
            self._budget.spend(1)
            self._colors = colors
            if self._holds(colors, load):
                self._search.offer(colors)
                return

    def _holds(self, colors: NDArray[np.int32], load: NDArray[np.int64]) -> bool:
        rows = np.repeat(np.arange(self._count), np.diff(self._rows[0]))
        clash = colors[rows] == colors[self._rows[1]]
        return not clash.any() and bool((load <= self._capacity).all())

    def repair(self) -> None:
        """Anneal away conflicts and excess, weights aside."""
        for attempt in range(_REPAIRS):
            if self._budget.over() or self._search.coloring is not None:
                return
            tables = self._tables(1.0)
            self._anneal(tables, 0.0, _REPAIR_WARM, _REPAIR_FROZEN, _SWEEPS << attempt)

    def improve(self) -> None:
        """Anneal from the incumbent, in longer and longer rounds, until these fail often enough."""
        sweeps, failures = float(_SWEEPS), 0
        for warm in cycle(_WARM):
            assert self._search.coloring is not None  # noqa: S101  asked before
            before = self._search.objective
            assert before is not None  # noqa: S101
            self._colors = self._search.coloring.colors.astype(np.int32)
            tables = self._tables(1.0)
            unit = self._typical_rise(tables)
            if unit <= 0.0 or self.k == 1:
                return
            tables.sums[1], tables.sums[2], tables.sums[3] = unit, 1e-3 * unit, before
            self._anneal(tables, 1.0, warm * unit, _FROZEN * unit, int(sweeps))
            if self._budget.over() or self._search.answered():
                return
            if sweeps >= _MOST_SWEEPS:
                failures = 0 if self._search.objective != before else failures + 1
                if failures >= _FAILURES:
                    return
            sweeps = min(_MOST_SWEEPS, sweeps * _LONGER)

    def _tables(self, penalty: float) -> CapacityTables:
        tables = CapacityTables.empty(self._count, self.k, penalty)
        fill_tables(*self._rows, self._colors, self._sizes, self._capacity, tables)
        return tables

    def _typical_rise(self, tables: CapacityTables) -> float:
        """Average what the cheapest move of a node costs, room aside."""
        rows = np.arange(self._count)
        own = tables.price[rows, self._colors]
        free = np.where(tables.clash > 0, np.inf, tables.price)
        free[rows, self._colors] = np.inf
        rise = free.min(axis=1, initial=np.inf) - own
        rise = rise[np.isfinite(rise) & (rise > 0)]
        if len(rise):
            return float(rise.mean())
        return float(np.abs(self._rows[-1]).mean()) if len(self._rows[-1]) else 0.0

    def _anneal(
        self, tables: CapacityTables, weigh: float, warm: float, frozen: float, sweeps: int
    ) -> None:
        """Cool down once; every better partition is offered."""
        best = self._colors.copy()
        state = self._budget.kernel_state()
        left = sweeps * self._count
        step = max(1, min(_PROPOSALS, left // _LEVELS))
        cooling = (frozen / warm) ** (step / left)
        temperature, spent = warm, 0.0
        while left > 0 and not self._budget.over():
            made = min(step, left)
            if anneal_chunk(
                *self._rows,
                self._colors,
                self._sizes,
                self._capacity,
                tables,
                best,
                state,
                weigh,
                self._unit,
                temperature,
                made,
            ):
                self._search.offer(best)
                if weigh == 0.0:
                    return
            temperature *= cooling
            left -= made
            spent += made / self._count
            self._budget.spend(int(spent))
            spent -= int(spent)
