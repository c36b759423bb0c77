"""Annealing and tabu search in rounds: no hard conflict, never worse, the same for a seed."""

from __future__ import annotations

import time

import numpy as np
import pytest

from geocolor.graph import ConflictGraph
from geocolor.problem import CorrelationClusteringProblem, PartitionProblem, Problem, check
from geocolor.solvers.annealing import anneal
from geocolor.solvers.budget import Budget
from geocolor.solvers.local_search import settle
from geocolor.solvers.partition_search import improve_partition
from geocolor.solvers.search import Search
from geocolor.solvers.spectral import improve


def planted(classes: int, each: int, seed: int) -> tuple[ConflictGraph, np.ndarray]:
    """Nodes that attract within a class and repel across; some across conflict."""
    rng = np.random.default_rng(seed)
    member = np.repeat(np.arange(classes), each)
    same = member[:, None] == member[None, :]
    weights = np.triu(np.where(same, -1.0, 1.0) * rng.random(same.shape), 1)
    hard = np.triu(~same & (rng.random(same.shape) < 0.1), 1)
    return ConflictGraph.from_dense(weights + weights.T, hard | hard.T), member


def settled(graph: ConflictGraph, k: int, search: Search) -> np.ndarray:
    start = np.arange(graph.num_nodes, dtype=np.int32)
    return settle(graph, start, k, Budget(search))


def searching(problem: Problem, iterations: int | None = None, seed: int = 0) -> Search:
    return Search(
        problem,
        started=time.monotonic(),
        time_limit=None,
        seed=seed,
        workers=1,
        max_iterations=iterations,
    )


@pytest.mark.parametrize("prices", ["matrix", "table", "neighbors"])
def test_annealing_finds_what_was_planted(monkeypatch, prices: str) -> None:
    monkeypatch.setattr("geocolor.solvers.annealing._FULL", 0.25 if prices == "matrix" else 2.0)
    monkeypatch.setattr("geocolor.solvers.annealing._DENSE", 0 if prices == "table" else 10**9)
    graph, member = planted(6, 8, 0)
    problem = CorrelationClusteringProblem(graph)
    search = searching(problem)
    k = graph.num_nodes
    start = settled(graph, k, search)
    colors = anneal(graph.conflicts, graph.weights, start, k, Budget(search), 400, 0.5, 0.02)
    assert check(problem, colors).objective == pytest.approx(check(problem, member).objective)


def test_few_classes_are_kept_to() -> None:
    rng = np.random.default_rng(1)
    dense = np.triu(rng.random((30, 30)), 1)
    graph = ConflictGraph.from_dense(dense + dense.T)
    problem = PartitionProblem(graph, 3)
    search = searching(problem)
    start = (np.arange(30) % 3).astype(np.int32)
    colors = anneal(graph.conflicts, graph.weights, start, 3, Budget(search), 300, 0.5, 0.02)
    assert check(problem, colors).objective < check(problem, start).objective


def test_iterations_are_sweeps_and_end_it() -> None:
    graph, _ = planted(4, 10, 2)
    search = searching(CorrelationClusteringProblem(graph), iterations=50)
    budget = Budget(search)
    k = graph.num_nodes
    start = settled(graph, k, searching(search.problem))
    anneal(graph.conflicts, graph.weights, start, k, budget, 1_000, 0.5, 0.02)
    assert 50 <= budget.iterations <= 60


def test_rounds_end_at_the_best_and_repeat() -> None:
    graph, member = planted(5, 12, 3)
    problem = CorrelationClusteringProblem(graph)
    found = []
    for _ in range(2):
        search = searching(problem, iterations=20_000)
        search.offer(np.arange(graph.num_nodes))
        improve_partition(problem, search, Budget(search))
        found.append(search.coloring.colors)
        assert search.objective <= check(problem, member).objective + 1e-9
    assert np.array_equal(*found)


def test_cooling_by_the_clock_ends() -> None:
    graph, member = planted(6, 8, 0)
    problem = CorrelationClusteringProblem(graph)
    search = searching(problem)
    k = graph.num_nodes
    start = settled(graph, k, search)
    colors = anneal(
        graph.conflicts, graph.weights, start, k, Budget(search), 1e9, 0.5, 0.02, seconds=0.2
    )
    assert check(problem, colors).objective <= check(problem, start).objective
    assert check(problem, member).objective <= check(problem, colors).objective + 1e-9


@pytest.mark.parametrize(("limit", "iterations"), [(1000.0, None), (1000.0, 10**6), (None, None)])
def test_rounds_are_planned_only_where_time_is_the_limit(
    monkeypatch, limit: float | None, iterations: int | None
) -> None:
    planned = []

    def stand_still(conflicts, weights, colors, k, budget, sweeps, warm, frozen, seconds):
        planned.append(seconds)
        return colors

    monkeypatch.setattr("geocolor.solvers.partition_search.anneal", stand_still)
    graph, member = planted(3, 4, 0)
    search = Search(
        CorrelationClusteringProblem(graph),
        started=time.monotonic(),
        time_limit=limit,
        seed=0,
        workers=1,
        max_iterations=iterations,
    )
    search.offer(member)
    improve_partition(search.problem, search, Budget(search))
    if limit is not None and iterations is None:
        assert planned[:4] == pytest.approx([100, 250, 1000, 1000], rel=0.05)
    else:
        assert set(planned) == {float("inf")}


def test_large_partitions_are_annealed_without_an_embedding(monkeypatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("no embedding is wanted")

    monkeypatch.setattr("geocolor.solvers.spectral.embed", refuse)
    graph, member = planted(30, 7, 4)
    search = searching(CorrelationClusteringProblem(graph), iterations=2_000)
    improve(search.problem, search, Budget(search))
    assert search.objective <= check(search.problem, member).objective + 1e-9
    with pytest.raises(AssertionError, match="no embedding"):
        improve(search.problem, search, Budget(search), embedded=True)


def test_nothing_to_gain_ends_at_once() -> None:
    graph = ConflictGraph.from_edges(4, [(0, 1), (2, 3)], [1.0, 1.0])
    problem = PartitionProblem(graph, 2)
    search = searching(problem)
    search.offer([0, 1, 0, 1])
    began = time.monotonic()
    improve_partition(problem, search, Budget(search))
    assert search.objective == 0.0
    assert time.monotonic() - began < 30
