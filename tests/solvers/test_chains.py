"""Chains of moves between two classes: never dearer, and out of where single moves are stuck."""

from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geocolor.graph import ConflictGraph
from geocolor.problem import CorrelationClusteringProblem, PartitionProblem, Problem, check
from geocolor.solvers import chains
from geocolor.solvers.budget import Budget
from geocolor.solvers.chains import exchange
from geocolor.solvers.local_search import settle
from geocolor.solvers.search import Search


def budget_of(problem: Problem, time_limit: float | None = None, seed: int = 0) -> Budget:
    started = time.monotonic()
    search = Search(problem, started=started, time_limit=time_limit, seed=seed, workers=1)
    return Budget(search)


def exchanged(problem: Problem, colors: list[int]) -> tuple[float, list[set[int]]]:
    """Objective and classes after exchanges alone."""
    start = np.array(colors, dtype=np.int32)
    k = min(problem.max_colors, problem.graph.num_nodes)
    found = exchange(problem.graph, start, k, budget_of(problem))
    assert start.tolist() == colors
    classes = [set(np.flatnonzero(found == c).tolist()) for c in np.unique(found)]
    return check(problem, found).objective, sorted(classes, key=min)


def test_two_change_places_where_conflicts_bar_each_alone() -> None:
    weights = [((0, 1), -1.0), ((2, 3), -1.0), ((0, 2), 1.0), ((1, 3), 1.0)]
    pairs, values = zip(*weights, strict=True)
    graph = ConflictGraph.from_edges(4, pairs, values, conflicts=[(0, 3), (1, 2)])
    problem = PartitionProblem(graph, 2)
    stuck = np.array([0, 1, 0, 1], dtype=np.int32)
    assert settle(graph, stuck, 2, budget_of(problem)).tolist() == stuck.tolist()
    assert exchanged(problem, stuck.tolist()) == (-2.0, [{0, 1}, {2, 3}])


def test_a_class_is_split_where_nobody_leaves_alone() -> None:
    values = {(0, 1): -3.0, (2, 3): -3.0}
    pairs = [(u, v) for v in range(4) for u in range(v)]
    graph = ConflictGraph.from_edges(4, pairs, [values.get(pair, 1.25) for pair in pairs])
    problem = CorrelationClusteringProblem(graph)
    together = np.zeros(4, dtype=np.int32)
    assert settle(graph, together, 4, budget_of(problem)).tolist() == [0, 0, 0, 0]
    assert exchanged(problem, [0, 0, 0, 0]) == (-6.0, [{0, 1}, {2, 3}])
    # With one class allowed there is no empty one.
    assert exchanged(PartitionProblem(graph, 1), [0, 0, 0, 0]) == (-1.0, [{0, 1, 2, 3}])


def test_two_classes_become_one() -> None:
    pairs = [(u, v) for v in range(6) for u in range(v)]
    inside = [-2.0 if (u < 3) == (v < 3) else -1.0 for u, v in pairs]
    graph = ConflictGraph.from_edges(6, pairs, inside)
    problem = CorrelationClusteringProblem(graph)
    assert exchanged(problem, [0, 0, 0, 1, 1, 1]) == (-21.0, [set(range(6))])


@st.composite
def problems(draw: st.DrawFn) -> tuple[Problem, np.ndarray]:
    """A random graph, sparse or dense, and a partition of it without a broken conflict."""
    seed = draw(st.integers(0, 1 << 20))
    rng = np.random.default_rng(seed)
    nodes = draw(st.integers(1, 24))
    u, v = np.triu_indices(nodes, 1)
    kind = rng.random(len(u))
    hard, soft = kind < 0.15, kind > draw(st.sampled_from([0.2, 0.8]))
    lowest = draw(st.sampled_from([-5, 0]))
    weights = rng.integers(lowest, 6, size=len(u)).astype(float)
    pairs = np.stack([u, v], axis=1)
    graph = ConflictGraph.from_edges(nodes, pairs[soft], weights[soft], conflicts=pairs[hard])
    colors = np.arange(nodes, dtype=np.int32)
    for node in rng.permutation(nodes):
        blocked = {int(colors[other]) for other in graph.conflicts.neighbors(int(node))}
        colors[node] = rng.choice([c for c in range(nodes) if c not in blocked])
    used = len(np.unique(colors))
    if draw(st.booleans()):
        return CorrelationClusteringProblem(graph), colors
    return PartitionProblem(graph, used + draw(st.integers(0, 2))), colors


