"""Partitions of some dozens of nodes into few classes, proven by Russian doll search."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from geocolor.graph import Adjacency
from geocolor.problem import PartitionProblem, Problem
from geocolor.solvers.budget import Budget
from geocolor.solvers.kernels.dolls import (
    BEST,
    DEPTH,
    FIRST,
    NEVER,
    OPEN,
    VISITED,
    dolls_chunk,
    dolls_order,
)
from geocolor.solvers.result import StopReason
from geocolor.solvers.scaling import scale_to
from geocolor.solvers.search import Outcome, Search
from geocolor.solvers.start import without_solution

__all__ = ["LARGEST", "solve_russian_doll"]

# Its tables take 16 MB for as many nodes, and beyond a third of them it seldom ends.
LARGEST = 128
# Bits of all costs together.
_BITS = 52
# Entries to look at in one kernel call: some 10 ms.
_CHUNK = 10_000_000
# Bitset words of a clique, where one explains that there is no partition.
_CLIQUE_WORK = 20_000_000


def solve_russian_doll(problem: Problem, search: Search, *, most_work: float = math.inf) -> Outcome:
    """Find the best partition of the last node, the last two, and so on, each with a proof.

    Nodes are put in an order in which each has much to lose with those before it. What the last of
    them cost by themselves bounds what they can cost together with the ones before: every such doll
    is found by branch and bound with the dolls inside it as bounds, beside the cheapest class of
    each node that is left. Exponential time, O(n^2 k) memory; it shines where k is small, since the
    dolls are dear then. All in integers.

    Verfaillie, Lemaître and Schiex, "Russian doll search for solving constraint optimization
    problems", AAAI-96.

    Parameters
    ----------
    problem : PartitionProblem
        Costs of any sign, with sizes and a capacity or without.
    search : Search
        Gets the partition, and the bound. A node placed is one of its iterations.
    most_work : float
        Entries of tables to look at before it gives up, some 10^9 a second.

    Returns
    -------
    Outcome
        COMPLETED if the problem is settled, or the work is done; MEMORY if there are more than
        `LARGEST` nodes.

    Raises
    ------
    InputError
        The costs spread too far for integers.
    """
    assert isinstance(problem, PartitionProblem)  # noqa: S101  the registry sees to it
    count = problem.graph.num_nodes
    if count > LARGEST:
        return Outcome(
            StopReason.MEMORY, message=f"{count:,} nodes are too many dolls: {LARGEST} are the most"
        )
    if count == 0:
        search.offer([])
        search.raise_lower_bound(0.0)
        return Outcome(StopReason.COMPLETED)
    dolls = _Dolls(problem)
    search.scaling_error = dolls.above
    budget = Budget(search)
    outcome = None
    while outcome is None and dolls.first >= 0:
        outcome = _open(dolls, search, budget, most_work)
    if outcome is not None and outcome.infeasible:
        told = "all partitions of some nodes were tried"
        return without_solution(problem, search, told, clique_work=_CLIQUE_WORK)
    done = dolls.first < 0
    if done:
        search.offer(dolls.colors())
    search.raise_lower_bound(dolls.lower_bound())
    if outcome is None:
        outcome = Outcome(StopReason.COMPLETED)
    placed = f"Russian dolls, {int(dolls.state[VISITED]):,} nodes placed"
    rest = "" if done else f", up to the last {count - 1 - dolls.first} of {count} nodes"
    return Outcome(outcome.stop_reason, message=placed + rest)


def _open(dolls: _Dolls, search: Search, budget: Budget, most_work: float) -> Outcome | None:
    """Settle the next doll; an outcome, if that cannot be done or shows that nothing can."""
    dolls.begin()
    while not dolls.settled:
        if budget.reason() is not StopReason.COMPLETED:
            if dolls.first == 0 and dolls.state[BEST] < NEVER:
                search.offer(dolls.colors())
            return Outcome(budget.reason())
        if dolls.work > most_work:
            return Outcome(StopReason.COMPLETED)
        before = int(dolls.state[VISITED])
        dolls.step(before + budget.iterations_left)
        budget.spend(int(dolls.state[VISITED]) - before)
    if dolls.state[BEST] >= NEVER:
        return Outcome(StopReason.COMPLETED, infeasible=True)
    dolls.end()
    return None


class _Dolls:
    """The dolls of one problem, from the innermost on.

    Attributes
    ----------
    first : int
        The first node of the doll at hand, in the order of the search; -1 once all are settled.
    state : ndarray of int64
        Of the kernel.
    above : float
        The best partition costs at most that much more than its integers say.
    work : float
        Entries of tables looked at.
    """

    def __init__(self, problem: PartitionProblem) -> None:
        graph = problem.graph
        count, groups = graph.num_nodes, min(problem.max_colors, graph.num_nodes)
        rows, columns = graph.weights.edges().T
        hard = graph.conflicts.matrix > 0
        # Of a pair that may not share a class the weight says nothing.
        values = np.where(hard[rows, columns], 0.0, graph.weights.edge_values())
        scaled = scale_to(values, _BITS, down=True)
        # Integers of 52 bits are whole in float64 too.
        whole = Adjacency.from_edges(count, graph.weights.edges(), scaled.integers).to_dense()
        weights: NDArray[np.int64] = whole.astype(np.int64)
        self._unit, self.above = scaled.unit, scaled.above
        self._floor = math.fsum(values[values < 0])
        self._order = dolls_order(weights, hard)
        weights = np.ascontiguousarray(weights[self._order][:, self._order])
        negative = np.triu(np.minimum(weights, 0), 1)
        # What nodes from j on may gain by joining nodes up to i, and nodes before i by any.
        gains = np.cumsum(np.cumsum(negative, axis=0)[:, ::-1], axis=1)[:, ::-1]
        rests = np.zeros((count, count), dtype=np.int64)
        rests[:, :-1] = gains[:, 1:]
        self._gains = np.concatenate(([0], np.cumsum(negative.sum(axis=1))))
        sizes, capacity = np.zeros(count, dtype=np.int64), 0
        if problem.sizes is not None and problem.capacity is not None:
            sizes, capacity = problem.sizes[self._order].astype(np.int64), problem.capacity
        self._weights, self._sizes, self._capacity, self._groups = weights, sizes, capacity, groups
        self._apart = np.ascontiguousarray(hard[self._order][:, self._order])
        self._tails = np.zeros(count + 1, dtype=np.int64)
        self._least = np.zeros(count, dtype=np.int32)
        self.state = np.zeros(5, dtype=np.int64)
        self.first, self.work = count - 1, 0.0
        self._arguments = (
            weights,
            self._apart,
            sizes,
            capacity,
            groups,
            self._tails,
            rests,
            np.zeros((count, count, groups), dtype=np.int64),
            np.zeros((count, groups), dtype=np.int64),
            np.zeros(count, dtype=np.int64),
            np.zeros(count, dtype=np.int32),
            np.zeros((count, groups), dtype=np.int32),
            np.zeros(count, dtype=np.int32),
            np.zeros(count, dtype=np.int32),
            np.zeros(count, dtype=np.int32),
            self._least,
            self.state,
        )

    def begin(self) -> None:
        """Begin with the doll at hand: its node joins the best partition of the one inside."""
        self.state[[FIRST, DEPTH, OPEN]] = self.first, self.first, 1
        self.state[BEST] = self._joined()

    def step(self, most: int) -> None:
        """Look on for some 10 ms, or until so many nodes were placed in all."""
        self.work += _CHUNK - dolls_chunk(*self._arguments, most, _CHUNK)

    @property
    def settled(self) -> bool:
        """Whether all partitions of the doll that could cost less were looked at."""
        return bool(self.state[DEPTH] < self.first)

    def end(self) -> None:
        """Note down what the doll at hand costs, and go on to the next."""
        self._tails[self.first] = self.state[BEST]
        self.first -= 1

    def lower_bound(self) -> float:
        """Give what no partition costs less than, by the dolls settled so far."""
        settled = self.first + 1
        steps = int(self._tails[settled] + self._gains[settled])
        return max(self._floor, steps * self._unit)

    def colors(self) -> NDArray[np.int32]:
        """Give the best partition of all nodes."""
        colors = np.empty(len(self._order), dtype=np.int32)
        colors[self._order] = self._least
        return colors

    def _joined(self) -> int:
        """Let the node join the class of the doll inside where it costs least; NEVER if in none."""
        node, inside = self.first, self._least[self.first + 1 :]
        opened = int(inside.max(initial=-1)) + 1
        later = np.arange(node + 1, len(self._weights))
        added = np.bincount(inside, self._weights[node, later], opened)
        clash = np.bincount(inside, self._apart[node, later], opened) > 0
        loads = np.bincount(inside, self._sizes[later], opened)
        free = np.flatnonzero(~clash & (loads + self._sizes[node] <= self._capacity))
        cheapest = free[np.argmin(added[free])] if len(free) else -1
        new = opened < self._groups and self._sizes[node] <= self._capacity
        if cheapest < 0 and not new:
            return NEVER
        own = cheapest < 0 or (new and added[cheapest] > 0)
        self._least[node] = opened if own else cheapest
        return int(self._tails[node + 1] + (0 if own else added[cheapest]))
