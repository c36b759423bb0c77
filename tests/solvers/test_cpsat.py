from __future__ import annotations

import threading
import time
from typing import Any

import networkx as nx
import numpy as np
import pytest

from geocolor.errors import InputError, SolverError
from geocolor.graph import ConflictGraph
from geocolor.problem import (
    ColoringProblem,
    CorrelationClusteringProblem,
    PartitionProblem,
    Problem,
)
from geocolor.solvers import SolveResult, Status, StopReason, solve
from geocolor.solvers.cpsat.solver import pool
from geocolor.solvers.scaling import scale_weights


def exact(problem: Problem, expected: float | None, **options: object) -> SolveResult:
    """Solve and compare with the exhaustive answer."""
    result = solve(problem, "cpsat", time_limit=30, workers=2, **options)
    assert result.stop_reason is StopReason.COMPLETED
    if expected is None:
        assert result.status is Status.INFEASIBLE
        assert result.coloring is None
        return result
    assert result.status is Status.OPTIMAL
    assert result.objective == pytest.approx(expected, abs=1e-8)
    assert result.lower_bound <= result.objective
    return result


def test_coloring_equals_brute_force(oracle) -> None:
    rng = np.random.default_rng(0)
    for seed in range(200):
        graph = oracle.plain(nx.gnp_random_graph(int(rng.integers(1, 9)), rng.random(), seed=seed))
        chromatic = oracle.optimum(ColoringProblem(graph))
        exact(ColoringProblem(graph), chromatic)
        k = int(rng.integers(1, 6))
        result = solve(ColoringProblem(graph, k), "cpsat", time_limit=30, workers=2)
        if k < chromatic:
            assert result.status is Status.INFEASIBLE
        else:
            assert result.num_colors <= k


def test_partition_equals_brute_force(oracle) -> None:
    rng = np.random.default_rng(1)
    infeasible = 0
    for seed in range(200):
        count = int(rng.integers(1, 9))
        graph = oracle.random_weighted(count, seed, integers=seed % 2 == 0)
        problem = PartitionProblem(graph, int(rng.integers(1, count + 1)))
        result = exact(problem, oracle.optimum(problem))
        infeasible += result.status is Status.INFEASIBLE
        assert result.scaling_error == 0.0 or seed % 2 == 1
    assert infeasible >= 20


def test_correlation_equals_brute_force(oracle) -> None:
    for seed in range(100):
        graph = oracle.random_weighted(1 + seed % 8, seed)
        problem = CorrelationClusteringProblem(graph)
        exact(problem, oracle.optimum(problem))


def test_twelve_weighted_layers(oracle) -> None:
    # 0.1 is not a binary fraction: rounding to integers must not move the optimum.
    rng = np.random.default_rng(12)
    weights = np.triu(rng.integers(1, 100, (12, 12)) * 0.1, 1)
    conflicts = np.triu(rng.random((12, 12)) < 0.15, 1)
    graph = ConflictGraph.from_dense(weights + weights.T, conflicts | conflicts.T)
    for k in (5, 6):
        problem = PartitionProblem(graph, k)
        exact(problem, oracle.optimum(problem))


def test_queen8_8_needs_9(oracle) -> None:
    exact(ColoringProblem(oracle.queen(8)), 9.0)


def test_myciel5_needs_6() -> None:
    exact(ColoringProblem(ConflictGraph.from_edges(47, list(nx.mycielski_graph(6).edges()))), 6.0)


def test_the_trace_holds_bounds_that_rise_and_objectives_that_fall() -> None:
    graph = ConflictGraph.from_edges(47, list(nx.mycielski_graph(6).edges()))
    trace = solve(graph, "cpsat", time_limit=30, workers=2).trace
    bounds = [point.lower_bound for point in trace if point.lower_bound is not None]
    assert bounds == sorted(bounds)
    assert len(set(bounds)) >= 3


def test_initial_coloring_is_kept_when_nothing_is_better() -> None:
    graph = ConflictGraph.from_edges(4, [(0, 1)], [1.0])
    result = solve(PartitionProblem(graph, 2), "cpsat", initial=[0, 1, 0, 0])
    assert result.status is Status.OPTIMAL
    assert result.objective == 0.0


