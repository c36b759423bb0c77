"""Partitions with costs of whole groups, proven."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from geocolor.graph import ConflictGraph
from geocolor.graph.generators import layers
from geocolor.problem import GroupOracle, GroupPartitionProblem, NormalizedPairSum
from geocolor.solvers import Status, solve


def some_problem(seed: int) -> GroupPartitionProblem:
    """Up to eight nodes; whole, broken and signed numbers, and the k-means of curved points."""
    rng = np.random.default_rng(seed)
    count = int(rng.integers(1, 9))
    k = int(rng.integers(1, count + 1))
    apart = np.triu(rng.random((count, count)) < 0.4 * rng.random(), 1)
    if seed % 4 == 3:
        return GroupPartitionProblem(*tied(rng, count, apart | apart.T, k))
    low = -6 if seed % 4 == 1 else 0
    weights = np.triu(rng.integers(low, 20, (count, count)), 1).astype(float)
    sizes = rng.integers(1, 5, count).astype(float)
    if seed % 4 == 2:
        weights, sizes = weights * rng.random((count, count)), rng.random(count) + 0.2
    graph = ConflictGraph.from_dense(weights + weights.T, apart | apart.T, sizes=sizes)
    return GroupPartitionProblem(graph, k, NormalizedPairSum())


def without_rounding(costs: NDArray[np.float64]) -> NDArray[np.float64]:
    """A cost of nothing is nothing, or nothing could be proven to cost as little."""
    return np.where(costs < 1e-13, 0.0, costs)


def tied(
    rng: np.random.Generator, count: int, apart: NDArray[np.bool_], k: int
) -> tuple[ConflictGraph, int, GroupOracle]:
    """Points, each with a curvature of its own in every direction, tied at the best value."""
    points, curvature = rng.normal(size=(count, 3)), rng.random((count, 3)) + 0.05

    def cost(groups: NDArray[np.bool_]) -> NDArray[np.float64]:
        total, first = groups @ curvature, groups @ (curvature * points)
        squares = groups @ (curvature * points**2)
        return without_rounding(0.5 * (squares - first**2 / total).sum(axis=1))

    between = curvature[:, None] * curvature / (curvature[:, None] + curvature)
    weights = 0.5 * (between * (points[:, None] - points) ** 2).sum(axis=2)
    return ConflictGraph.from_dense(weights, apart), k, GroupOracle(cost)


def agrees(problem: GroupPartitionProblem, oracle: object) -> None:
    best = oracle.optimum(problem)
    result = solve(problem, time_limit=30, workers=1)
    if best is None:
        assert result.coloring is None
        return
    assert result.objective == pytest.approx(best, rel=1e-9, abs=1e-12)
    assert result.lower_bound <= best + 1e-12
    # Where much cancels, what integers leave open may be more than a millionth of it.
    assert result.status is Status.OPTIMAL or result.gap < 1e-4


@pytest.mark.parametrize("seed", range(40))
def test_it_agrees_with_all_partitions(oracle, seed: int) -> None:
    agrees(some_problem(seed), oracle)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(40, 540))
def test_it_agrees_with_all_partitions_again_and_again(oracle, seed: int) -> None:
    agrees(some_problem(seed), oracle)


def test_pairs_alone_would_mislead() -> None:
    # Three rank-one curvatures in the plane: any two layers tie for nothing, all three do not.
    directions = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    targets = np.array([0.0, 0.0, np.sqrt(3.0)])

    def cost(groups: NDArray[np.bool_]) -> NDArray[np.float64]:
        found = []
        for group in groups:
            at, *_ = np.linalg.lstsq(directions[group], targets[group], rcond=None)
            found.append(0.5 * float(((directions[group] @ at - targets[group]) ** 2).sum()))
        return without_rounding(np.array(found))

    graph = ConflictGraph.from_edges(3, [])
    pairs = np.array([[1, 1, 0], [1, 0, 1], [0, 1, 1]], dtype=bool)
    np.testing.assert_allclose(cost(pairs), 0.0, atol=1e-12)
    one = solve(GroupPartitionProblem(graph, 1, GroupOracle(cost)), time_limit=10)
    assert one.status is Status.OPTIMAL
    assert one.objective == pytest.approx(0.5)
    two = solve(GroupPartitionProblem(graph, 2, GroupOracle(cost)), time_limit=10)
    assert two.status is Status.OPTIMAL
    assert two.objective == pytest.approx(0.0, abs=1e-12)
    assert two.num_colors == 2


@pytest.mark.parametrize(("seed", "count"), [(88, 7), (184, 6), (421, 5)])
def test_costs_that_hide_beside_others_end_the_search(oracle, seed: int, count: int) -> None:
    # What the linear program's tolerance leaves below the bar is known, and what is news hides.
    rng = np.random.default_rng(seed)
    pairs = np.array([(i, j) for i in range(count) for j in range(i + 1, count)])
    rng.integers(5, 9)
    weights = rng.random(len(pairs)) * 1e8 * (rng.random(len(pairs)) < 0.5)
    extra = rng.random(1 << count) * 0.1
    graph = ConflictGraph.from_edges(count, pairs, weights)
    table = graph.weights.to_dense() / 2

    def cost(groups: NDArray[np.bool_]) -> NDArray[np.float64]:
        inside = np.einsum("gi,ij,gj->g", groups * 1.0, table, groups * 1.0)
        of_group: NDArray[np.float64] = extra[groups @ (1 << np.arange(count))]
        return inside / np.maximum(groups.sum(axis=1) - 1, 1) + of_group

    problem = GroupPartitionProblem(graph, 3, GroupOracle(cost))
    result = solve(problem, "set-partition", time_limit=30, workers=1)
    assert result.status is Status.OPTIMAL
    assert result.objective == pytest.approx(oracle.optimum(problem), rel=1e-12)


@pytest.mark.parametrize("k", [4, 8, 16])
def test_thirty_two_layers_are_proven(k: int) -> None:
    problem = GroupPartitionProblem(layers(32, seed=2), k, NormalizedPairSum())
    result = solve(problem, time_limit=60, workers=1)
    assert result.status is Status.OPTIMAL
    assert result.num_colors <= k


def test_renaming_nodes_changes_nothing() -> None:
    graph = layers(20, seed=5)
    order = np.random.default_rng(0).permutation(20)
    renamed = ConflictGraph.from_dense(
        graph.weights.to_dense()[np.ix_(order, order)],
        (graph.conflicts.matrix > 0)[np.ix_(order, order)],
        sizes=graph.sizes[order],
    )
    costs = [
        solve(GroupPartitionProblem(each, 5, NormalizedPairSum()), time_limit=30).objective
        for each in (graph, renamed)
    ]
    assert costs[0] == pytest.approx(costs[1])


def test_a_seed_and_one_worker_give_the_same_again() -> None:
    problem = GroupPartitionProblem(layers(24, seed=7), 6, NormalizedPairSum())
    runs = [solve(problem, time_limit=None, workers=1, seed=3, max_iterations=20) for _ in range(2)]
    assert runs[0].coloring.colors.tolist() == runs[1].coloring.colors.tolist()


def test_too_few_classes_are_refused() -> None:
    clique = [(i, j) for j in range(5) for i in range(j)]
    graph = ConflictGraph.from_edges(5, [(0, 1)], [1.0], conflicts=clique)
    result = solve(GroupPartitionProblem(graph, 4, NormalizedPairSum()))
    assert result.status is Status.INFEASIBLE
    five = solve(GroupPartitionProblem(graph, 5, NormalizedPairSum()))
    assert (five.status, five.objective) == (Status.OPTIMAL, 0.0)


def test_no_nodes() -> None:
    result = solve(GroupPartitionProblem(ConflictGraph.from_edges(0), 1, NormalizedPairSum()))
    assert (result.status, result.objective) == (Status.OPTIMAL, 0.0)
