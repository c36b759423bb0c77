from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from geocolor.errors import CheckError, InputError
from geocolor.graph import ConflictGraph
from geocolor.problem import GroupOracle, GroupPartitionProblem, NormalizedPairSum, check


def of_points(seed: int, count: int = 7) -> tuple[ConflictGraph, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    points, masses = rng.normal(size=(count, 3)), rng.random(count) + 0.1
    squares = ((points[:, None] - points) ** 2).sum(axis=2)
    weights = squares * (masses[:, None] * masses) / (masses[:, None] + masses)
    return ConflictGraph.from_dense(weights, sizes=masses), points, masses


@pytest.mark.parametrize("seed", range(5))
def test_normalised_pair_sums_are_weighted_k_means(seed: int) -> None:
    graph, points, masses = of_points(seed)
    groups = np.random.default_rng(seed).random((20, 7)) < 0.5
    groups = groups[groups.any(axis=1)]
    squares = []
    for group in groups:
        center = np.average(points[group], axis=0, weights=masses[group])
        squares.append(float((masses[group, None] * (points[group] - center) ** 2).sum()))
    np.testing.assert_allclose(NormalizedPairSum().of(graph, groups), squares, atol=1e-12)


def test_equal_sizes_give_two_over_the_number() -> None:
    pairs = [(0, 1), (1, 2), (0, 2), (2, 3)]
    graph = ConflictGraph.from_edges(4, pairs, [1.0, 2.0, 3.0, -1.0], sizes=[5.0] * 4)
    groups = np.array([[1, 1, 0, 0], [1, 1, 1, 0], [1, 1, 1, 1], [0, 0, 0, 1]], dtype=bool)
    np.testing.assert_allclose(NormalizedPairSum().of(graph, groups), [1.0, 4.0, 2.5, 0.0])


@pytest.mark.parametrize("seed", range(5))
def test_the_checker_adds_up_by_itself(seed: int) -> None:
    graph, _, _ = of_points(seed, 9)
    problem = GroupPartitionProblem(graph, 4, NormalizedPairSum())
    colors = np.random.default_rng(seed).integers(4, size=9)
    report = check(problem, colors)
    assert report.objective == pytest.approx(problem.objective(colors.astype(np.int32)))
    with pytest.raises(CheckError, match="at most 4"):
        check(problem, np.arange(9))


def test_an_oracle_is_asked_and_held_to_its_pairs() -> None:
    graph = ConflictGraph.from_edges(3, [(0, 1), (1, 2)], [1.0, 2.0], labels=["q", "k", "v"])
    sizes = GroupOracle(lambda groups: groups.sum(axis=1) ** 2)
    problem = GroupPartitionProblem(graph, 2, sizes)
    assert check(problem, [0, 0, 1]).objective == 5.0
    assert problem.objective(np.array([0, 0, 1], dtype=np.int32)) == 5.0
    low = GroupPartitionProblem(graph, 2, GroupOracle(lambda groups: np.zeros(len(groups))))
    with pytest.raises(InputError, match="gives 0 for the class q, k, whose pairs say at least 1"):
        check(low, [0, 0, 1])
    for wrong in (np.nan, np.inf):
        bad = GroupOracle(lambda groups, value=wrong: np.full(len(groups), value))
        with pytest.raises(InputError, match="finite"):
            check(GroupPartitionProblem(graph, 2, bad), [0, 1, 1])
    for given, message in (
        ([1.0, 2.0, 3.0], "shape"),
        (["a", "b"], "costs of classes must be numbers"),
        ([9.0, 9.0 + 1j], "costs of classes must be real numbers, not complex128"),
        (None, "gave shape"),
    ):
        wrong_kind = GroupOracle(lambda groups, costs=given: costs)
        with pytest.raises(InputError, match=message):
            check(GroupPartitionProblem(graph, 2, wrong_kind), [0, 0, 1])


def test_a_cost_function_can_be_called_and_its_floors_cannot_be_changed() -> None:
    not_callable: Any = 5
    with pytest.raises(InputError, match="a cost function must be callable, not 5"):
        GroupOracle(not_callable)
    with pytest.raises(InputError, match="an estimate must be callable, not 5"):
        GroupOracle(len, estimate=not_callable)
    given = np.zeros(2)
    floors = GroupOracle(len, given).floors
    given[0] = 9.0
    assert isinstance(floors, np.ndarray)
    assert floors.tolist() == [0.0, 0.0]
    with pytest.raises(ValueError, match="read-only"):
        floors[0] = 9.0


def test_the_number_of_classes_must_be_one() -> None:
    with pytest.raises(InputError, match="at least 1"):
        GroupPartitionProblem(ConflictGraph.from_edges(2), 0, NormalizedPairSum())


@pytest.mark.parametrize("cost", ["normalized", NormalizedPairSum, None])
def test_a_cost_is_one_of_the_two(cost: Any) -> None:
    with pytest.raises(InputError, match=r"must be NormalizedPairSum\(\) or a GroupOracle"):
        GroupPartitionProblem(ConflictGraph.from_edges(2), 2, cost)


@pytest.mark.parametrize(
    "cost", [NormalizedPairSum(), GroupOracle(lambda groups: [0] * len(groups))]
)
def test_nothing_costs_nothing(cost: NormalizedPairSum | GroupOracle) -> None:
    empty = GroupPartitionProblem(ConflictGraph.from_edges(0), 1, cost)
    assert check(empty, np.zeros(0, dtype=int)).objective == 0.0
    assert empty.objective(np.zeros(0, dtype=np.int32)) == 0.0


def test_floors_bound_a_class_by_its_nodes() -> None:
    graph = ConflictGraph.from_edges(3, [(0, 1)], [1.0], labels=["q", "k", "v"])
    oracle = GroupOracle(lambda groups: groups @ np.array([-1.0, 2.0, 3.0]) + 1, [-1.0, 2.0, 3.0])
    problem = GroupPartitionProblem(graph, 3, oracle)
    assert check(problem, [0, 0, 1]).objective == 6.0
    assert check(problem, [0, 1, 2]).objective == 7.0
    low = GroupOracle(lambda groups: groups.sum(axis=1) * 1.0, [1.0, 1.0, 1.0])
    with pytest.raises(InputError, match="class q, k, whose floors and pairs say at least 3"):
        check(GroupPartitionProblem(graph, 3, low), [0, 0, 1])


def test_floors_are_one_finite_number_for_each_node() -> None:
    for wrong in ([1.0, np.nan], [[1.0]], [np.inf]):
        with pytest.raises(InputError, match="one finite number"):
            GroupOracle(lambda groups: groups.sum(axis=1), wrong)
    with pytest.raises(InputError, match="floors must be numbers"):
        GroupOracle(lambda groups: groups.sum(axis=1), ["a"])
    short = GroupOracle(lambda groups: groups.sum(axis=1), [0.0])
    with pytest.raises(InputError, match="1 floors for the 2 nodes"):
        check(GroupPartitionProblem(ConflictGraph.from_edges(2), 2, short), [0, 1])


def test_a_function_is_asked_once_about_each_class() -> None:
    asked = []

    def cost(groups: np.ndarray) -> np.ndarray:
        asked.append(len(groups))
        return groups.sum(axis=1).astype(float)

    oracle = GroupOracle(cost)
    problem = GroupPartitionProblem(ConflictGraph.from_edges(4), 4, oracle)
    for colors in ([0, 0, 1, 1], [0, 0, 1, 2], [0, 0, 1, 2]):
        check(problem, colors)
    assert asked == [2, 2]
    assert oracle.evaluations == 4
