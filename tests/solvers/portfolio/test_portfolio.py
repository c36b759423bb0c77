"""The parts of `auto` for coloring: what each does for the whole."""

from __future__ import annotations

import threading
from typing import Any

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geocolor.errors import SolverError, WrongAnswerError
from geocolor.graph import ConflictGraph, gnp, mycielski, queen
from geocolor.problem import ColoringProblem
from geocolor.solvers import Status, StopReason, solve
from geocolor.solvers.portfolio import exact
from geocolor.solvers.portfolio import race as racing
from geocolor.solvers.search import Search


def union(*graphs: ConflictGraph) -> ConflictGraph:
    edges, count = [], 0
    for graph in graphs:
        edges.append(graph.conflicts.edges() + count)
        count += graph.num_nodes
    return ConflictGraph.from_edges(count, np.concatenate(edges))


@pytest.mark.parametrize("workers", [1, 2])
def test_components_are_solved_apart_and_put_together(workers: int) -> None:
    # Cliques of 7, 2 and 4: none of the parts is peeled away, and the hardest is not the largest.
    graph = union(queen(6, 6), mycielski(4), queen(5, 5))
    result = solve(ColoringProblem(graph), time_limit=60, workers=workers)
    assert result.status is Status.OPTIMAL
    assert result.objective == 7


def test_an_impossible_part_makes_the_whole_impossible() -> None:
    graph = union(queen(6, 6), queen(6, 6))
    result = solve(ColoringProblem(graph, 6), time_limit=60)
    assert result.status is Status.INFEASIBLE
    assert result.coloring is None


@pytest.mark.parametrize("name", ["auto", "dsatur-exact", "sat"])
@pytest.mark.parametrize("k", [2, 4])
def test_what_is_proven_impossible_bounds_the_number_of_colors(name: str, k: int) -> None:
    result = solve(ColoringProblem(mycielski(4), k), name, time_limit=60)
    assert result.status is Status.INFEASIBLE
    assert k < result.lower_bound <= 5
    assert result.trace[-1].lower_bound == result.lower_bound


def test_k_is_enough_for_every_part() -> None:
    graph = union(queen(6, 6), queen(7, 7))
    result = solve(ColoringProblem(graph, 9), time_limit=60)
    assert result.coloring is not None
    assert result.num_colors <= 9


@given(st.integers(0, 10**6), st.integers(1, 9), st.floats(0, 1))
@settings(max_examples=40, deadline=None)
def test_relabelling_changes_nothing(oracle, seed: int, size: int, density: float) -> None:
    graph = nx.gnp_random_graph(size, density, seed=seed)
    order = np.random.default_rng(seed).permutation(size)
    renamed = nx.relabel_nodes(graph, dict(enumerate(order.tolist())))
    results = [
        solve(ColoringProblem(oracle.plain(g)))
        for g in (graph, nx.convert_node_labels_to_integers(renamed, ordering="sorted"))
    ]
    assert [r.status for r in results] == [Status.OPTIMAL] * 2
    assert results[0].objective == results[1].objective
    assert results[0].objective == oracle.optimum(ColoringProblem(oracle.plain(graph)))


def test_the_seed_fixes_the_result_at_one_worker() -> None:
    problem = ColoringProblem(gnp(45, 0.5, seed=4))
    results = [
        solve(problem, seed=5, workers=1, max_iterations=20_000, time_limit=None) for _ in range(2)
    ]
    assert results[0].status is Status.OPTIMAL
    assert np.array_equal(results[0].coloring.colors, results[1].coloring.colors)


def test_an_error_in_a_thread_is_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(problem: ColoringProblem, search: Search, *_: object) -> None:
        search.offer(np.zeros(problem.graph.num_nodes, dtype=np.int32))

    monkeypatch.setattr(racing, "climb", broken)
    with pytest.raises((SolverError, WrongAnswerError), match="invalid coloring"):
        solve(ColoringProblem(mycielski(5)), workers=2, time_limit=20)


def test_no_thread_outlives_the_call(overtime: Any) -> None:
    before = threading.active_count()
    with overtime(2) as beyond:
        result = solve(ColoringProblem(gnp(200, 0.5, seed=1)), time_limit=2, workers=3)
    assert result.stop_reason is StopReason.TIME
    assert beyond.seconds < 2
    assert not any("coloring" in thread.name for thread in threading.enumerate())
    assert threading.active_count() <= before + 1


def test_it_says_what_it_did() -> None:
    pendant = union(mycielski(4))
    edges = np.concatenate([pendant.conflicts.edges(), [[0, 23]]])
    result = solve(ColoringProblem(ConflictGraph.from_edges(24, edges)))
    assert "reduced from 24 to 23 nodes" in result.message
    assert "Mycielskian inside needs 5" in result.message


def test_stable_sets_that_settle_it_at_once_come_before_symmetries(monkeypatch) -> None:
    """The queens' graph has many symmetries, none of which shows that it needs nine colors."""

    def never(*_: object) -> None:
        raise AssertionError("looked for symmetries")

    monkeypatch.setattr(exact, "_LOOK_SECONDS", 60.0)
    monkeypatch.setattr(exact, "_LOOK_SHARE", 1.0)
    monkeypatch.setattr(exact.Proof, "_symmetric", never)
    result = solve(ColoringProblem(queen(8, 8)), workers=2, time_limit=120)
    assert (result.status, result.num_colors) == (Status.OPTIMAL, 9)
