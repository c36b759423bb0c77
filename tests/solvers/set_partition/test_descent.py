from __future__ import annotations

import time

import numpy as np
import pytest

from geocolor.graph import ConflictGraph
from geocolor.graph.generators import layers
from geocolor.problem import ColoringProblem, GroupPartitionProblem, NormalizedPairSum, check
from geocolor.solvers import solve
from geocolor.solvers.budget import Budget
from geocolor.solvers.search import Search
from geocolor.solvers.set_partition.descent import improve_ratios


def improved(problem: GroupPartitionProblem, start: list[int] | None, iterations: int) -> Search:
    search = Search(
        problem,
        started=time.monotonic(),
        time_limit=None,
        seed=0,
        workers=1,
        max_iterations=iterations,
    )
    if start is not None:
        search.offer(start)
    improve_ratios(problem, search, Budget(search))
    return search


def test_a_swap_where_no_move_helps() -> None:
    # Two pairs that cost little, crossed; two classes of two at most, by conflicts.
    weights = np.full((4, 4), 10.0)
    weights[0, 1] = weights[1, 0] = weights[2, 3] = weights[3, 2] = 1.0
    problem = GroupPartitionProblem(ConflictGraph.from_dense(weights), 2, NormalizedPairSum())
    search = improved(problem, [0, 1, 0, 1], 1)
    assert search.objective == 2.0


@pytest.mark.parametrize("seed", range(4))
def test_it_only_gets_better_and_keeps_to_conflicts(oracle, seed: int) -> None:
    graph = oracle.random_weighted(8, seed)
    problem = GroupPartitionProblem(graph, 6, NormalizedPairSum())
    best = oracle.optimum(problem)
    start = solve(ColoringProblem(graph, 6), "dsatur").coloring
    assert start is not None
    search = improved(problem, start.colors.tolist(), 300)
    assert search.objective <= check(problem, start).objective
    assert search.objective == pytest.approx(best, abs=1e-9)


def test_more_classes_than_nodes() -> None:
    problem = GroupPartitionProblem(layers(12, seed=1), 99, NormalizedPairSum())
    search = improved(problem, list(range(12)), 50)
    assert search.objective == 0.0


def test_without_an_incumbent_nothing_is_done() -> None:
    problem = GroupPartitionProblem(layers(12, seed=1), 4, NormalizedPairSum())
    assert improved(problem, None, 50).coloring is None
