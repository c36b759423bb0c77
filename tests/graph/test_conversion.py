"""Graphs of other libraries, there and back."""

import sys
from typing import Any

import networkx as nx
import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st

from geocolor.errors import InputError
from geocolor.graph import ConflictGraph
from geocolor.problem import Coloring
from geocolor.solvers import solve


@st.composite
def graphs(draw: st.DrawFn) -> ConflictGraph:
    count = draw(st.integers(0, 6))
    pairs = [(u, v) for v in range(count) for u in range(v)]
    weighted = [pair for pair in pairs if draw(st.booleans())]
    weights = [draw(st.integers(1, 9)) * draw(st.sampled_from([-0.5, 1.0])) for _ in weighted]
    hard = [pair for pair in pairs if draw(st.booleans())]
    labels = draw(st.sampled_from([None, "fedcba"[:count]]))
    return ConflictGraph.from_edges(count, weighted, weights, conflicts=hard, labels=labels)


@given(graphs())
def test_there_and_back(graph: ConflictGraph) -> None:
    pytest.importorskip("igraph")
    by_networkx = ConflictGraph.from_networkx(graph.to_networkx())
    assert by_networkx.fingerprint == graph.fingerprint
    assert by_networkx.labels == (graph.labels or tuple(map(str, range(graph.num_nodes))))
    by_igraph = ConflictGraph.from_igraph(graph.to_igraph())
    assert (by_igraph.fingerprint, by_igraph.labels) == (graph.fingerprint, graph.labels)
    by_scipy = ConflictGraph.from_scipy(*graph.to_scipy(), labels=graph.labels)
    assert (by_scipy.fingerprint, by_scipy.labels) == (graph.fingerprint, graph.labels)


def test_colors_come_back_by_node() -> None:
    graph = nx.relabel_nodes(nx.cycle_graph(5), {0: "x", 1: (1, 2), 2: 7.5})
    result = solve(ConflictGraph.from_networkx(graph))
    assert result.coloring is not None
    colors = result.coloring.by_node(graph)
    assert colors.keys() == set(graph)
    assert all(colors[u] != colors[v] for u, v in graph.edges())
    assert {type(color) for color in colors.values()} == {int}
    with pytest.raises(InputError, match="5 nodes were colored, but 1 are given"):
        result.coloring.by_node(["x"])
    assert Coloring.from_colors([]).by_node([]) == {}


def test_parallel_edges_are_one() -> None:
    plain = ConflictGraph.from_networkx(nx.MultiGraph([(0, 1), (1, 0), (1, 2)]))
    assert plain.conflicts.edges().tolist() == [[0, 1], [1, 2]]
    weighted = nx.MultiGraph()
    weighted.add_edge(0, 1, weight=1.5)
    weighted.add_edge(1, 0, weight=2)
    assert ConflictGraph.from_networkx(weighted).weights.edge_values().tolist() == [3.5]


def test_weights_may_be_left_aside() -> None:
    graph = nx.les_miserables_graph()
    read = ConflictGraph.from_networkx(graph, weight=None)
    assert (read.conflicts.num_edges, read.is_weighted) == (graph.number_of_edges(), False)
    igraph = pytest.importorskip("igraph")
    other = ConflictGraph.from_igraph(igraph.Graph.from_networkx(graph), weight=None)
    assert other.fingerprint == read.fingerprint


@pytest.mark.parametrize("kind", [sp.csr_array, sp.coo_matrix, sp.csc_array])
@pytest.mark.parametrize("dtype", [np.bool_, np.uint8, np.int64, np.float32])
def test_a_matrix_of_conflicts(kind: Any, dtype: Any) -> None:
    matrix = kind(np.array([[1, 1, 0], [1, 0, 1], [0, 1, 0]], dtype=dtype))
    graph = ConflictGraph.from_scipy(conflicts=matrix)
    assert graph.conflicts.edges().tolist() == [[0, 1], [1, 2]]
    assert not graph.is_weighted


