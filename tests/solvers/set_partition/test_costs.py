"""Integer costs: every group below a bar, against all groups."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from numpy.typing import NDArray

from geocolor.errors import CheckError
from geocolor.graph import ConflictGraph
from geocolor.problem import (
    GroupOracle,
    GroupPartitionProblem,
    NormalizedPairSum,
    PartitionProblem,
)
from geocolor.solvers.set_partition.certificate import GroupBound
from geocolor.solvers.set_partition.costs import FINE, IntegerCosts, RatioCosts
from geocolor.solvers.set_partition.integers import integer_costs

COUNT = 8


def some_graph(seed: int, kind: str) -> ConflictGraph:
    rng = np.random.default_rng(seed)
    low = -20 if kind == "signed" else 0
    weights = np.triu(rng.integers(low, 30, (COUNT, COUNT)), 1).astype(float)
    apart = np.triu(rng.random((COUNT, COUNT)) < 0.2, 1)
    sizes = rng.random(COUNT) + 0.1 if kind == "floats" else rng.integers(1, 6, COUNT) * 3.0
    return ConflictGraph.from_dense(weights + weights.T, apart | apart.T, sizes=sizes)


def some_problem(seed: int, kind: str) -> PartitionProblem | GroupPartitionProblem:
    graph = some_graph(seed, kind)
    if kind == "pairs":
        return PartitionProblem(graph, 3)
    if kind != "oracle":
        return GroupPartitionProblem(graph, 3, NormalizedPairSum())

    def cost(groups: NDArray[np.bool_]) -> NDArray[np.float64]:
        # Equal sizes would make it 2 over the number; anything above 1 over one less will do.
        number = groups.sum(axis=1)
        doubled = np.einsum("ij,jk,ik->i", groups, graph.weights.to_dense(), groups)
        return doubled / np.maximum(number, 1) + 0.25 * (number == 1)

    return GroupPartitionProblem(graph, 3, GroupOracle(cost))


KINDS = ["pairs", "whole", "signed", "floats", "oracle"]


def all_groups(apart: NDArray[np.bool_]) -> NDArray[np.bool_]:
    groups = np.array(list(itertools.product([False, True], repeat=COUNT)))[1:]
    return groups[~np.einsum("ij,jk,ik->i", groups, apart, groups)]


def duals_for(costs: IntegerCosts, groups: NDArray[np.bool_], seed: int) -> NDArray[np.int64]:
    high = int(costs.of(groups).max()) // 3 + 2
    return np.random.default_rng(seed).integers(-high // 8, high, COUNT)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", range(5))
def test_every_group_below_the_bar(seed: int, kind: str) -> None:
    problem = some_problem(seed, kind)
    costs, apart = integer_costs(problem), problem.graph.conflicts.matrix > 0
    groups = all_groups(apart)
    duals = duals_for(costs, groups, seed)
    values = costs.of(groups) - groups @ duals
    bar = int(np.sort(values)[len(values) // 4])
    expected = {group.tobytes(): value for group, value in zip(groups, values, strict=True)}
    expected = {group: value for group, value in expected.items() if value < bar}
    found = costs.search(apart, duals, bar, lambda: False, most=1000, every=True)
    assert found.finished
    listed = [np.ascontiguousarray(group).tobytes() for group in found.groups]
    assert dict(zip(listed, found.values, strict=True)) == expected
    assert len(listed) == len(expected)
    few = costs.search(apart, duals, bar, lambda: False, most=COUNT + 1)
    assert len(few.groups)
    assert (few.values < bar).all()
    if few.finished:
        assert few.least == values.min()
    none = costs.search(apart, duals, int(values.min()), lambda: False, most=COUNT + 1)
    assert none.finished
    assert (len(none.groups), none.least) == (0, values.min())


@pytest.mark.parametrize("kind", KINDS)
def test_steps_are_near_the_cost(kind: str) -> None:
    problem = some_problem(3, kind)
    costs = integer_costs(problem)
    colors = np.arange(COUNT, dtype=np.int32) % 3
    steps = int(costs.of(colors == np.arange(3)[:, None]).sum())
    assert steps % costs.step == 0
    cost = problem.objective(colors)
    assert costs.lower_bound(steps) <= cost <= steps * costs.unit + costs.above
    assert costs.error < 1e-6 * cost


@pytest.mark.parametrize("kind", KINDS)
def test_a_certificate_is_held_to_all_groups(kind: str) -> None:
    problem = some_problem(1, kind)
    costs, apart = integer_costs(problem), problem.graph.conflicts.matrix > 0
    low = min(0, int((costs.of(all_groups(apart))).min()))
    assert GroupBound(np.zeros(COUNT, dtype=np.int64), low, 3).verify(costs, apart)
    dear = GroupBound(np.full(COUNT, int(costs.of(all_groups(apart)).max()) + 1), low, 3)
    with pytest.raises(CheckError, match="costs less than the bound says"):
        dear.verify(costs, apart)


def test_it_stops_when_full_and_when_told() -> None:
    costs = RatioCosts(np.zeros((6, 6), dtype=np.int64), np.ones(6, dtype=np.int64))
    apart, duals = np.zeros((6, 6), dtype=bool), np.full(6, FINE)
    full = costs.search(apart, duals, 0, lambda: False, most=5, every=True)
    assert (len(full.groups), full.finished) == (5, False)
    told = costs.search(apart, duals, 0, lambda: True, most=5, every=True)
    assert (len(told.groups), told.finished) == (0, False)


def test_a_function_is_asked_once_for_each_group() -> None:
    asked: list[bytes] = []

    def cost(groups: NDArray[np.bool_]) -> NDArray[np.float64]:
        asked.extend(group.tobytes() for group in groups)
        return np.ones(len(groups))

    problem = GroupPartitionProblem(ConflictGraph.from_edges(6), 3, GroupOracle(cost))
    costs = integer_costs(problem)
    duals = np.full(6, 2 * int(costs.of(np.eye(6, dtype=bool))[0]))
    for _ in range(2):
        costs.search(np.zeros((6, 6), dtype=bool), duals, 0, lambda: False, most=99, every=True)
    assert len(asked) == len(set(asked)) == 63


def test_what_costs_far_too_much_is_bounded() -> None:
    graph = ConflictGraph.from_edges(2, [(0, 1)], [1.0])
    huge = GroupPartitionProblem(graph, 1, GroupOracle(lambda groups: np.full(len(groups), 1e99)))
    assert integer_costs(huge).of(np.ones((1, 2), dtype=bool))[0] == 1 << 52


def test_costs_without_pairs_are_as_fine_as_the_objective() -> None:
    graph = ConflictGraph.from_edges(2, [])
    dear = GroupPartitionProblem(graph, 1, GroupOracle(lambda groups: np.full(len(groups), 3e9)))
    costs = integer_costs(dear, 3e9)
    assert costs.of(np.ones((1, 2), dtype=bool))[0] * costs.unit == pytest.approx(3e9, rel=1e-12)
