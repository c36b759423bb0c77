"""Partitions by what an oracle says: against all partitions, within budgets, and the same twice."""

from __future__ import annotations

import itertools
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from geocolor.errors import InputError
from geocolor.graph import ConflictGraph
from geocolor.problem import GroupOracle, GroupPartitionProblem, check
from geocolor.solvers import Status, StopReason, solve

Bools = NDArray[np.bool_]


def bases(seed: int, count: int, width: int = 6, price: float = 0.15) -> GroupOracle:
    """Vectors that share the best basis of any rank; a rank has a price, and one more a member."""
    rng = np.random.default_rng(seed)
    hidden = rng.normal(size=(3, 2, width))
    kind = rng.integers(3, size=count)
    units = np.einsum("nij,njk->nik", rng.normal(size=(count, 2, 2)), hidden[kind])
    units += 0.2 * rng.normal(size=units.shape)

    def value(groups: Bools) -> NDArray[np.float64]:
        found = []
        for group in groups:
            energy = np.linalg.svd(units[group].reshape(-1, width), compute_uv=False) ** 2
            left = energy.sum() - np.concatenate([[0.0], energy.cumsum()])
            found.append(min(left + price * np.arange(len(left)) * (width + 2 * group.sum())))
        return np.array(found)

    def floor(unit: NDArray[np.float64]) -> float:
        energy = np.linalg.svd(unit, compute_uv=False) ** 2
        left = energy.sum() - np.concatenate([[0.0], energy.cumsum()])
        return float(min(left + price * 2 * np.arange(len(left))))

    return GroupOracle(value, [floor(unit) for unit in units])


def problem_of(seed: int, count: int, k: int | None = None) -> GroupPartitionProblem:
    rng = np.random.default_rng(seed)
    pairs = [pair for pair in itertools.combinations(range(count), 2) if rng.random() < 0.15]
    graph = ConflictGraph.from_edges(count, conflicts=pairs)
    return GroupPartitionProblem(graph, count if k is None else k, bases(seed, count))


@pytest.mark.parametrize("seed", range(12))
def test_finds_the_best_of_all_partitions(seed: int, oracle: SimpleNamespace) -> None:
    problem = problem_of(seed, 6 + seed % 2)
    best = oracle.optimum(problem)
    result = solve(problem, "oracle", seed=seed, workers=1, time_limit=60)
    assert result.stop_reason is StopReason.COMPLETED
    assert result.objective == pytest.approx(best, rel=1e-9)
    assert result.lower_bound is not None
    assert result.lower_bound <= best


@pytest.mark.parametrize("seed", range(6))
def test_costs_of_any_sign_and_few_classes(seed: int, oracle: SimpleNamespace) -> None:
    rng = np.random.default_rng(seed)
    count, k = 6, 2 + seed % 3
    floors = rng.normal(size=count)
    above = rng.random(1 << count)

    def cost(groups: Bools) -> NDArray[np.float64]:
        return groups @ floors + above[groups @ (1 << np.arange(count))]

    problem = GroupPartitionProblem(ConflictGraph.from_edges(count), k, GroupOracle(cost, floors))
    best = oracle.optimum(problem)
    result = solve(problem, "oracle", seed=seed, workers=1, time_limit=60)
    assert result.objective == pytest.approx(best, rel=1e-9)
    assert result.lower_bound == pytest.approx(floors.sum())
    proven = solve(problem, "set-partition", workers=1, time_limit=60)
    assert proven.status is Status.OPTIMAL
    assert proven.objective == pytest.approx(best, rel=1e-9)


def test_each_group_is_asked_about_once() -> None:
    inner = bases(3, 12)
    asked: list[bytes] = []

    def cost(groups: Bools) -> NDArray[np.float64]:
        asked.extend(group.tobytes() for group in groups)
        return np.asarray(inner.function(groups))

    counted = GroupOracle(cost, inner.floors)
    problem = GroupPartitionProblem(ConflictGraph.from_edges(12), 12, counted)
    result = solve(problem, "oracle", workers=1, max_iterations=400, time_limit=60)
    assert result.coloring is not None
    check(problem, result.coloring)
    assert len(asked) == len(set(asked)) == counted.evaluations <= 400


