"""Large clusterings by `auto`: bounds by cycles beside the search, and what they prove."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest

from geocolor.bounds import weight_lower_bound
from geocolor.graph import ConflictGraph
from geocolor.problem import CorrelationClusteringProblem, PartitionProblem
from geocolor.solvers import Status, solve
from geocolor.solvers.auto import _cluster
from geocolor.solvers.search import Search


def chain_of_squares(squares: int) -> ConflictGraph:
    """Squares of three gains and a cost, each sharing a corner with the next: no triangle."""
    at = 3 * np.arange(squares)[:, None]
    tails, heads = np.array([0, 1, 2, 0]), np.array([1, 2, 3, 3])
    pairs = np.stack([at + tails, at + heads], axis=2).reshape(-1, 2)
    return ConflictGraph.from_edges(
        3 * squares + 1, pairs, np.tile([-3.0, -4.0, -3.0, 2.0], squares)
    )


@pytest.mark.parametrize("workers", [1, 2])
def test_cycles_prove_what_triangles_cannot(workers: int) -> None:
    graph = chain_of_squares(150)
    assert weight_lower_bound(graph) == -1500.0
    result = solve(CorrelationClusteringProblem(graph), workers=workers, time_limit=300)
    assert result.status is Status.OPTIMAL
    assert result.objective == result.lower_bound == -1200.0
    assert "a bound that meets it" in result.message


@pytest.mark.parametrize(("k", "answers"), [(4, False), (12, True)])
def test_the_best_clustering_bounds_partitions_and_may_be_one(k: int, answers: bool) -> None:
    # Eight groups that attract inside: more classes are no better, fewer cost more.
    group = np.arange(40) // 5
    weights = np.where(group[:, None] == group, -1.0, 0.5) * (1 - np.eye(40))
    problem = PartitionProblem(ConflictGraph.from_dense(weights), k)
    search = Search(problem, started=time.monotonic(), time_limit=300, seed=0, workers=1)
    search.offer(np.arange(40) % k)
    _cluster(problem, search, threading.Event())
    assert search.lower_bound == pytest.approx(-80.0)
    assert (search.objective == -80.0) == answers


@pytest.fixture
def beyond_proof(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small graphs are taken for ones too large to be proven."""
    monkeypatch.setattr("geocolor.solvers.auto.LARGEST", 0)
    monkeypatch.setattr("geocolor.solvers.auto.too_large", lambda _: "too large")


@pytest.mark.parametrize("mean", [0.0, 1.0])
def test_eigenvalues_bound_what_nothing_proves(beyond_proof: None, mean: float) -> None:
    weights = np.triu(np.random.default_rng(0).normal(mean, 1.0, (60, 60)), 1)
    graph = ConflictGraph.from_dense(weights + weights.T)
    problem = PartitionProblem(graph, 6)
    result = solve(problem, workers=1, max_iterations=1_000, time_limit=300)
    assert result.status is Status.FEASIBLE
    assert result.objective is not None
    assert result.lower_bound is not None
    before = weight_lower_bound(graph, 6)
    assert result.objective - result.lower_bound < 0.7 * (result.objective - before)


def test_with_one_worker_the_bound_too_repeats(beyond_proof: None) -> None:
    weights = np.triu(np.random.default_rng(1).normal(size=(40, 40)), 1)
    problem = PartitionProblem(ConflictGraph.from_dense(weights + weights.T), 5)
    first, second = (
        solve(problem, workers=1, max_iterations=500, time_limit=300) for _ in range(2)
    )
    assert first.lower_bound == second.lower_bound
    assert np.array_equal(first.coloring.colors, second.coloring.colors)
