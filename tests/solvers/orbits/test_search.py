from __future__ import annotations

import math
import time

import networkx as nx
import numpy as np
import pytest

from geocolor.graph import ConflictGraph
from geocolor.problem import ColoringProblem, check
from geocolor.solvers.budget import Budget
from geocolor.solvers.orbits import OrbitSearch
from geocolor.solvers.search import Search


def circulant(count: int, steps: list[int]) -> ConflictGraph:
    graph = nx.circulant_graph(count, steps)
    return ConflictGraph.from_edges(count, conflicts=list(graph.edges))


def searched(
    graph: ConflictGraph, seconds: float | None = 20, iterations: int | None = None
) -> Search:
    search = Search(
        ColoringProblem(graph),
        started=time.monotonic(),
        time_limit=seconds,
        seed=0,
        workers=1,
        max_iterations=iterations,
    )
    search.offer(np.arange(graph.num_nodes, dtype=np.int32))
    return search


def test_what_a_rotation_gives_is_a_coloring() -> None:
    graph = circulant(60, [1, 2, 3, 7, 11, 13, 29])
    search = searched(graph, iterations=500_000)
    told = OrbitSearch(search.problem, search).lead(time.monotonic() + 20)
    assert "a symmetry of order" in told
    assert search.coloring is not None
    assert check(search.problem, search.coloring).num_colors == search.objective <= 12


def test_no_more_is_asked_once_the_bound_is_met() -> None:
    search = searched(circulant(12, [6]))
    search.raise_lower_bound(2)
    OrbitSearch(search.problem, search).lead(time.monotonic() + 20)
    assert search.objective == 2


def test_the_number_of_classes_asked_for_is_kept() -> None:
    graph = circulant(24, [1, 5, 7])
    problem = ColoringProblem(graph, 4)
    search = Search(problem, started=time.monotonic(), time_limit=10, seed=0, workers=1)
    OrbitSearch(problem, search).lead(time.monotonic() + 3)
    assert search.coloring is not None
    assert check(problem, search.coloring).num_colors <= 4


def test_a_budget_of_iterations_gives_the_same_again() -> None:
    graph = circulant(48, [1, 2, 5, 9, 14, 20, 23])
    colors = []
    for _ in range(2):
        search = searched(graph, 60, 3000)
        OrbitSearch(search.problem, search).lead(time.monotonic() + 60)
        assert search.coloring is not None
        colors.append(search.coloring.colors.tolist())
    assert colors[0] == colors[1]


def test_it_ends_without_a_limit() -> None:
    # No bound is known, so only the trials can come to an end.
    search = searched(circulant(20, [1, 2, 5, 9]), None)
    OrbitSearch(search.problem, search).lead(math.inf)
    assert search.objective is not None
    assert search.objective < 20


def test_what_another_thread_found_first_is_not_claimed(monkeypatch: pytest.MonkeyPatch) -> None:
    search = searched(circulant(24, [1, 5, 7]), iterations=50_000)
    offer = search.offer

    def behind(colors: np.ndarray) -> bool:
        offer(colors)
        return offer(colors)

    monkeypatch.setattr(search, "offer", behind)
    assert OrbitSearch(search.problem, search).lead(time.monotonic() + 20) == ""
    assert search.objective is not None
    assert search.objective < 24


def test_others_join_only_what_has_led_somewhere() -> None:
    graph = circulant(60, [1, 2, 3, 7, 11, 13, 29])
    search = searched(graph, iterations=500_000)
    orbits = OrbitSearch(search.problem, search)
    budget = Budget(search, unless=orbits.led)
    orbits.join(budget)
    assert budget.iterations == 0
    assert not budget.over()
    orbits.lead(time.monotonic() + 20)
    assert orbits.led()
    assert budget.over()
    budget.unless = None
    search.max_iterations = 600_000
    found = search.objective
    orbits.join(Budget(search, stream=1))
    assert search.objective is not None
    assert found is not None
    assert search.objective <= found
    assert check(search.problem, search.coloring.colors).num_colors == search.objective
