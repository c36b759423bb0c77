"""Min-k-partition proven by groups."""

from __future__ import annotations

import numpy as np
import pytest

from geocolor.graph import ConflictGraph
from geocolor.graph.generators import layers
from geocolor.problem import PartitionProblem
from geocolor.solvers import Status, solve
from geocolor.solvers.set_partition.costs import PairCosts
from geocolor.solvers.set_partition.generation import GroupGeneration


@pytest.mark.parametrize("k", [1, 2, 4, 8])
@pytest.mark.parametrize("seed", range(6))
def test_the_optimum_is_proven(oracle, seed: int, k: int) -> None:
    for integers in (True, False):
        problem = PartitionProblem(oracle.random_weighted(8, seed, integers=integers), k)
        best = oracle.optimum(problem)
        result = solve(problem, "set-partition", time_limit=20, workers=1)
        if best is None:
            assert result.coloring is None
        else:
            assert result.status is Status.OPTIMAL
            assert result.objective == pytest.approx(best)


@pytest.mark.parametrize("k", [8, 16])
def test_auto_proves_by_groups_what_cpsat_does_not(k: int) -> None:
    result = solve(PartitionProblem(layers(32, seed=1), k), "auto", time_limit=30)
    assert result.status is Status.OPTIMAL
    assert "then groups" in result.message


def test_a_bad_start_is_mended() -> None:
    # Heuristics find the optimum of small graphs, so that the last step is asked for directly.
    graph = layers(12, seed=3)
    problem = PartitionProblem(graph, 4)
    best = solve(problem, "cpsat", time_limit=30).objective
    assert solve(problem, "set-partition", time_limit=20).objective == pytest.approx(best)
    weights = np.rint(graph.weights.to_dense() * 1e6).astype(np.int64)
    rows = np.eye(12, dtype=np.bool_)
    generation = GroupGeneration(PairCosts(weights), graph.conflicts.matrix > 0, 12, rows)
    while generation.round(lambda: False, 10):
        pass
    assert generation.converged
    assert generation.bound is not None
    assert generation.bound.steps == 0


def test_fewer_groups_than_allowed_pay_for_those_left_out() -> None:
    # The cover that wastes groups has the lower reduced cost, and the higher cost.
    for seed in range(10):
        graph = layers(32, seed, clusters=8)
        result = solve(PartitionProblem(graph, 16), "set-partition", time_limit=30, workers=1)
        assert result.status is Status.OPTIMAL


def test_without_a_partition_nothing_is_claimed() -> None:
    # Five nodes all in conflict: no clique search of this budget misses it.
    graph = ConflictGraph.from_edges(
        5, [(0, 1)], [1.0], conflicts=[(i, j) for j in range(5) for i in range(j)]
    )
    result = solve(PartitionProblem(graph, 3), "set-partition")
    assert result.status is Status.INFEASIBLE


def test_weights_that_spread_too_far_are_refused() -> None:
    graph = ConflictGraph.from_edges(3, [(0, 1), (1, 2)], [1e-180, 1e180])
    result = solve(PartitionProblem(graph, 2), "auto", time_limit=5)
    assert result.coloring is not None


def by_subsets(weights: np.ndarray, apart: np.ndarray, k: int) -> int | None:
    """Least cost of at most k groups, by dynamic programming over subsets of the nodes."""
    count = len(weights)
    inside: list[int | None] = [0]
    for mask in range(1, 1 << count):
        last = mask.bit_length() - 1
        others = [u for u in range(last) if mask >> u & 1]
        before = inside[mask ^ 1 << last]
        clash = before is None or apart[last, others].any()
        inside.append(None if clash else before + int(weights[last, others].sum()))
    best: list[int | None] = [0] + [None] * ((1 << count) - 1)
    for _ in range(min(k, count)):
        better = list(best)
        for mask in range(1, 1 << count):
            # The group of the last node, and the rest in one group fewer.
            top = 1 << mask.bit_length() - 1
            rest = part = mask ^ top
            while True:
                group, left = inside[part | top], best[rest ^ part]
                if group is not None and left is not None:
                    total = group + left
                    better[mask] = total if better[mask] is None else min(better[mask], total)
                if part == 0:
                    break
                part = part - 1 & rest
        best = better
    return best[-1]


def agrees(seed: int) -> None:
    rng = np.random.default_rng(seed)
    count, lowest = int(rng.integers(1, 11)), int(rng.choice([0, -9]))
    weights = np.triu(rng.integers(lowest, 20, (count, count)), 1)
    apart = np.triu(rng.random((count, count)) < 0.4 * rng.random(), 1)
    pairs = np.argwhere(np.triu(np.ones((count, count)), 1) > 0)
    graph = ConflictGraph.from_edges(
        count, pairs, weights[tuple(pairs.T)].astype(float), conflicts=np.argwhere(apart)
    )
    k = int(rng.integers(1, count + 1))
    expected = by_subsets(weights + weights.T, apart | apart.T, k)
    result = solve(PartitionProblem(graph, k), "set-partition", time_limit=30, workers=1)
    if expected is None:
        assert result.coloring is None
    else:
        assert (result.status, result.objective) == (Status.OPTIMAL, expected)


def test_it_agrees_with_subset_dynamic_programming() -> None:
    for seed in range(12):
        agrees(seed)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(12, 512))
def test_it_agrees_with_subset_dynamic_programming_again_and_again(seed: int) -> None:
    agrees(seed)
