"""Partitions of few nodes, proven: every subset has a cost, and dynamic programming covers all."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geocolor.errors import CheckError, InputError
from geocolor.problem import (
    CorrelationClusteringProblem,
    GroupPartitionProblem,
    NormalizedPairSum,
    PartitionProblem,
    Problem,
)
from geocolor.solvers.kernels.subsets import (
    NEVER,
    cover_chunk,
    descend,
    normalized_groups,
    pair_groups,
    raise_duals,
    reduce_costs,
)
from geocolor.solvers.memory import too_much
from geocolor.solvers.result import StopReason
from geocolor.solvers.scaling import scale_to
from geocolor.solvers.search import Outcome, Search
from geocolor.solvers.start import without_solution
from geocolor.wording import counted

__all__ = ["LARGEST", "Few", "solve_subset_dp"]

# Nodes whose subsets are listed: 2^20 of them take 40 MB, and what may be left of 20 nodes after
# any number of groups 170 MB.
LARGEST = 20
# Bytes for each subset, and for each state of a cover.
_SUBSET_BYTES, _STATE_BYTES = 40, 16
# Bytes for which nobody asks whether they are there: that takes longer than 12 nodes do.
_LITTLE = 1 << 23
# Bits of all costs together.
_BITS = 52
_STARTS = 16
_ROUNDS = 20
# Groups to look at in one kernel call: some 30 ms.
_CHUNK = 10_000_000
# Bitset words of a clique, where one explains that there is no partition.
_CLIQUE_WORK = 20_000_000

Few = PartitionProblem | GroupPartitionProblem | CorrelationClusteringProblem


@dataclass(frozen=True, eq=False)
class _Costs:
    """What every subset costs as one group, in integer steps, rounded down.

    Attributes
    ----------
    steps : ndarray of int64, shape (2**n,)
    unit : float
        What one step is worth.
    above : float
        A partition costs at least its steps, and at most that much more.
    dearest : int
        No partition costs more steps.
    floor : float
        What no partition costs less than.
    """

    steps: NDArray[np.int64]
    unit: float
    above: float
    dearest: int
    floor: float

    def lower_bound(self, steps: int) -> float:
        """Turn a bound in steps into one on the cost itself."""
        return max(self.floor, steps * self.unit)


def solve_subset_dp(problem: Problem, search: Search) -> Outcome:
    """Find the best partition of few nodes, and prove it.

    All 2^n subsets are costed as groups. Duals of the nodes, raised by subgradients, and what some
    partition costs leave few groups that a better one could have: those of low reduced cost. With
    these, dynamic programming over the sets of nodes that are left gives the last of them its
    group. All but the choice of duals is exact, in integers; O(3^n k) time at worst, O(2^n k)
    memory.

    Lawler, "A note on the complexity of the chromatic number problem", Information Processing
    Letters 5 (1976); Held and Karp, "The traveling-salesman problem and minimum spanning trees,
    part II", Mathematical Programming 1 (1971).

    Parameters
    ----------
    problem : PartitionProblem, GroupPartitionProblem or CorrelationClusteringProblem
        Costs are sums over pairs, of any sign, normalised or not.
    search : Search
        Gets the partition, and the bound.

    Returns
    -------
    Outcome
        COMPLETED if the problem is settled; MEMORY if there are more than `LARGEST` nodes, or the
        tables would take more than there is.

    Raises
    ------
    InputError
        The costs must be asked about, or spread too far for integers.
    """
    assert isinstance(problem, Few)  # noqa: S101  the registry sees to it
    count = problem.graph.num_nodes
    if count > LARGEST:
        return Outcome(
            StopReason.MEMORY,
            message=f"{count:,} nodes have too many subsets: {LARGEST} are the most",
        )
    states = _states(count, min(problem.max_colors, count))
    needed = (_SUBSET_BYTES << count) + _STATE_BYTES * states
    refused = too_much(needed, "tables of all subsets") if needed > _LITTLE else None
    if refused is not None:
        return Outcome(StopReason.MEMORY, message=refused)
    if count == 0:
        search.offer(np.zeros(0, dtype=np.int32))
        search.raise_lower_bound(0.0)
        return Outcome(StopReason.COMPLETED)
    costs = _costs(problem)
    groups = min(problem.max_colors, count)
    colors = np.zeros(count, dtype=np.int32)
    found = descend(costs.steps, colors, groups, _STARTS)
    best = min(costs.dearest, found)
    duals = np.full(count, best // count)
    price, _ = raise_duals(costs.steps, duals, groups, best, _ROUNDS)
    # Not taken from the search for duals: what the proof rests on is computed anew.
    if reduce_costs(costs.steps, duals, price) < 0 or price > 0:
        raise CheckError("a group costs less than its duals")
    bound = int(duals.sum()) + groups * price
    search.scaling_error = costs.above
    # A partition that is known need not be found again.
    budget = best - bound if found < NEVER else best + 1 - bound
    cover = _Cover(costs.steps, count, groups, -price, budget)
    cover.step()
    if not cover.finished:
        if found < NEVER:
            search.offer(colors)
        search.raise_lower_bound(costs.lower_bound(min(bound, best)))
    while not cover.finished:
        if search.out_of_time():
            return Outcome(StopReason.TIME, message=f"{cover.told}, whose covers took the time")
        cover.step()
    least = cover.colors()
    if least is None and found == NEVER:
        told = "all covers by groups were tried"
        return without_solution(problem, search, told, clique_work=_CLIQUE_WORK)
    search.offer(colors if least is None else least)
    search.raise_lower_bound(costs.lower_bound(bound + cover.total))
    return Outcome(StopReason.COMPLETED, message=cover.told)


class _Cover:
    """The cheapest cover by groups of low reduced cost."""

    def __init__(
        self, costs: NDArray[np.int64], count: int, groups: int, empty: int, budget: int
    ) -> None:
        found = np.flatnonzero(costs < budget)
        last = np.frexp(found)[1] - 1
        order = np.lexsort((costs[found], last))
        starts = np.searchsorted(last[order], np.arange(count + 1))
        states = _states(count, groups)
        self._left, self._parent = np.empty((2, states), dtype=np.int32)
        spent = np.empty(states, dtype=np.int64)
        self._left[0], spent[0] = (1 << count) - 1, 0
        self._state = np.array([0, 1, 1, 0, budget, -1], dtype=np.int64)
        self._arguments = (
            costs,
            found[order],
            starts,
            self._left,
            spent,
            self._parent,
            np.full(1 << count, -1, dtype=np.int32),
            self._state,
            groups,
            empty,
        )
        self._count = count
        self.told = (
            f"{len(found):,} of {counted(len(costs) - 1, 'group')} within the gap of the duals"
        )

    def step(self) -> None:
        """Look on for some 30 ms."""
        cover_chunk(*self._arguments, _CHUNK)

    @property
    def finished(self) -> bool:
        """Whether all that could cost less was looked at."""
        return bool(self._state[0] < 0)

    @property
    def total(self) -> int:
        """What it costs beyond the bound; the budget, if there is none below it."""
        return int(self._state[4])

    def colors(self) -> NDArray[np.int32] | None:
        """Tell each node's group; None if there is no cover."""
        at = int(self._state[5])
        if at < 0:
            return None
        colors = np.zeros(self._count, dtype=np.int32)
        nodes = np.arange(self._count)
        color = 0
        while at > 0:
            above = int(self._parent[at])
            color += 1
            group = int(self._left[above] ^ self._left[at])
            colors[group >> nodes & 1 > 0] = color
            at = above
        return colors