def test_the_budget_is_kept_and_fixes_the_answer() -> None:
    runs = []
    for _ in range(2):
        problem = problem_of(1, 30)
        result = solve(problem, "oracle", seed=4, workers=1, max_iterations=700, time_limit=60)
        assert isinstance(problem.cost, GroupOracle)
        runs.append((result.objective, problem.cost.evaluations, result.stop_reason))
    assert runs[0] == runs[1]
    assert runs[0][1] == 700
    assert runs[0][2] is StopReason.ITERATIONS


def test_the_search_goes_on_from_agglomeration() -> None:
    gains = 0
    for seed in range(4):
        greedy = solve(problem_of(seed, 20), "agglomeration", workers=1, time_limit=60)
        found = solve(problem_of(seed, 20), "oracle", workers=1, max_iterations=3000, time_limit=60)
        assert greedy.objective is not None
        assert found.objective is not None
        assert found.objective <= greedy.objective
        gains += found.objective < greedy.objective - 1e-9
    assert gains >= 2


def test_estimates_guide_and_costs_decide() -> None:
    exact = bases(5, 14)
    asked: list[bytes] = []

    def cost(groups: Bools) -> NDArray[np.float64]:
        asked.extend(group.tobytes() for group in groups)
        return np.asarray(exact.function(groups))

    def estimate(groups: Bools) -> NDArray[np.float64]:
        return np.asarray(exact.function(groups)) * (1 + 0.01 * np.sin(groups.sum(axis=1)))

    graph = ConflictGraph.from_edges(14)
    problem = GroupPartitionProblem(graph, 14, GroupOracle(cost, exact.floors, estimate))
    result = solve(problem, "oracle", workers=1, max_iterations=4000, time_limit=60)
    plain = solve(GroupPartitionProblem(graph, 14, exact), "oracle", workers=1, max_iterations=4000)
    assert result.objective is not None
    assert plain.objective is not None
    assert result.objective <= plain.objective * 1.02
    assert result.objective == check(problem, result.coloring).objective
    assert len(asked) < 500


def test_only_weighted_pairs_are_merged() -> None:
    pairs = [(0, 1), (2, 3)]
    graph = ConflictGraph.from_edges(5, pairs, [0.0, 0.0])
    cheaper = GroupOracle(lambda groups: 1.0 / groups.sum(axis=1), [0.0] * 5)
    problem = GroupPartitionProblem(graph, 5, cheaper)
    result = solve(problem, "agglomeration")
    assert result.coloring is not None
    assert result.coloring.colors.tolist() == [0, 0, 1, 1, 2]


@pytest.mark.parametrize("solver", ["auto", "set-partition", "oracle", "agglomeration"])
def test_no_nodes_are_no_groups(solver: str) -> None:
    nothing = GroupOracle(lambda groups: np.zeros(len(groups)))
    result = solve(GroupPartitionProblem(ConflictGraph.from_edges(0), 1, nothing), solver)
    assert (result.objective, result.num_colors) == (0.0, 0)
    assert nothing.evaluations == 0


@pytest.mark.parametrize(
    ("given", "message"), [(0.5, "shape"), (["a"], "must be numbers"), ([1j], "must be real")]
)
def test_an_estimate_is_one_number_a_class(given: Any, message: str) -> None:
    oracle = GroupOracle(lambda groups: groups.sum(axis=1) * 1.0, estimate=lambda _: given)
    with pytest.raises(InputError, match=message):
        solve(GroupPartitionProblem(ConflictGraph.from_edges(3), 2, oracle), "agglomeration")


def test_auto_asks_about_groups_of_many_nodes() -> None:
    result = solve(problem_of(0, 60), "auto", workers=1, max_iterations=2500, time_limit=60)
    assert "groups asked about" in result.message
    assert result.objective is not None