def test_limit_holds_while_a_large_model_is_built(overtime: Any) -> None:
    graph = ConflictGraph.from_edges(500, list(nx.gnp_random_graph(500, 0.5, seed=1).edges()))
    solve(graph, "cpsat", time_limit=0.2)  # compile
    with overtime(1.5) as beyond:
        result = solve(ColoringProblem(graph, 47), "cpsat", time_limit=1.5)
    assert beyond.seconds < 1.0
    assert result.status is Status.UNKNOWN
    assert result.stop_reason is StopReason.TIME


def test_a_model_beyond_the_limit_is_refused_with_the_incumbent() -> None:
    rng = np.random.default_rng(0)
    edges = rng.integers(0, 3000, (400_000, 2))
    graph = ConflictGraph.from_edges(3000, edges[edges[:, 0] != edges[:, 1]])
    result = solve(graph, "cpsat", time_limit=20)
    assert result.stop_reason is StopReason.MEMORY
    assert result.status is Status.FEASIBLE
    assert "literals" in result.message


def hard_problem() -> PartitionProblem:
    """Many dense signed weights: minutes of work."""
    weights = np.triu(np.random.default_rng(5).normal(size=(45, 45)), 1)
    return PartitionProblem(ConflictGraph.from_dense(weights + weights.T), 6)


def test_a_killed_worker_leaves_the_incumbent() -> None:
    pool.close()

    def assassin() -> None:
        # At work, and not in the heuristic before it.
        while worker in pool._idle:
            time.sleep(0.02)
        time.sleep(0.5)
        worker.process.kill()

    worker = pool.acquire()
    pool.release(worker)
    thread = threading.Thread(target=assassin)
    thread.start()
    result = solve(hard_problem(), "cpsat", time_limit=30)
    thread.join()
    assert result.stop_reason is StopReason.MEMORY
    assert result.status is Status.FEASIBLE
    assert result.runtime < 20
    # And the next call gets a new worker.
    assert solve(ConflictGraph.from_edges(5, [(i, (i + 1) % 5) for i in range(5)])).num_colors == 3


def test_a_failing_worker_is_a_solver_error(monkeypatch: pytest.MonkeyPatch) -> None:
    pool.close()
    monkeypatch.setattr(pool, "module", "geocolor.no_such_module")
    with pytest.raises(SolverError, match="ended with code 1"):
        solve(hard_problem(), "cpsat", time_limit=5)


def test_calls_at_once_do_not_mix() -> None:
    graphs = [ConflictGraph.from_edges(n, [(i, (i + 1) % n) for i in range(n)]) for n in (5, 6, 7)]
    results: dict[int, SolveResult] = {}

    def work(index: int) -> None:
        results[index] = solve(graphs[index], "cpsat", time_limit=30, workers=1)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [results[i].objective for i in range(3)] == [3.0, 2.0, 3.0]
    assert all(result.status is Status.OPTIMAL for result in results.values())


class TestScaling:
    def test_integers_are_exact_and_reduced(self) -> None:
        scaled = scale_weights(np.array([6.0, -4.0, 0.0]))
        assert scaled.integers.tolist() == [3, -2, 0]
        assert (scaled.unit, scaled.error) == (2.0, 0.0)

    def test_decimals_stay_short(self) -> None:
        scaled = scale_weights(np.array([0.1, 0.25, 1.0]))
        assert scaled.integers.tolist() == [2, 5, 20]
        assert scaled.error < 1e-14

    def test_the_error_is_a_bound(self) -> None:
        rng = np.random.default_rng(0)
        for _ in range(100):
            weights = rng.normal(size=30) * 10 ** rng.uniform(-6, 6)
            scaled = scale_weights(weights)
            chosen = rng.random(30) < 0.5
            value, integer = weights[chosen].sum(), scaled.integers[chosen].sum()
            slack = 1e-14 * np.abs(weights).sum()
            assert scaled.lower_bound(integer) <= value + slack
            assert value <= scaled.lower_bound(integer) + scaled.error + slack
            assert scaled.error <= 1e-9 * np.abs(weights).sum()

    @pytest.mark.parametrize(
        "weights", [[1e-300, 1.0], [1e-20, 1e20], [1e299, 1e299], [2.0**60, 3.0], [1e20, 3.0]]
    )
    def test_absurd_ranges_are_refused(self, weights: list[float]) -> None:
        with pytest.raises(InputError):
            scale_weights(np.array(weights))