def _states(count: int, groups: int) -> int:
    """Most states of a cover: what is left once each number of groups was taken."""
    return 1 + groups * (1 << (count - 1)) if count else 1


def _costs(problem: Few) -> _Costs:
    """Cost all subsets in integers.

    Raises
    ------
    InputError
        They spread too far, or must be asked about.
    """
    graph = problem.graph
    count = graph.num_nodes
    rows, columns = graph.weights.edges().T
    hard = graph.conflicts.matrix
    # Of a pair that may not share a group the weight says nothing.
    values = np.where(hard[rows, columns] > 0, 0.0, graph.weights.edge_values())
    floor = math.fsum(values[values < 0])
    apart = hard.astype(np.int64) @ (1 << np.arange(count))
    steps = np.empty(1 << count, dtype=np.int64)
    scaled = scale_to(values, _BITS, down=True)
    if isinstance(problem, GroupPartitionProblem):
        if not isinstance(problem.cost, NormalizedPairSum):
            raise InputError(
                "subset-dp takes sums over pairs, normalised or not: for costs that must be asked "
                "about there is set-partition"
            )
        sizes = graph.sizes
        parts = _matrix(count, rows, columns, values * (sizes[rows] + sizes[columns]))
        # Every term of a sum loses half a bit of it at most, unless all are whole; so do sizes and
        # the ratio. Less that, costs are bounds; no share of a weight is above 1.
        half = 2.0**-53
        whole = _whole(values) and _whole(sizes) and np.abs(parts).sum() < 2.0**32
        rounding = 0.0 if whole else (len(values) + 8) * half
        share = (count + 8) * half
        normalized_groups(parts, apart, sizes, 1.0 / scaled.unit, rounding, share, steps)
        above = 2 * (rounding + share) * math.fsum(np.abs(values)) + count * scaled.unit
        return _Costs(steps, scaled.unit, above, (1 << _BITS) + count, floor)
    loads: NDArray[np.int64] = np.zeros(count, dtype=np.int64)
    capacity = 0
    if isinstance(problem, PartitionProblem) and problem.sizes is not None:
        assert problem.capacity is not None  # noqa: S101  given with the sizes
        loads, capacity = problem.sizes, problem.capacity
    weights = _matrix(count, rows, columns, scaled.integers)
    pair_groups(weights, apart, loads, capacity, steps)
    dearest = int(scaled.integers[scaled.integers > 0].sum())
    return _Costs(steps, scaled.unit, scaled.above, dearest, floor)


def _whole(values: NDArray[np.float64]) -> bool:
    """Whether all are multiples of 2^-10; sums of products of two below 2^32 are exact then."""
    return bool((values * 1024 == np.rint(values * 1024)).all())


def _matrix(
    count: int, rows: NDArray[np.int32], columns: NDArray[np.int32], values: NDArray[Any]
) -> NDArray[Any]:
    matrix = np.zeros((count, count), dtype=values.dtype)
    matrix[rows, columns] = matrix[columns, rows] = values
    return matrix