def test_stored_zeros_say_nothing_and_repeated_entries_add_up() -> None:
    rows, columns = [0, 1, 1, 2, 0, 0, 1], [1, 0, 2, 1, 2, 1, 0]
    matrix = sp.coo_array(([1.0, 1.0, 0.0, 0.0, 0.0, 2.0, 2.0], (rows, columns)), shape=(3, 3))
    graph = ConflictGraph.from_scipy(matrix)
    assert graph.weights.edges().tolist() == [[0, 1]]
    assert graph.weights.edge_values().tolist() == [3.0]


def test_matrices_handed_out_can_be_written_and_change_nothing() -> None:
    graph = ConflictGraph.from_edges(3, [(0, 1), (1, 2)], [1.0, 2.0], conflicts=[(0, 2)])
    before = graph.fingerprint
    for matrix in graph.to_scipy():
        matrix.data[:] = 0
        matrix.sort_indices()
        matrix.eliminate_zeros()
    assert graph.fingerprint == before


def weighted(value: object, conflict: object = None) -> nx.Graph:
    graph = nx.Graph()
    graph.add_edge("a", "b", weight=value, conflict=conflict)
    return graph


@pytest.mark.parametrize(
    ("told", "hard"),
    [
        *((True, 1), (np.True_, 1), (1, 1), (1.0, 1)),
        *((False, 0), (np.False_, 0), (0, 0), (None, 0), (float("nan"), 0), (np.nan, 0)),
    ],
)
def test_a_conflict_is_what_is_said_to_be_one(told: object, hard: int) -> None:
    assert ConflictGraph.from_networkx(weighted(2.0, told)).conflicts.num_edges == hard


def test_what_igraph_leaves_missing_is_no_conflict() -> None:
    igraph = pytest.importorskip("igraph")
    graph = igraph.Graph(3, [(0, 1), (1, 2)])
    graph.es["weight"], graph.es["conflict"] = [1.0, 2.0], [float("nan"), True]
    assert ConflictGraph.from_igraph(graph).conflicts.edges().tolist() == [[1, 2]]


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: ConflictGraph.from_networkx(weighted("heavy")), "is 'heavy', not a number"),
        (lambda: ConflictGraph.from_networkx(weighted(float("nan"))), "not finite"),
        (lambda: ConflictGraph.from_networkx(weighted(10**400)), "beyond what float64 can hold"),
        (lambda: ConflictGraph.from_networkx(weighted(1j)), "not a number"),
        (lambda: ConflictGraph.from_networkx(weighted(1, "false")), "'false', neither true nor"),
        (lambda: ConflictGraph.from_networkx(weighted(1, 2)), "is 2, neither true nor false"),
        (lambda: ConflictGraph.from_scipy(weights="a"), "weights is no matrix of numbers"),
        (
            lambda: ConflictGraph.from_scipy(weights=sp.coo_array([[0, 2j], [2j, 0]])),
            "^weights must be real numbers, not complex128$",
        ),
        (lambda: ConflictGraph.from_networkx(nx.empty_graph([1, "1"])), "two nodes have the label"),
        (lambda: ConflictGraph.from_scipy(), "give weights, conflicts or both"),
        (
            lambda: ConflictGraph.from_scipy(sp.eye_array(2), sp.eye_array(3)),
            "weights have 2 nodes, conflicts 3",
        ),
        (
            lambda: ConflictGraph.from_scipy(conflicts=sp.coo_array([[False, True], [False] * 2])),
            "conflicts is not symmetric",
        ),
    ],
)
def test_refused(build: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        build()


def test_igraph_graphs_that_are_no_conflict_graphs() -> None:
    igraph = pytest.importorskip("igraph")
    with pytest.raises(InputError, match="directed"):
        ConflictGraph.from_igraph(igraph.Graph(2, [(0, 1)], directed=True))
    with pytest.raises(InputError, match="edge to itself"):
        ConflictGraph.from_igraph(igraph.Graph(2, [(1, 1)]))


def test_without_igraph(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "igraph", None)
    with pytest.raises(InputError, match="needs igraph: pip install igraph"):
        ConflictGraph.from_edges(1).to_igraph()
