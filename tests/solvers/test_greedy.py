"""Greedy colorings: proper, within their guarantees, and as the papers say."""

from __future__ import annotations

from types import SimpleNamespace

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geocolor.errors import InputError
from geocolor.graph import Adjacency, generators
from geocolor.problem import ColoringProblem
from geocolor.solvers import greedy, solve
from geocolor.solvers.greedy import greedy_coloring, rlf, smallest_last, welsh_powell
from geocolor.solvers.search import Search


@st.composite
def adjacencies(draw: st.DrawFn) -> Adjacency:
    count = draw(st.integers(1, 30))
    keep = np.random.default_rng(draw(st.integers(0, 10_000))).random((count, count))
    return Adjacency.from_edges(count, np.argwhere(np.triu(keep < draw(st.floats(0.0, 1.0)), 1)))


def search_of(time_limit: float | None = None) -> Search:
    problem = ColoringProblem(generators.gnp(2, 0.0))
    return Search(problem, started=0.0, time_limit=time_limit, seed=0, workers=1)


def is_proper(adjacency: Adjacency, colors: np.ndarray) -> bool:
    edges = adjacency.edges()
    return colors.min() == 0 and bool((colors[edges[:, 0]] != colors[edges[:, 1]]).all())


def reference_rlf(adjacency: Adjacency) -> int:
    """Count the classes of RLF by its definition, ties to any node: sets, no heap."""
    around = [set(adjacency.neighbors(v).tolist()) for v in range(adjacency.num_nodes)]
    uncolored, classes = set(range(adjacency.num_nodes)), 0
    while uncolored:
        classes += 1
        candidates, barred, taken = set(uncolored), set(), set()
        while candidates:
            if taken:
                v = max(
                    candidates,
                    key=lambda u: (len(around[u] & barred), -len(around[u] & candidates)),
                )
            else:
                v = max(candidates, key=lambda u: len(around[u] & uncolored))
            taken.add(v)
            barred |= around[v] & candidates
            candidates -= around[v] | {v}
        uncolored -= taken
    return classes


@settings(max_examples=150, deadline=None, derandomize=True)
@given(adjacency=adjacencies(), seed=st.integers(0, 99))
def test_any_order_gives_what_its_definition_says(adjacency: Adjacency, seed: int) -> None:
    order = np.random.default_rng(seed).permutation(adjacency.num_nodes)
    colors = greedy_coloring(adjacency, order)
    assert is_proper(adjacency, colors)
    expected: dict[int, int] = {}
    for v in order.tolist():
        taken = {expected.get(u) for u in adjacency.neighbors(v).tolist()}
        expected[v] = next(c for c in range(len(order)) if c not in taken)
    assert colors.tolist() == [expected[v] for v in range(len(order))]


@settings(max_examples=150, deadline=None, derandomize=True)
@given(adjacency=adjacencies())
def test_smallest_last_needs_the_degeneracy_and_one(adjacency: Adjacency) -> None:
    graph = nx.Graph(adjacency.edges().tolist())
    degeneracy = max(nx.core_number(graph).values(), default=0)
    colors = greedy_coloring(adjacency, smallest_last(adjacency))
    assert is_proper(adjacency, colors)
    assert colors.max() <= degeneracy


@settings(max_examples=150, deadline=None, derandomize=True)
@given(adjacency=adjacencies())
def test_rlf_classes_are_maximal_and_few(adjacency: Adjacency) -> None:
    colors = rlf(adjacency, search_of())
    assert colors is not None
    assert is_proper(adjacency, colors)
    assert colors.max() <= adjacency.degrees.max()
    # Nobody was left out of a class that would have taken it.
    for v, color in enumerate(colors):
        assert set(range(color)) <= set(colors[adjacency.neighbors(v)].tolist())


def test_rlf_needs_as_many_classes_as_its_definition_on_average() -> None:
    graphs = [generators.gnp(60, 0.1 * (1 + i % 9), seed=i).conflicts for i in range(45)]
    found = [int(rlf(each, search_of()).max()) + 1 for each in graphs]
    expected = [reference_rlf(each) for each in graphs]
    assert abs(sum(found) - sum(expected)) <= 0.02 * sum(expected)


def test_rlf_is_the_same_in_small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    adjacency = generators.gnp(200, 0.3, seed=1).conflicts
    whole = rlf(adjacency, search_of())
    monkeypatch.setattr(greedy, "_HEAP_CHUNK", 1)
    monkeypatch.setattr(greedy, "_CHUNK", 1)
    assert rlf(adjacency, search_of()).tolist() == whole.tolist()
    order = np.arange(200)
    assert is_proper(adjacency, greedy_coloring(adjacency, order))


def test_rlf_stops_when_the_time_is_up() -> None:
    assert rlf(generators.gnp(50, 0.5).conflicts, search_of(time_limit=0.0)) is None


def test_welsh_powell_colors_a_wheel_from_its_hub() -> None:
    adjacency = Adjacency.from_edges(
        7, [(i, 6) for i in range(6)] + [(i, (i + 1) % 6) for i in range(6)]
    )
    assert welsh_powell(adjacency).tolist() == [6, 0, 1, 2, 3, 4, 5]
    assert greedy_coloring(adjacency, welsh_powell(adjacency)).tolist() == [1, 2, 1, 2, 1, 2, 0]


@pytest.mark.parametrize("order", [[0, 1], [0, 1, 1], [0, 1, 3], [0.0, 1.0, 2.0], [[0, 1, 2]]])
def test_an_order_that_misses_a_node_is_refused(order: list[object]) -> None:
    with pytest.raises(InputError, match="every node from 0 to 2 once"):
        greedy_coloring(Adjacency.from_edges(3, [(0, 1)]), order)


@pytest.mark.parametrize("name", ["first-fit", "welsh-powell", "smallest-last", "rlf"])
def test_too_few_classes_are_not_taken_for_a_proof(name: str, oracle: SimpleNamespace) -> None:
    result = solve(ColoringProblem(oracle.queen(8), 8), name)
    assert result.coloring is None
    assert "8 were asked for" in result.message
