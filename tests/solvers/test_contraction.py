"""Edge contraction: lists and matrix agree with the definition, conflicts hold, k is kept to."""

from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geocolor.graph import ConflictGraph
from geocolor.problem import CorrelationClusteringProblem, PartitionProblem, Problem, check
from geocolor.solvers import Status, solve
from geocolor.solvers.budget import Budget
from geocolor.solvers.contraction import contract
from geocolor.solvers.search import Search


def budget_of(problem: Problem, time_limit: float | None = None) -> Budget:
    search = Search(problem, started=time.monotonic(), time_limit=time_limit, seed=0, workers=1)
    return Budget(search)


def random_graph(nodes: int, seed: int) -> ConflictGraph:
    rng = np.random.default_rng(seed)
    shape = (nodes, nodes)
    weights = np.triu(rng.normal(size=shape) * (rng.random(shape) < rng.random()), 1)
    conflicts = np.triu(rng.random(shape) < 0.3 * rng.random(), 1)
    return ConflictGraph.from_dense(weights + weights.T, conflicts | conflicts.T)


def by_definition(graph: ConflictGraph, k: int) -> np.ndarray:
    """Join the cheapest pair while it gains, or while there are too many: on whole matrices."""
    matrix = graph.weights.to_dense()
    matrix[graph.conflicts.to_dense() > 0] = np.inf
    np.fill_diagonal(matrix, np.inf)
    colors = np.arange(graph.num_nodes)
    while len(matrix) > 1:
        a, b = sorted(np.unravel_index(matrix.argmin(), matrix.shape))
        if matrix[a, b] == np.inf or (matrix[a, b] >= 0 and len(matrix) <= k):
            break
        matrix[a] += matrix[b]
        matrix[:, a] = matrix[a]
        matrix[a, a] = np.inf
        matrix = np.delete(np.delete(matrix, b, 0), b, 1)
        colors[colors == b] = a
        colors[colors > b] -= 1
    return colors


def same_classes(first: np.ndarray, second: np.ndarray) -> bool:
    return np.array_equal(first[:, None] == first, second[:, None] == second)


@pytest.mark.parametrize("density", [0.0, 2.0])
@settings(max_examples=80, deadline=None)
@given(nodes=st.integers(1, 25), seed=st.integers(0, 10**6))
def test_equals_the_definition(density: float, nodes: int, seed: int) -> None:
    graph = random_graph(nodes, seed)
    problem = CorrelationClusteringProblem(graph)
    with pytest.MonkeyPatch.context() as patch:
        # At density 0 everything is done on a matrix, at 2 in lists.
        patch.setattr("geocolor.solvers.contraction._DENSE", density)
        colors = contract(graph, nodes, budget_of(problem))
    check(problem, colors)
    assert same_classes(colors, by_definition(graph, nodes))


@pytest.mark.parametrize("density", [0.0, 2.0])
@settings(max_examples=60, deadline=None)
@given(nodes=st.integers(2, 25), k=st.integers(1, 8), seed=st.integers(0, 10**6))
def test_goes_on_to_few_classes(density: float, nodes: int, k: int, seed: int) -> None:
    graph = random_graph(nodes, seed)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("geocolor.solvers.contraction._DENSE", density)
        colors = contract(graph, k, budget_of(PartitionProblem(graph, k)))
    check(CorrelationClusteringProblem(graph), colors)
    if graph.conflicts.num_edges == 0:
        assert colors.max() < k


@pytest.mark.parametrize("k", [5, 40])
def test_many_clusters_are_placed_without_a_matrix(monkeypatch, k: int) -> None:
    monkeypatch.setattr("geocolor.solvers.contraction._LARGEST_MATRIX", 10)
    rng = np.random.default_rng(1)
    member = np.arange(400) % 80
    pairs = np.argwhere(np.triu(rng.random((400, 400)) < 0.2, 1))
    together = member[pairs[:, 0]] == member[pairs[:, 1]]
    weights = np.where(together, -2.0, 1.0) * rng.random(len(pairs))
    barred = pairs[~together][::40]
    graph = ConflictGraph.from_edges(400, pairs, weights, conflicts=barred)
    problem = PartitionProblem(graph, k)
    colors = contract(graph, k, budget_of(problem))
    one = check(problem, colors)
    assert one.num_colors == k
    assert (
        one.objective
        < check(problem, solve(problem, "spectral", max_iterations=1).coloring).objective
    )


def test_clusters_are_placed_alone_where_all_classes_conflict(monkeypatch) -> None:
    monkeypatch.setattr("geocolor.solvers.contraction._LARGEST_MATRIX", 0)
    pairs = [(i, j) for j in range(6) for i in range(j)]
    graph = ConflictGraph.from_edges(6, pairs)
    problem = PartitionProblem(graph, 4)
    assert len(set(contract(graph, 4, budget_of(problem)).tolist())) == 6


def test_out_of_time_it_keeps_what_it_has() -> None:
    graph = random_graph(30, 0)
    problem = CorrelationClusteringProblem(graph)
    colors = contract(graph, 30, budget_of(problem, time_limit=1e-9))
    assert np.array_equal(colors, np.arange(30))


def test_separate_clusters_are_found_and_repaired_under_conflicts() -> None:
    # Contraction alone ends at more classes than three: the conflicts are a cycle of 9 nodes.
    ring = [(i, (i + 1) % 9) for i in range(9)]
    problem = PartitionProblem(ConflictGraph.from_edges(9, ring), 3)
    result = solve(problem, "gaec")
    assert result.status is Status.OPTIMAL
    assert result.objective == 0.0


def test_says_what_it_did_not_find() -> None:
    from networkx import mycielski_graph

    graph = ConflictGraph.from_networkx(mycielski_graph(5), weight=None)
    result = solve(PartitionProblem(graph, 4), "gaec", time_limit=2, max_iterations=5_000)
    assert result.status is Status.UNKNOWN
    assert "no partition into 4 classes" in result.message
