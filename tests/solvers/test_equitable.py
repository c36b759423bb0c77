"""Equitable coloring: found by balancing, proven by size, degree or CP-SAT."""

from __future__ import annotations

import math
import time
from types import SimpleNamespace

import networkx as nx
import numpy as np
import pytest

from geocolor.errors import InputError
from geocolor.graph import ConflictGraph, gnp
from geocolor.problem import ColoringProblem, EquitableColoringProblem, check
from geocolor.solvers import Search, Status, StopReason, solve
from geocolor.solvers.budget import Budget
from geocolor.solvers.equitable import balance


def budget_for(graph: ConflictGraph) -> Budget:
    return Budget(
        Search(
            EquitableColoringProblem(graph),
            started=time.monotonic(),
            time_limit=20,
            seed=0,
            workers=1,
        )
    )


@pytest.mark.parametrize(
    ("graph", "fewest"),
    [
        (nx.star_graph(9), 6),  # the center's class is alone, so no class has more than two
        (nx.complete_bipartite_graph(3, 3), 2),
        (nx.complete_bipartite_graph(1, 1), 2),
        (nx.complete_bipartite_graph(5, 2), 3),
        (nx.cycle_graph(7), 3),
        (nx.petersen_graph(), 3),
        (nx.empty_graph(5), 1),
        (nx.empty_graph(0), 0),
    ],
)
def test_known_numbers(oracle: SimpleNamespace, graph: nx.Graph, fewest: int) -> None:
    problem = EquitableColoringProblem(oracle.plain(graph))
    result = solve(problem, time_limit=20, workers=1)
    assert (result.status, result.objective) == (Status.OPTIMAL, fewest)
    assert check(problem, result.coloring).objective == fewest


def test_more_classes_may_be_impossible(oracle: SimpleNamespace) -> None:
    graph = oracle.plain(nx.complete_bipartite_graph(3, 3))
    statuses = [
        solve(EquitableColoringProblem(graph, k), time_limit=20, workers=1).status
        for k in (1, 2, 3, 4, 7)
    ]
    assert statuses == [Status.INFEASIBLE, Status.OPTIMAL, Status.INFEASIBLE] + [Status.OPTIMAL] * 2


def test_degrees_alone_prove_that_a_star_needs_many(oracle: SimpleNamespace) -> None:
    problem = EquitableColoringProblem(oracle.plain(nx.star_graph(5000)), 2500)
    result = solve(problem, time_limit=20, workers=1)
    assert result.status is Status.INFEASIBLE
    assert "so large that one has to hold a node and a neighbor" in result.message


def test_too_large_for_proof_is_answered_by_balancing() -> None:
    graph = gnp(600, 0.5, 1)
    result = solve(EquitableColoringProblem(graph), time_limit=3, workers=1)
    assert result.status is Status.FEASIBLE
    assert result.coloring is not None
    sizes = np.bincount(result.coloring.colors)
    assert sizes.max() - sizes.min() <= 1
    assert check(EquitableColoringProblem(graph), result.coloring).num_colors == len(sizes)


def test_nothing_found_and_nothing_proven_is_unknown() -> None:
    problem = EquitableColoringProblem(gnp(1500, 0.5, 1), 100)
    result = solve(problem, time_limit=2, workers=1)
    assert (result.status, result.coloring) == (Status.UNKNOWN, None)
    assert result.stop_reason in (StopReason.TIME, StopReason.MEMORY)


@pytest.mark.parametrize("seed", range(4))
def test_balance_keeps_a_coloring_proper(seed: int) -> None:
    graph = gnp(200, 0.05, seed)
    given = solve(ColoringProblem(graph), "dsatur").coloring
    assert given is not None
    k = int(graph.conflicts.degrees.max()) + 1
    found = balance(graph.conflicts, given.colors, k, budget_for(graph))
    assert found is not None
    check(EquitableColoringProblem(graph, k), found)
    assert math.ceil(200 / k) == np.bincount(found, minlength=k).max()


def test_balance_says_when_it_is_stuck(oracle: SimpleNamespace) -> None:
    graph = oracle.plain(nx.complete_bipartite_graph(1, 5))
    assert balance(
        graph.conflicts, np.array([0, 1, 1, 1, 1, 1], np.int32), 2, budget_for(graph)
    ) is (None)


def test_a_chain_through_a_class_in_between() -> None:
    # No node of class 0 may go to class 2, but one may to class 1, which has one for class 2.
    edges = [(0, 4), (1, 4), (2, 4), (0, 3), (1, 3)]
    graph = ConflictGraph.from_edges(6, edges)
    colors = np.array([0, 0, 0, 1, 2, 1], dtype=np.int32)
    found = balance(graph.conflicts, colors, 3, budget_for(graph))
    assert found is not None
    assert np.bincount(found).tolist() == [2, 2, 2]
    check(EquitableColoringProblem(graph, 3), found)


def test_other_solvers_say_who_takes_it() -> None:
    with pytest.raises(InputError, match="does not take equitable problems; choose one of auto"):
        solve(EquitableColoringProblem(gnp(5, 0.5, 0)), "tabucol")


def test_the_initial_coloring_is_the_first_and_kept_if_nothing_is_better() -> None:
    graph = ConflictGraph.from_edges(4, [(0, 1)])
    problem = EquitableColoringProblem(graph, 2)
    result = solve(problem, initial=[0, 1, 0, 1])
    assert result.coloring is not None
    assert result.coloring.colors.tolist() == [0, 1, 0, 1]
    with pytest.raises(InputError, match="initial coloring does not hold: not equitable: class 0"):
        solve(problem, initial=[0, 1, 0, 0])