@settings(max_examples=150)
@given(problems())
def test_exchanges_hold_and_are_no_dearer(drawn: tuple[Problem, np.ndarray]) -> None:
    problem, colors = drawn
    k = min(problem.max_colors, problem.graph.num_nodes)
    found = exchange(problem.graph, colors, k, budget_of(problem))
    assert check(problem, found).objective <= check(problem, colors).objective
    again = exchange(problem.graph, colors, k, budget_of(problem))
    assert found.tolist() == again.tolist()


@settings(max_examples=60)
@given(problems())
def test_matrices_and_rows_say_the_same(drawn: tuple[Problem, np.ndarray]) -> None:
    problem, colors = drawn
    k = min(problem.max_colors, problem.graph.num_nodes)
    found = []
    for largest in (0, chains._LARGEST):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(chains, "_LARGEST", largest)
            found.append(exchange(problem.graph, colors, k, budget_of(problem)).tolist())
    assert found[0] == found[1]


def test_large_classes_whose_pairs_are_not_kept() -> None:
    """Two halves of 400, each node 2 in the wrong one: their rows are read again for each move."""
    nodes, rng = 800, np.random.default_rng(0)
    side = np.arange(nodes) % 2
    u, v = np.triu_indices(nodes, 1)
    graph = ConflictGraph.from_edges(
        nodes, np.stack([u, v], axis=1), np.where(side[u] == side[v], -1.0, 1.0)
    )
    start = side.astype(np.int32)
    wrong = rng.choice(nodes, size=20, replace=False)
    start[wrong] = 1 - start[wrong]
    problem = PartitionProblem(graph, 2)
    found = exchange(graph, start, 2, budget_of(problem))
    assert check(problem, found).objective == -2 * 400 * 399 / 2


def test_a_pair_of_huge_classes_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    nodes = 60
    u, v = np.triu_indices(nodes, 1)
    graph = ConflictGraph.from_edges(nodes, np.stack([u, v], axis=1), np.full(len(u), -1.0))
    problem = CorrelationClusteringProblem(graph)
    halves = (np.arange(nodes) % 2).astype(np.int32)
    # Two rows of 60 and 59 neighbors each are more than four times this.
    monkeypatch.setattr(chains, "_CHUNK", 700)
    assert exchange(graph, halves, nodes, budget_of(problem)).tolist() == halves.tolist()
    monkeypatch.setattr(chains, "_CHUNK", 70_000)
    assert len(set(exchange(graph, halves, nodes, budget_of(problem)).tolist())) == 1


def test_what_is_read_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    graph = ConflictGraph.from_edges(4, [(0, 1), (2, 3)], [-1.0, -1.0])
    problem = CorrelationClusteringProblem(graph)
    monkeypatch.setattr(chains, "_READ", 0)
    assert exchange(graph, np.arange(4, dtype=np.int32), 4, budget_of(problem)).tolist() == [
        0, 1, 2, 3,
    ]  # fmt: skip


def test_time_that_is_over_changes_nothing() -> None:
    graph = ConflictGraph.from_edges(2, [(0, 1)], [-1.0])
    problem = CorrelationClusteringProblem(graph)
    budget = budget_of(problem, time_limit=1e-9)
    assert exchange(graph, np.array([0, 1], dtype=np.int32), 2, budget).tolist() == [0, 1]


def test_nothing_to_exchange() -> None:
    for graph in (ConflictGraph.from_edges(0, []), ConflictGraph.from_edges(3, [])):
        colors = np.arange(graph.num_nodes, dtype=np.int32)
        problem = CorrelationClusteringProblem(graph)
        found = exchange(graph, colors, max(1, graph.num_nodes), budget_of(problem))
        assert found.tolist() == colors.tolist()
