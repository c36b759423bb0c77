"""Partitions by Russian doll search, held to every partition there is and to other proofs."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from geocolor.errors import InputError
from geocolor.graph import ConflictGraph
from geocolor.graph.generators import layers
from geocolor.problem import PartitionProblem
from geocolor.solvers import Status, StopReason, solve


def some_problems(oracle: SimpleNamespace, seed: int) -> list[PartitionProblem]:
    """Up to eight nodes, with capacities and without; signed and not, whole numbers and not."""
    rng = np.random.default_rng(seed)
    count = int(rng.integers(1, 9))
    k = int(rng.integers(1, count + 1))
    graph = oracle.random_weighted(count, seed, integers=seed % 2 == 0)
    if seed % 3 == 0:
        apart = graph.conflicts.matrix > 0
        graph = ConflictGraph.from_dense(np.abs(graph.weights.to_dense()), apart)
    sizes = rng.integers(1, 6, count)
    capacity = int(max(5, -(-sizes.sum() // k) + rng.integers(0, 3)))
    return [PartitionProblem(graph, k), PartitionProblem(graph, k, sizes, capacity)]


@pytest.mark.parametrize("seed", range(100))
def test_it_agrees_with_all_partitions(oracle: SimpleNamespace, seed: int) -> None:
    for problem in some_problems(oracle, seed):
        best = oracle.optimum(problem)
        result = solve(problem, "russian-doll", time_limit=None)
        if best is None:
            assert result.status is Status.INFEASIBLE
            continue
        assert result.status is Status.OPTIMAL
        assert result.objective == pytest.approx(best, rel=1e-9, abs=1e-12)
        assert result.lower_bound <= best + 1e-12


@pytest.mark.parametrize("shape", ["layers", "signed", "equal", "sized"])
@pytest.mark.parametrize("k", [2, 4, 10])
def test_it_agrees_with_covers_by_groups(shape: str, k: int) -> None:
    rng = np.random.default_rng(k)
    signed = np.triu(rng.normal(size=(20, 20)), 1)
    signed[:, ::3] = np.abs(signed[:, ::3])
    equal = np.triu(np.ones((14, 14)), 1)
    problem = {
        "layers": PartitionProblem(layers(20, seed=k), k),
        "signed": PartitionProblem(ConflictGraph.from_dense(signed + signed.T), k),
        "equal": PartitionProblem(ConflictGraph.from_dense(equal + equal.T), k),
        "sized": PartitionProblem(layers(20, seed=k), k, rng.integers(1, 9, 20), 100 // k + 4),
    }[shape]
    result = solve(problem, "russian-doll", time_limit=None)
    other = solve(problem, "set-partition", time_limit=60)
    assert result.status is other.status
    if other.objective is not None:
        assert result.objective == pytest.approx(other.objective, rel=1e-6)


def test_an_end_before_the_last_doll_leaves_a_bound_of_the_dolls_inside() -> None:
    problem = PartitionProblem(layers(24, seed=0), 6)
    optimum = solve(problem, "russian-doll", time_limit=None)
    assert optimum.status is Status.OPTIMAL
    bounds = []
    for iterations in (100, 1_000, 10_000):
        result = solve(problem, "russian-doll", time_limit=None, max_iterations=iterations)
        assert result.stop_reason is StopReason.ITERATIONS
        assert result.lower_bound is not None
        bounds.append(result.lower_bound)
    assert bounds == sorted(bounds)
    assert 0 < bounds[-1] < optimum.objective


def test_interrupted_in_the_last_doll_it_keeps_the_best_partition() -> None:
    """The bound of inner dolls and a partition, but no proof."""
    problem = PartitionProblem(layers(24, seed=3), 6)
    placed = int(solve(problem, "russian-doll").message.split()[2].replace(",", ""))
    result = solve(problem, "russian-doll", time_limit=None, max_iterations=placed - 1)
    assert result.status is Status.FEASIBLE
    assert result.lower_bound < result.objective


def test_the_same_again() -> None:
    problem = PartitionProblem(layers(20, seed=1), 5)
    first, second = (solve(problem, "russian-doll") for _ in range(2))
    assert first.message == second.message
    assert (first.coloring.colors == second.coloring.colors).all()


def test_conflicts_of_too_many_are_told_by_a_clique() -> None:
    graph = ConflictGraph.from_edges(5, [(0, 1)], [1.0], conflicts=[(1, 2), (2, 3), (1, 3), (3, 4)])
    result = solve(PartitionProblem(graph, 2), "russian-doll")
    assert result.status is Status.INFEASIBLE
    assert "these 3 nodes all conflict" in result.message


def test_conflicts_without_a_clique_are_told_too() -> None:
    """A cycle of five has no triangle, and no two classes."""
    cycle = [(i, (i + 1) % 5) for i in range(5)]
    graph = ConflictGraph.from_edges(5, [(0, 2)], [1.0], conflicts=cycle)
    result = solve(PartitionProblem(graph, 2), "russian-doll")
    assert result.status is Status.INFEASIBLE
    assert "all partitions of some nodes were tried" in result.message


def test_too_many_nodes_are_refused() -> None:
    result = solve(PartitionProblem(layers(129, seed=0), 4), "russian-doll")
    assert result.stop_reason is StopReason.MEMORY
    assert "129 nodes are too many" in result.message


def test_costs_that_spread_too_far_are_refused() -> None:
    graph = ConflictGraph.from_edges(3, [(0, 1), (1, 2)], [1e-190, 1e190])
    with pytest.raises(InputError, match="too far apart for an integer model"):
        solve(PartitionProblem(graph, 2), "russian-doll")


@pytest.mark.parametrize("name", ["layers", "signed"])
def test_auto_asks_the_dolls_where_they_are_quick(name: str) -> None:
    rng = np.random.default_rng(0)
    signed = np.triu(np.abs(rng.normal(size=(24, 24))) - 0.1, 1)
    graph = layers(24, seed=0) if name == "layers" else ConflictGraph.from_dense(signed + signed.T)
    result = solve(PartitionProblem(graph, 4), workers=1)
    assert result.status is Status.OPTIMAL
    assert "Russian dolls" in result.message
