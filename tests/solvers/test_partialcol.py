from __future__ import annotations

import time

import networkx as nx
import numpy as np
import pytest

from geocolor.graph import gnp
from geocolor.problem import ColoringProblem, check
from geocolor.solvers import solve
from geocolor.solvers.budget import Budget
from geocolor.solvers.partialcol import partialcol
from geocolor.solvers.search import Search


def budget_for(problem: ColoringProblem, max_iterations: int) -> Budget:
    return Budget(
        Search(
            problem,
            started=time.monotonic(),
            time_limit=None,
            seed=0,
            workers=1,
            max_iterations=max_iterations,
        )
    )


def test_it_reaches_the_chromatic_number_of_small_graphs(oracle) -> None:
    rng = np.random.default_rng(2)
    for seed in range(30):
        graph = oracle.plain(nx.gnp_random_graph(int(rng.integers(2, 9)), rng.random(), seed=seed))
        problem = ColoringProblem(graph)
        k = int(oracle.optimum(problem))
        colors = np.arange(graph.num_nodes, dtype=np.int32)
        found = partialcol(graph.conflicts, colors, k, budget_for(problem, 20_000), 20_000)
        assert found is not None
        assert check(problem, found).num_colors == k


def test_what_is_impossible_ends_with_the_patience_or_the_budget(oracle) -> None:
    problem = ColoringProblem(oracle.plain(nx.mycielski_graph(4)))
    colors = np.arange(11, dtype=np.int32)
    budget = budget_for(problem, 10_000)
    assert partialcol(problem.graph.conflicts, colors, 3, budget, 500) is None
    assert 500 <= budget.iterations < 10_000
    budget = budget_for(problem, 100)
    assert partialcol(problem.graph.conflicts, colors, 3, budget, 500) is None
    assert budget.iterations == 100


def test_the_start_is_left_alone() -> None:
    problem = ColoringProblem(gnp(60, 0.5, seed=1))
    colors = np.arange(60, dtype=np.int32)
    partialcol(problem.graph.conflicts, colors, 12, budget_for(problem, 1_000), 1_000)
    assert colors.tolist() == list(range(60))


@pytest.mark.parametrize("solver", ["partialcol", "tabucol"])
def test_it_beats_dsatur(solver: str) -> None:
    problem = ColoringProblem(gnp(150, 0.5, seed=1))
    greedy = solve(problem, "dsatur")
    result = solve(problem, solver, max_iterations=100_000, workers=1)
    assert result.num_colors < greedy.num_colors
