"""Partitions of few nodes by all their subsets, held to every partition there is."""

from __future__ import annotations

import itertools
import time
from types import SimpleNamespace

import numpy as np
import pytest

from geocolor.errors import InputError
from geocolor.graph import ConflictGraph
from geocolor.graph.generators import layers
from geocolor.problem import (
    CorrelationClusteringProblem,
    GroupOracle,
    GroupPartitionProblem,
    NormalizedPairSum,
    PartitionProblem,
    Problem,
)
from geocolor.solvers import Status, StopReason, solve, subset_dp
from geocolor.solvers.kernels.subsets import NEVER, pair_groups, raise_duals, reduce_costs
from geocolor.solvers.search import Search


def some_problems(oracle: SimpleNamespace, seed: int) -> list[Problem]:
    """Up to eight nodes, every kind of cost; signed and not, whole numbers and not."""
    rng = np.random.default_rng(seed)
    count = int(rng.integers(1, 9))
    k = int(rng.integers(1, count + 1))
    graph = oracle.random_weighted(count, seed, integers=seed % 2 == 0)
    dense, apart = graph.weights.to_dense(), graph.conflicts.matrix > 0
    if seed % 3 == 0:
        dense = np.abs(dense)
    masses = rng.integers(1, 5, count) if seed % 2 else rng.random(count) + 0.1
    graph = ConflictGraph.from_dense(dense, apart, sizes=masses)
    sizes = rng.integers(1, 6, count)
    return [
        PartitionProblem(graph, k),
        CorrelationClusteringProblem(graph),
        GroupPartitionProblem(graph, k, NormalizedPairSum()),
        PartitionProblem(graph, k, sizes, int(max(5, -(-sizes.sum() // k) + 1))),
    ]


@pytest.mark.parametrize("seed", range(60))
def test_it_agrees_with_all_partitions(oracle: SimpleNamespace, seed: int) -> None:
    for problem in some_problems(oracle, seed):
        best = oracle.optimum(problem)
        result = solve(problem, "subset-dp", time_limit=None)
        if best is None:
            assert result.status is Status.INFEASIBLE
            continue
        assert result.status is Status.OPTIMAL
        assert result.objective == pytest.approx(best, rel=1e-9, abs=1e-12)
        assert result.lower_bound <= best + 1e-12


@pytest.mark.parametrize("k", [2, 4, 6])
@pytest.mark.parametrize("shape", ["layers", "signed", "equal", "full"])
def test_it_agrees_with_others_on_more_nodes(shape: str, k: int) -> None:
    rng = np.random.default_rng(k)
    signed = np.triu(rng.normal(size=(12, 12)), 1)
    equal = np.triu(np.ones((12, 12)), 1)
    problem = {
        "layers": PartitionProblem(layers(12, seed=k), k),
        "signed": PartitionProblem(ConflictGraph.from_dense(signed + signed.T), k),
        "equal": PartitionProblem(ConflictGraph.from_dense(equal + equal.T), k),
        "full": PartitionProblem(
            ConflictGraph.from_dense(signed + signed.T), k, np.ones(12, dtype=int), 12 // k
        ),
    }[shape]
    result = solve(problem, "subset-dp", time_limit=None)
    other = solve(problem, "cpsat", time_limit=60)
    assert result.status is other.status
    if other.objective is not None:
        assert result.objective == pytest.approx(other.objective, rel=1e-6)


@pytest.mark.parametrize("shape", ["signed", "none"])
def test_without_duals_all_groups_are_looked_at(
    monkeypatch: pytest.MonkeyPatch, oracle: SimpleNamespace, shape: str
) -> None:
    """Neither bounds nor a first partition: the dynamic program alone."""
    monkeypatch.setattr(subset_dp, "_ROUNDS", 1)
    monkeypatch.setattr(subset_dp, "_STARTS", 0)
    for seed in range(20):
        graph = oracle.random_weighted(8, seed)
        if shape == "none":
            graph = ConflictGraph.from_edges(8, conflicts=graph.conflicts.edges())
        problem = PartitionProblem(graph, 3)
        best = oracle.optimum(problem)
        result = solve(problem, "subset-dp", time_limit=None)
        if best is None:
            assert result.status is Status.INFEASIBLE
        else:
            assert result.status is Status.OPTIMAL
            assert result.objective == pytest.approx(best, rel=1e-9, abs=1e-12)


def test_a_bound_is_bit_for_bit_the_objective_where_weights_are_whole() -> None:
    rng = np.random.default_rng(0)
    weights = np.triu(rng.integers(-9, 10, (12, 12)), 1).astype(float)
    result = solve(PartitionProblem(ConflictGraph.from_dense(weights + weights.T), 4), "subset-dp")
    assert result.objective == result.lower_bound
    assert result.scaling_error == 0.0


def test_no_group_costs_less_than_its_duals_and_the_price() -> None:
    rng = np.random.default_rng(1)
    weights = np.triu(rng.integers(-50, 100, (9, 9)), 1)
    weights += weights.T
    costs = np.empty(1 << 9, dtype=np.int64)
    nothing = np.zeros(9, dtype=np.int64)
    pair_groups(weights, nothing, nothing, 0, costs)
    assert costs[0] == NEVER
    for nodes in itertools.combinations(range(9), 4):
        inside = weights[np.ix_(nodes, nodes)].sum() // 2
        assert costs[sum(1 << node for node in nodes)] == inside
    duals = np.full(9, 10)
    price, bound = raise_duals(costs, duals, 3, 500, 200)
    assert bound == duals.sum() + 3 * price
    assert price <= 0
    members = np.arange(1 << 9)[:, None] >> np.arange(9) & 1
    expected = costs[1:] - members[1:] @ duals - price
    assert expected.min() >= 0
    assert reduce_costs(costs, duals, price) == expected.min()
    assert np.array_equal(costs[1:], expected)


def test_the_seed_changes_nothing() -> None:
    problem = PartitionProblem(layers(15, seed=4), 4)
    first, second = (solve(problem, "subset-dp", seed=seed) for seed in (0, 9))
    assert np.array_equal(first.coloring.colors, second.coloring.colors)


def test_too_many_nodes_are_refused() -> None:
    result = solve(PartitionProblem(layers(21, seed=0), 4), "subset-dp")
    assert (result.status, result.stop_reason) == (Status.UNKNOWN, StopReason.MEMORY)
    assert "20 are the most" in result.message


def test_costs_that_must_be_asked_about_are_refused() -> None:
    oracle = GroupOracle(lambda groups: np.zeros(len(groups)))
    problem = GroupPartitionProblem(ConflictGraph.from_edges(4), 2, oracle)
    with pytest.raises(InputError, match="set-partition"):
        solve(problem, "subset-dp")
    assert solve(problem).status is Status.OPTIMAL


def test_it_stops_in_time_with_a_partition_and_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subset_dp, "_CHUNK", 1)
    monkeypatch.setattr(subset_dp, "_ROUNDS", 1)
    problem = PartitionProblem(layers(16, seed=1), 4)
    solve(problem, "subset-dp", time_limit=None)  # compile
    search = Search(problem, started=time.monotonic() - 5, time_limit=1, seed=0, workers=1)
    outcome = subset_dp.solve_subset_dp(problem, search)
    assert outcome.stop_reason is StopReason.TIME
    assert search.coloring is not None
    best = solve(problem, "subset-dp", time_limit=None)
    assert best.status is Status.OPTIMAL
    assert search.lower_bound <= best.objective <= search.objective


@pytest.mark.parametrize("kind", ["partition", "correlation", "normalized", "capacity"])
def test_auto_takes_it_for_few_nodes_and_says_so(kind: str) -> None:
    graph = layers(12, seed=3)
    signed = ConflictGraph.from_dense(graph.weights.to_dense() - 0.3)
    problem = {
        "partition": PartitionProblem(graph, 4),
        "correlation": CorrelationClusteringProblem(signed),
        "normalized": GroupPartitionProblem(graph, 4, NormalizedPairSum()),
        "capacity": PartitionProblem(graph, 4, np.ones(12, dtype=int), 4),
    }[kind]
    result = solve(problem)
    assert result.status is Status.OPTIMAL
    assert "12 nodes have few subsets" in result.message


def test_auto_leaves_what_does_not_fit_integers_to_others() -> None:
    graph = ConflictGraph.from_edges(4, [(0, 1), (1, 2), (2, 3)], [1e-290, 5.0, -1.0])
    with pytest.raises(InputError, match="too far apart"):
        solve(PartitionProblem(graph, 2), "subset-dp")
    assert solve(PartitionProblem(graph, 2)).objective == -1.0 + 1e-290
