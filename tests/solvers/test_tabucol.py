"""TabuCol: finds what is known to be there, and ends when its budget does."""

from __future__ import annotations

import pytest

from geocolor.graph import generators
from geocolor.problem import ColoringProblem
from geocolor.solvers import Status, StopReason, fixed_k, solve


def test_reaches_the_optimum_of_queen7() -> None:
    result = solve(generators.queen(7, 7), "tabucol", time_limit=30.0, seed=0)
    assert (result.status, result.objective) == (Status.OPTIMAL, 7.0)


def test_uses_the_time_it_is_given() -> None:
    # 6 colors are impossible: it loses patience again and again, and begins again.
    result = solve(generators.queen(6, 6), "tabucol", time_limit=2.0, seed=0)
    assert (result.objective, result.stop_reason) == (7.0, StopReason.TIME)


def test_improves_on_dsatur() -> None:
    graph = generators.gnp(120, 0.5, seed=1)
    greedy = solve(graph, "dsatur", time_limit=None).objective
    found = solve(graph, "tabucol", time_limit=None, max_iterations=300_000)
    assert found.objective < greedy
    assert found.stop_reason is StopReason.ITERATIONS


def test_ends_by_itself_without_any_limit() -> None:
    result = solve(generators.mycielski(4), "tabucol", time_limit=None)
    assert (result.objective, result.stop_reason) == (5.0, StopReason.COMPLETED)


def test_the_same_iterations_give_the_same_coloring() -> None:
    graph = generators.gnp(80, 0.5, seed=2)
    runs = [
        solve(graph, "tabucol", time_limit=None, seed=3, workers=1, max_iterations=100_000)
        for _ in range(2)
    ]
    assert runs[0].coloring.colors.tolist() == runs[1].coloring.colors.tolist()


def test_a_graph_too_large_for_the_table_ends_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fixed_k, "_LARGEST_TABLE", 10)
    problem = ColoringProblem(generators.mycielski(4))
    result = solve(problem, "tabucol", time_limit=None, max_iterations=1000)
    assert result.status is Status.FEASIBLE
    assert "too large" in result.message
