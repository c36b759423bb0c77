"""Partitions within a capacity: every solver against all partitions; full classes; proofs."""

from __future__ import annotations

import time
from types import SimpleNamespace

import numpy as np
import pytest

from geocolor.bounds import find_clique
from geocolor.graph import ConflictGraph
from geocolor.graph.generators import layers
from geocolor.problem import PartitionProblem, check
from geocolor.solvers import SOLVERS, Status, StopReason, solve
from geocolor.solvers.budget import Budget
from geocolor.solvers.capacitated import improve_capacitated
from geocolor.solvers.search import Outcome, Search
from geocolor.solvers.set_partition.first import first_partition
from geocolor.solvers.set_partition.listing import cover_by_all
from geocolor.solvers.start import begin

TAKERS = sorted(n for n, info in SOLVERS.items() if "capacitated-partition" in info.kinds)


def some(oracle: SimpleNamespace, seed: int) -> PartitionProblem:
    """Up to eight nodes, loose to overfull, costs alone or gains too."""
    rng = np.random.default_rng(seed)
    count = int(rng.integers(1, 9))
    graph = oracle.random_weighted(count, seed, integers=bool(rng.integers(2)))
    if rng.integers(2):
        dense = np.abs(graph.weights.to_dense())
        graph = ConflictGraph.from_dense(dense, graph.conflicts.matrix > 0)
    sizes = rng.integers(1, 2 + int(rng.integers(9)), count) * int(rng.choice([1, 3]))
    k = int(rng.integers(1, count + 1))
    even = -(-int(sizes.sum()) // k)
    capacity = max(int(sizes.max()), even + int(rng.integers(-1, 3)))
    return PartitionProblem(graph, k, sizes, capacity)


def agrees(oracle: SimpleNamespace, name: str, seed: int) -> float | None:
    problem = some(oracle, seed)
    best = oracle.optimum(problem)
    result = solve(problem, name, time_limit=30, workers=1, max_iterations=2_000)
    if result.coloring is not None:
        assert check(problem, result.coloring).objective == result.objective
    if best is None:
        assert result.coloring is None
        assert result.status is Status.INFEASIBLE or not SOLVERS[name].exact
        return best
    assert result.lower_bound is None or result.lower_bound <= best + 1e-9
    if SOLVERS[name].exact:
        assert result.status is Status.OPTIMAL
        assert result.objective == pytest.approx(best, abs=1e-9)
    else:
        assert result.status is not Status.INFEASIBLE
        assert result.objective is None or result.objective >= best - 1e-9
    return best


@pytest.mark.parametrize("name", TAKERS)
def test_every_solver_agrees_with_all_partitions(oracle: SimpleNamespace, name: str) -> None:
    found = [agrees(oracle, name, seed) for seed in range(60)]
    assert 10 < found.count(None) < 50


@pytest.mark.slow
@pytest.mark.parametrize("name", TAKERS)
@pytest.mark.parametrize("first", range(60, 660, 100))
def test_and_again(oracle: SimpleNamespace, name: str, first: int) -> None:
    for seed in range(first, first + 100):
        agrees(oracle, name, seed)


def test_solvers_without_capacities_are_not_offered() -> None:
    assert TAKERS == ["auto", "capacitated", "cpsat", "russian-doll", "set-partition", "subset-dp"]


def full(count: int, k: int, seed: int) -> PartitionProblem:
    """Layers that fill all classes to the last unit: sizes of random cuts of each class."""
    rng = np.random.default_rng(seed)
    each, capacity = count // k, 5 * (count // k)
    cuts = np.sort([rng.permutation(np.arange(1, capacity))[: each - 1] for _ in range(k)], axis=1)
    sizes = np.diff(cuts, prepend=0, append=capacity, axis=1).ravel()
    graph = layers(count, seed, conflict_share=0.0)
    return PartitionProblem(graph, k, sizes[rng.permutation(count)], capacity)


@pytest.mark.parametrize("seed", range(3))
def test_full_classes_are_proven(seed: int) -> None:
    problem = full(12, 4, seed)
    by_groups, by_assignment = (
        solve(problem, name, time_limit=60) for name in ("set-partition", "cpsat")
    )
    assert by_groups.status is by_assignment.status is Status.OPTIMAL
    assert by_groups.objective == pytest.approx(by_assignment.objective)
    loads = np.bincount(by_groups.coloring.colors, problem.sizes)
    assert loads.tolist() == [problem.capacity] * 4


def searching(problem: PartitionProblem, seed: int = 0) -> Search:
    return Search(
        problem,
        started=time.monotonic(),
        time_limit=60,
        seed=seed,
        workers=1,
        max_iterations=100_000,
    )


def without_heuristics(monkeypatch: pytest.MonkeyPatch) -> list[float | None]:
    """Have heuristics find nothing; the objectives that they would go on from."""
    asked: list[float | None] = []

    def improve(problem: PartitionProblem, search: Search, budget: Budget) -> Outcome:
        asked.append(search.objective)
        return Outcome(StopReason.COMPLETED)

    monkeypatch.setattr("geocolor.solvers.set_partition.first.improve", improve)
    return asked


def test_few_groups_are_all_listed(
    oracle: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = without_heuristics(monkeypatch)
    infeasible = 0
    for seed in range(80):
        problem = some(oracle, seed)
        best = oracle.optimum(problem)
        result = solve(problem, "set-partition", time_limit=30)
        assert result.status is (Status.INFEASIBLE if best is None else Status.OPTIMAL)
        infeasible += best is None
        if best is not None:
            assert result.objective == pytest.approx(best, abs=1e-9)
    assert infeasible > 10
    assert set(asked) == {None}


def test_no_group_fills_a_class(monkeypatch: pytest.MonkeyPatch) -> None:
    without_heuristics(monkeypatch)
    graph = ConflictGraph.from_edges(4, [(0, 2), (0, 3), (1, 2), (1, 3)])
    result = solve(PartitionProblem(graph, 2, [2, 2, 5, 5], 7), "set-partition")
    assert result.status is Status.INFEASIBLE
    search = searching(PartitionProblem(graph, 2, [2, 2, 5, 5], 7))
    outcome = cover_by_all(search.problem, search)
    assert (outcome.infeasible, search.coloring) == (True, None)
    assert outcome.message == "all 0 groups that a partition may have make none"


def test_three_to_a_class_to_the_last_unit() -> None:
    rng = np.random.default_rng(0)
    first, second = rng.integers(251, 374, (2, 20))
    sizes = rng.permutation(np.concatenate([first, second, 1000 - first - second]))
    problem = PartitionProblem(layers(60, 0, conflict_share=0.0), 20, sizes, 1000)
    result = solve(problem, time_limit=60)
    assert result.status is Status.OPTIMAL
    assert "groups that a partition may have" in result.message


def test_cpsat_finds_what_neither_heuristics_nor_listing_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = without_heuristics(monkeypatch)
    monkeypatch.setattr("geocolor.solvers.set_partition.listing._MOST_GROUPS", 5)
    problem = full(24, 8, 1)
    search = searching(problem)
    clique, _ = begin(problem, search, clique_work=1000)
    first_partition(problem, search, clique, 1.0)
    assert search.objective is not None
    assert asked == [None, search.objective]
    # Weights that no integers fit play no part in it.
    graph = ConflictGraph.from_edges(3, [(0, 1), (1, 2), (0, 2)], [1e-180, 1e180, 1.0])
    search = searching(PartitionProblem(graph, 2, [1, 2, 3], 3))
    first_partition(search.problem, search, find_clique(graph.conflicts), 1.0)
    assert search.objective == 1e-180


def test_no_packing_is_proven_where_the_bound_is_silent() -> None:
    # Four classes of 9 have room for 3 * 12 = 36, but threes and fours make no nines.
    problem = PartitionProblem(ConflictGraph.from_edges(9), 4, [4] * 9, 9)
    assert solve(problem).status is Status.INFEASIBLE
    odd = PartitionProblem(ConflictGraph.from_edges(7), 3, [5, 5, 5, 4, 4, 4, 3], 10)
    for name in ("auto", "set-partition", "cpsat"):
        result = solve(odd, name, time_limit=30)
        assert (result.status, result.objective) == (Status.INFEASIBLE, None)
    assert solve(odd, "capacitated", max_iterations=1000).status is Status.UNKNOWN


def test_sizes_alone_are_refused_at_once() -> None:
    problem = PartitionProblem(ConflictGraph.from_edges(4), 3, [3, 3, 3, 3], 5)
    result = solve(problem)
    assert result.status is Status.INFEASIBLE
    assert result.message == (
        "3 classes cannot do: for their sizes, the nodes need at least 4 of capacity 5"
    )


def test_sizes_and_conflicts_together_make_a_clique() -> None:
    # Two of the large nodes never meet, and neither meets the small ones, which conflict.
    pairs = [(0, 2), (0, 3), (1, 2), (1, 3), (2, 3)]
    graph = ConflictGraph.from_edges(4, pairs)
    result = solve(PartitionProblem(graph, 3, [4, 4, 1, 1], 7))
    assert result.status is Status.INFEASIBLE
    assert "these 4 nodes conflict or are too large for one class: 0, 1, 2, 3" in result.message


def test_annealing_repeats_and_mends_a_bad_fit() -> None:
    problem = full(24, 8, 10)
    found = []
    for _ in range(2):
        search = searching(problem, seed=4)
        improve_capacitated(problem, search, Budget(search))
        found.append(search.coloring.colors)
    assert np.array_equal(*found)
    assert solve(problem, "capacitated", max_iterations=1, seed=4).status is Status.UNKNOWN


def test_too_many_classes_for_tables_are_packed_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("geocolor.solvers.capacitated._LARGEST_TABLE", 10)
    result = solve(PartitionProblem(layers(20, 0), 8, capacity=4), "capacitated")
    assert result.status is Status.FEASIBLE
    assert "best fit only: 20 nodes in 8 classes are too many" in result.message


def test_the_result_says_what_was_asked() -> None:
    graph = layers(6, 0)
    options = solve(PartitionProblem(graph, 3, [1, 2, 1, 2, 1, 2], 4)).options
    assert options["problem"] == "capacitated-partition"
    assert (options["capacity"], options["sizes"]) == (4, [1, 2, 1, 2, 1, 2])
    assert solve(PartitionProblem(graph, 3, capacity=4)).options["sizes"] is None
    assert "capacity" not in solve(PartitionProblem(graph, 3)).options
