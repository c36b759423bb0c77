"""The memetic search: better than TabuCol where it should be, and within its budget."""

from __future__ import annotations

import time

import numpy as np
import pytest

from geocolor.graph import ConflictGraph, generators
from geocolor.problem import ColoringProblem, check
from geocolor.solvers import StopReason, fixed_k, memetic, solve
from geocolor.solvers.budget import Budget
from geocolor.solvers.search import Search


def test_reaches_the_optimum_of_queen9() -> None:
    problem = ColoringProblem(generators.queen(9, 9), 10)
    result = solve(problem, "memetic", time_limit=60.0, seed=0)
    assert (result.objective, result.stop_reason) == (10.0, StopReason.COMPLETED)


@pytest.mark.parametrize("density", [0.2, 0.5])
def test_populations_alone_find_a_coloring(density: float) -> None:
    graph = generators.gnp(60, density, seed=0)
    assert memetic.is_sparse(graph.conflicts) == (density < 0.3)
    fewest = int(solve(graph, "tabucol", time_limit=None, max_iterations=500_000).objective)
    problem = ColoringProblem(graph)
    search = Search(problem, started=0.0, time_limit=None, seed=0, workers=1)
    colors = memetic._evolve(graph.conflicts, fewest, Budget(search))
    assert colors is not None
    assert search.offer(colors)
    assert search.objective <= fewest


def test_parents_are_alike_whatever_their_classes_are_called() -> None:
    graph = generators.gnp(30, 0.5, seed=0)
    search = Search(ColoringProblem(graph), started=0.0, time_limit=None, seed=0, workers=1)
    population = memetic._Population(graph.conflicts, 5, Budget(search), 10)
    colors = np.arange(30, dtype=np.int32) % 5
    population._parents = [colors, (colors + 2) % 5]
    assert population.alike()
    other = colors.copy()
    other[0] = (other[0] + 1) % 5
    population._parents = [colors, other]
    assert not population.alike()


def test_the_same_iterations_give_the_same_coloring() -> None:
    graph = generators.gnp(80, 0.5, seed=2)
    runs = [
        solve(graph, "memetic", time_limit=None, seed=3, workers=1, max_iterations=300_000)
        for _ in range(2)
    ]
    assert runs[0].coloring.colors.tolist() == runs[1].coloring.colors.tolist()
    assert runs[0].stop_reason is StopReason.ITERATIONS


def test_ends_by_itself_without_any_limit() -> None:
    result = solve(generators.mycielski(3), "memetic", time_limit=None)
    assert (result.objective, result.stop_reason) == (4.0, StopReason.COMPLETED)


def test_a_graph_too_large_for_the_table_gets_fewer_classes_without_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(fixed_k, "_LARGEST_TABLE", 10)
    graph = generators.gnp(120, 0.5, seed=1)
    greedy = solve(graph, "dsatur", time_limit=None).objective
    found = solve(graph, "memetic", time_limit=None, max_iterations=300_000)
    assert found.objective < greedy
    assert found.stop_reason is StopReason.ITERATIONS
    # From a coloring with more classes than are allowed, too.
    problem = ColoringProblem(graph, int(greedy) - 1)
    assert solve(problem, "memetic", time_limit=None, max_iterations=300_000).coloring is not None


def test_a_leap_finds_what_is_hidden_far_below() -> None:
    # Groups of 25; the first greedy coloring has twice as many.
    graph = generators.flat(300, 12, 0.5, seed=2)
    problem = ColoringProblem(graph)
    search = Search(problem, started=time.monotonic(), time_limit=60, seed=0, workers=1)
    search.offer(solve(problem, "dsatur").coloring.colors)
    before = search.objective
    memetic.leap(problem, search, Budget(search))
    assert search.objective <= 0.75 * before


def test_a_leap_stays_above_the_bound() -> None:
    problem = ColoringProblem(ConflictGraph.from_edges(4, [(0, 1), (1, 2), (0, 2), (2, 3)]))
    search = Search(problem, started=time.monotonic(), time_limit=60, seed=0, workers=1)
    search.offer([0, 1, 2, 3])
    search.raise_lower_bound(3)
    memetic.leap(problem, search, Budget(search))
    assert search.objective == 3


def test_what_is_hidden_deeper_is_found_and_mended() -> None:
    graph = generators.flat(100, 8, 0.5, seed=1)
    problem = ColoringProblem(graph)
    for seed in range(4):
        search = Search(problem, started=time.monotonic(), time_limit=None, seed=seed, workers=1)
        # Asked for 8, it leaves what is one class more than 7.
        for k in (9, 8):
            colors = memetic._hidden(graph.conflicts, k, Budget(search), 100_000)
            assert colors is not None
            assert check(problem, colors).num_colors == 8
    # Too few iterations leave too many nodes over.
    assert memetic._hidden(graph.conflicts, 8, Budget(search), 1) is None
