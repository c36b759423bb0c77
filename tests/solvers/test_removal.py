"""Iterated greedy and emptied classes: proper, never worse, within the budget."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geocolor.graph import ConflictGraph, generators
from geocolor.problem import ColoringProblem, check
from geocolor.solvers.budget import Budget
from geocolor.solvers.greedy import greedy_coloring
from geocolor.solvers.removal import iterated_greedy, removal
from geocolor.solvers.search import Search


def budget_of(
    graph: ConflictGraph, *, seed: int = 0, time_limit: float | None = None, most: int | None = None
) -> Budget:
    return Budget(
        Search(
            ColoringProblem(graph),
            started=0.0,
            time_limit=time_limit,
            seed=seed,
            workers=1,
            max_iterations=most,
        )
    )


def natural(graph: ConflictGraph) -> np.ndarray:
    return greedy_coloring(graph.conflicts, np.arange(graph.num_nodes))


@settings(max_examples=40, deadline=None, derandomize=True)
@given(
    n=st.integers(1, 40), p=st.floats(0.0, 1.0), seed=st.integers(0, 999), most=st.integers(1, 5000)
)
def test_both_are_proper_and_never_worse(n: int, p: float, seed: int, most: int) -> None:
    graph = generators.gnp(n, p, seed=seed)
    start = natural(graph)
    for found in (
        iterated_greedy(graph.conflicts, start, budget_of(graph, seed=seed)),
        removal(graph.conflicts, start, budget_of(graph, seed=seed, most=most)),
    ):
        check(ColoringProblem(graph), found)
        assert found.max() <= start.max()
    assert start.tolist() == natural(graph).tolist()


def test_finds_the_seven_colors_of_a_board_class_by_class() -> None:
    graph = generators.queen(7, 7)
    budget = budget_of(graph, most=3_000_000)
    colors = natural(graph)
    while colors.max() >= 7 and not budget.over():
        colors = removal(graph.conflicts, colors, budget)
    assert colors.max() == 6
    check(ColoringProblem(graph), colors)


def test_two_colors_of_a_crown_from_as_many_as_it_has_pairs() -> None:
    # Pair by pair, the greedy coloring gives each pair a color of its own.
    pairs = [(2 * i, 2 * j + 1) for i in range(20) for j in range(20) if i != j]
    graph = ConflictGraph.from_edges(40, pairs)
    colors, budget = natural(graph), budget_of(graph, most=1_000_000)
    assert colors.max() == 19
    while colors.max() > 1 and not budget.over():
        colors = removal(graph.conflicts, colors, budget)
    assert colors.max() == 1


def test_gives_up_without_any_limit_and_never_empties_the_last_class() -> None:
    triangle = ConflictGraph.from_edges(3, [(0, 1), (1, 2), (0, 2)])
    assert removal(triangle.conflicts, natural(triangle), budget_of(triangle)).max() == 2
    alone = ConflictGraph.from_edges(3)
    assert removal(alone.conflicts, natural(alone), budget_of(alone)).tolist() == [0, 0, 0]


@pytest.mark.parametrize(("time_limit", "most"), [(0.0, None), (None, 0)])
def test_a_budget_that_is_over_leaves_the_coloring(time_limit: float, most: int) -> None:
    graph = generators.gnp(60, 0.5, seed=0)
    budget = budget_of(graph, time_limit=time_limit, most=most)
    assert removal(graph.conflicts, natural(graph), budget).tolist() == natural(graph).tolist()


def test_keeps_to_its_iterations_and_repeats_itself() -> None:
    graph = generators.gnp(150, 0.5, seed=0)
    found, spent = [], []
    for _ in range(2):
        colors, budget = natural(graph), budget_of(graph, seed=4, most=50_000)
        while not budget.over():
            colors = removal(graph.conflicts, colors, budget)
        found.append(colors.tolist())
        spent.append(budget.iterations)
    assert found[0] == found[1]
    assert spent == [50_000, 50_000]
