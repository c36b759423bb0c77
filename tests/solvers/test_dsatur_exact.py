"""DSATUR branch and bound: proofs by exhaustion, and nothing claimed before it."""

from __future__ import annotations

import time
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geocolor.bounds import find_clique
from geocolor.graph import ConflictGraph, generators
from geocolor.problem import ColoringProblem
from geocolor.solvers import Status, StopReason, dsatur_exact, solve
from geocolor.solvers.budget import Budget
from geocolor.solvers.dsatur_exact import prove_by_dsatur
from geocolor.solvers.search import Search


@given(
    count=st.integers(1, 9),
    density=st.floats(0.2, 0.9),
    seed=st.integers(0, 1 << 20),
    k=st.one_of(st.none(), st.integers(1, 9)),
)
def test_finds_and_proves_the_optimum_from_nothing(
    oracle: SimpleNamespace, count: int, density: float, seed: int, k: int | None
) -> None:
    """No greedy coloring and a clique of one node: all is left to the branching."""
    problem = ColoringProblem(generators.gnp(count, density, seed=seed), k)
    search = Search(problem, started=time.monotonic(), time_limit=None, seed=0, workers=1)
    node = find_clique(generators.gnp(1, 0.5, seed=0).conflicts)
    outcome = prove_by_dsatur(problem, search, node, Budget(search))
    best = oracle.optimum(problem)
    assert outcome.stop_reason is StopReason.COMPLETED
    assert outcome.infeasible == (best is None)
    if k is None:
        assert search.objective == search.lower_bound == best
    elif best is not None:
        assert search.objective is not None


@pytest.mark.parametrize(
    ("graph", "colors"),
    [
        (generators.mycielski(5), 6),
        (generators.queen(6, 6), 7),
        (generators.gnp(60, 0.5, seed=1), 11),
        (generators.gnp(70, 0.9, seed=1), 28),
    ],
    ids=["mycielski", "queen", "gnp", "dense"],
)
def test_proves_what_the_clique_does_not(graph: ConflictGraph, colors: int) -> None:
    assert len(find_clique(graph.conflicts)) < colors
    result = solve(graph, "dsatur-exact", time_limit=60.0)
    assert (result.status, result.objective) == (Status.OPTIMAL, colors)


def prove(graph: ConflictGraph) -> Search:
    problem = ColoringProblem(graph)
    search = Search(problem, started=time.monotonic(), time_limit=60.0, seed=0, workers=1)
    outcome = prove_by_dsatur(problem, search, find_clique(graph.conflicts), Budget(search))
    assert outcome.stop_reason is StopReason.COMPLETED
    return search


def test_more_colors_than_a_word_has_bits() -> None:
    # A ring of five needs three colors, and 70 nodes are joined to it and to each other.
    pairs = np.stack(np.triu_indices(75, 1), axis=1)
    ring = [(0, 1), (1, 2), (2, 3), (3, 4), (0, 4)]
    search = prove(ConflictGraph.from_edges(75, conflicts=[*pairs[pairs[:, 1] >= 5], *ring]))
    assert search.objective == search.lower_bound == 73


@pytest.mark.parametrize("count", [1, 2, 9, 65])
def test_nothing_to_branch_on(count: int) -> None:
    complete = np.stack(np.triu_indices(count, 1), axis=1)
    search = prove(ConflictGraph.from_edges(count, conflicts=complete))
    assert search.objective == search.lower_bound == count
    search = prove(ConflictGraph.from_edges(count))
    assert search.objective == search.lower_bound == 1


def test_a_clique_as_large_as_the_incumbent_is_proof_enough() -> None:
    graph = generators.queen(5, 5)
    problem = ColoringProblem(graph)
    search = Search(problem, started=time.monotonic(), time_limit=60.0, seed=0, workers=1)
    search.offer(solve(graph, "dsatur").coloring.colors)
    prove_by_dsatur(problem, search, find_clique(graph.conflicts), Budget(search))
    assert search.objective == search.lower_bound == 5


def test_too_few_classes_are_refused_with_the_reason() -> None:
    result = solve(ColoringProblem(generators.mycielski(4), 4), "dsatur-exact", time_limit=60.0)
    assert result.status is Status.INFEASIBLE
    assert "4 classes cannot do: DSATUR branch and bound tried all" in result.message


def test_stopped_it_claims_no_more_than_the_clique() -> None:
    graph = generators.mycielski(5)
    result = solve(graph, "dsatur-exact", time_limit=None, max_iterations=100)
    assert (result.lower_bound, result.stop_reason) == (2.0, StopReason.ITERATIONS)


def test_the_chunks_make_one_search(monkeypatch: pytest.MonkeyPatch) -> None:
    graph = generators.mycielski(4)

    def branches() -> int:
        problem = ColoringProblem(graph)
        search = Search(problem, started=time.monotonic(), time_limit=None, seed=0, workers=1)
        budget = Budget(search)
        prove_by_dsatur(problem, search, find_clique(graph.conflicts), budget)
        assert search.objective == search.lower_bound
        return budget.iterations

    whole = branches()
    monkeypatch.setattr(dsatur_exact, "_CHUNK", 1)
    assert branches() == whole > 100


def test_what_others_find_cuts_the_tree() -> None:
    graph = generators.gnp(45, 0.5, seed=3)
    problem = ColoringProblem(graph)
    spent = []
    best = solve(graph, "dsatur-exact", time_limit=60.0).coloring
    for known in (False, True):
        search = Search(problem, started=time.monotonic(), time_limit=None, seed=0, workers=1)
        if known:
            search.offer(best.colors)
        budget = Budget(search)
        prove_by_dsatur(problem, search, find_clique(graph.conflicts), budget)
        assert search.lower_bound == best.num_colors
        spent.append(budget.iterations)
    assert spent[1] < spent[0]


def test_a_large_graph_is_left_alone() -> None:
    graph = generators.gnp(2100, 0.003, seed=1)
    result = solve(graph, "dsatur-exact", time_limit=20.0)
    assert "too large" in result.message
    assert result.objective is not None
