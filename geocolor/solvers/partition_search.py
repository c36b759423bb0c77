"""Cheaper and cheaper partitions: annealing in longer and longer rounds, tabu search after each."""

from __future__ import annotations

import math
import time
from itertools import cycle
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from geocolor.graph import ConflictGraph
from geocolor.problem import Problem
from geocolor.solvers.annealing import anneal
from geocolor.solvers.budget import Budget
from geocolor.solvers.chains import exchange
from geocolor.solvers.fixed_k import table_fits
from geocolor.solvers.local_search import polish, settle
from geocolor.solvers.search import Search

__all__ = ["improve_partition"]

# Sweeps of the first round and of the longest, the steps such a round may take, and the factor from
# one to the next. Measured: docs/design/0018-partition-search.md.
_SWEEPS, _MOST_SWEEPS, _MOST_STEPS, _LONGER = 100, 5_000, 1_000_000_000, 1.7
# First temperatures, in turn, and the last, in what the cheapest move costs on average.
_WARM, _FROZEN = (0.2, 0.3), 0.03
# Under a time limit few rounds, planned to fill it, do better than many. With fewer sweeps than
# `_SLOW` a round has to start colder than `_HOT`, but not below `_COOL`. It ends at the last
# temperature, or at a share of its first: colder, nodes hardly move, and time is worth more before.
_TIMED_FROZEN, _COOLED = 0.05, 0.35
_HOT, _COOL, _SLOW = 0.3, 0.1, 1_000
# Most sweeps of such a round, for each node, and in all.
_SWEEPS_FOR_NODE, _MOST_TIMED_SWEEPS = 50, 50_000
# Share of the time that is put by for chains of moves after the last of them.
_FOR_CHAINS = 0.02
# Iterations of tabu search without success after each round, for each node.
_PATIENCE = 3
# Where that fails, the share of the incumbent's nodes moved at random for tabu search to go on
# from, and the iterations it then has.
_SHAKEN, _SHAKE_PATIENCE = 0.1, 20_000
# Rounds of the longest kind that may fail.
_FAILURES = 12


class _Plan(NamedTuple):
    """Shares of the time left that rounds get, all of it from the last on, and how warm they start.

    Temperatures come in turn.
    """

    shares: tuple[float, ...]
    warm: tuple[float, ...]


_PLAN = _Plan((0.1, 0.25, 1.0), (0.1, 0.3, 0.2))
# From so many nodes with so dense weights a second hot round costs more than it gains.
_DENSE_PLAN, _MANY, _DENSE = _Plan((0.1, 1.0), (0.1, 0.25)), 500, 0.25
# A second thread has one round for all its time, up to so many nodes: where there are more, it may
# have too few sweeps to start hot.
_BESIDE_PLAN, _MOST_BESIDE = _Plan((1.0,), (0.2,)), 5_000


def improve_partition(problem: Problem, search: Search, budget: Budget) -> None:
    """Improve the incumbent until the budget is over, or long rounds fail often enough.

    Each round begins with the best partition known, warm enough to lose its details or nearly all
    of it, in turn, and anneals more slowly than the last; then chains of moves, and tabu search,
    which also goes through partitions that break hard conflicts, take over. With a time limit, and
    no limit on iterations, the first rounds are planned to fill the time and follow each other at
    once; time for chains after the last is put by.

    Parameters
    ----------
    problem : Problem
        Weights and hard conflicts.
    search : Search
        With an incumbent; gets every better one.
    budget : Budget
        What may be spent.
    """
    graph = problem.graph
    nodes = graph.num_nodes
    most = min(problem.max_colors, nodes)
    longest = min(_MOST_SWEEPS, max(_SWEEPS, _MOST_STEPS // max(nodes, 1)))
    timed = budget.timed
    if timed:
        longest = max(longest, min(_MOST_TIMED_SWEEPS, _SWEEPS_FOR_NODE * nodes))
    sweeps, failures, rate = longest if timed else _SWEEPS, 0, math.inf
    plan = _plan(graph, budget)
    for number, warm in enumerate(cycle(plan.warm if timed else _WARM)):
        assert search.coloring is not None  # noqa: S101  asked for
        before = search.objective
        colors = search.coloring.colors.astype(np.int32)
        seconds = math.inf
        if timed:
            left = (1.0 - _FOR_CHAINS) * max(budget.seconds_left(), 0.0)
            seconds = plan.shares[min(number, len(plan.shares) - 1)] * left
            warm = min(warm, max(_COOL, _HOT * math.sqrt(rate * seconds / _SLOW)))
        began, swept = time.monotonic(), budget.iterations
        frozen = min(_TIMED_FROZEN, _COOLED * warm) if timed else _FROZEN
        colors = anneal(
            graph.conflicts, graph.weights, colors, most, budget, sweeps, warm, frozen, seconds
        )
        rate = (budget.iterations - swept) / max(time.monotonic() - began, 1e-9)
        colors = settle(graph, colors, most, budget)
        search.offer(colors)
        planned = timed and number < len(plan.shares) - 1
        if not planned:
            colors = _chained(problem, search, budget, colors)
            _tabu(problem, search, budget, colors, _PATIENCE * nodes)
        if not planned and search.objective == before:
            colors = search.coloring.colors.astype(np.int32)
            shaken = budget.random.random(nodes) < _SHAKEN
            width = min(most, search.coloring.num_colors + 1)
            colors[shaken] = budget.random.integers(width, size=int(shaken.sum()))
            _tabu(problem, search, budget, colors, _SHAKE_PATIENCE)
        if budget.over() or search.answered():
            return
        if sweeps >= longest:
            failures = 0 if search.objective != before else failures + 1
            if failures >= _FAILURES:
                return
        sweeps = min(longest, int(sweeps * _LONGER))


def _chained(
    problem: Problem, search: Search, budget: Budget, colors: NDArray[np.int32]
) -> NDArray[np.int32]:
    """Offer what exchanges between classes make of a partition, and give it."""
    if budget.over():
        return colors
    most = min(problem.max_colors, problem.graph.num_nodes)
    colors = settle(problem.graph, exchange(problem.graph, colors, most, budget), most, budget)
    search.offer(colors)
    return colors


def _plan(graph: ConflictGraph, budget: Budget) -> _Plan:
    """Choose the rounds of a thread whose time is limited."""
    nodes = graph.num_nodes
    if budget.stream and nodes <= _MOST_BESIDE:
        return _BESIDE_PLAN
    dense = graph.weights.num_edges >= _DENSE * nodes * (nodes - 1) / 2
    return _DENSE_PLAN if nodes >= _MANY and dense else _PLAN


def _tabu(
    problem: Problem, search: Search, budget: Budget, colors: NDArray[np.int32], patience: int
) -> None:
    """Search from a partition, with twice its classes so that nodes can leave for empty ones."""
    colors = np.unique(colors, return_inverse=True)[1].astype(np.int32)
    width = min(problem.max_colors, len(colors), max(2 * (int(colors.max()) + 1), 8))
    if table_fits(len(colors), width) and not budget.over():
        polish(problem, search, colors, width, budget, patience)
