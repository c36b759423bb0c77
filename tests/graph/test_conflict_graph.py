"""Conflict graphs come out the same from whatever they are built."""

from typing import Any

import networkx as nx
import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from geocolor.errors import InputError
from geocolor.graph import ConflictGraph

Matrix = NDArray[Any]


@st.composite
def matrices(draw: st.DrawFn) -> tuple[Matrix, Matrix]:
    """Symmetric weights, zero where there is none, and a symmetric conflict pattern."""
    n = draw(st.integers(1, 10))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    upper = np.triu(rng.normal(size=(n, n)) * (rng.random((n, n)) < 0.5), 1)
    hard = np.triu(rng.random((n, n)) < 0.3, 1)
    return upper + upper.T, hard | hard.T


def dense_of(graph: ConflictGraph) -> tuple[Matrix, Matrix]:
    return graph.weights.to_dense(), graph.conflicts.to_dense().astype(bool)


@given(matrices())
def test_from_dense_keeps_the_matrices(given_: tuple[Matrix, Matrix]) -> None:
    weights, hard = given_
    back, pattern = dense_of(ConflictGraph.from_dense(weights, hard))
    np.testing.assert_array_equal(back, weights)
    np.testing.assert_array_equal(pattern, hard)


@given(matrices())
def test_from_scipy_agrees_with_from_dense(given_: tuple[Matrix, Matrix]) -> None:
    weights, hard = given_
    dense = ConflictGraph.from_dense(weights, hard)
    for kind in (sp.csr_array, sp.coo_matrix, sp.csc_array):
        sparse = ConflictGraph.from_scipy(kind(weights), kind(hard.astype(float)))
        assert sparse.fingerprint == dense.fingerprint


@given(matrices())
def test_from_networkx_agrees_with_from_dense(given_: tuple[Matrix, Matrix]) -> None:
    weights, hard = given_
    graph: nx.Graph[int] = nx.Graph()
    graph.add_nodes_from(range(len(weights)))
    for u, v in np.argwhere(np.triu((weights != 0) | hard, 1)).tolist():
        if weights[u, v] != 0:
            graph.add_edge(u, v, weight=weights[u, v], conflict=bool(hard[u, v]))
        else:
            graph.add_edge(u, v)
    built = ConflictGraph.from_networkx(graph)
    assert built.fingerprint == ConflictGraph.from_dense(weights, hard).fingerprint
    assert built.labels == tuple(map(str, range(len(weights))))


@given(matrices(), st.randoms(use_true_random=False))
def test_from_edges_does_not_mind_order_or_direction(
    given_: tuple[Matrix, Matrix], random: Any
) -> None:
    weights, hard = given_
    pairs = [tuple(p) for p in np.argwhere(np.triu(weights != 0, 1)).tolist()]
    conflicts = [tuple(p) for p in np.argwhere(np.triu(hard, 1)).tolist()]
    random.shuffle(pairs)
    turned = [p if random.random() < 0.5 else p[::-1] for p in pairs]
    twice = conflicts + [p[::-1] for p in conflicts]
    random.shuffle(twice)
    graph = ConflictGraph.from_edges(
        len(weights), turned, [weights[p] for p in pairs], conflicts=twice
    )
    assert graph.fingerprint == ConflictGraph.from_dense(weights, hard).fingerprint


@given(matrices())
def test_adjacency_is_sorted_and_symmetric(given_: tuple[Matrix, Matrix]) -> None:
    graph = ConflictGraph.from_dense(*given_)
    for part in (graph.conflicts, graph.weights):
        for node in range(part.num_nodes):
            row = part.neighbors(node)
            assert (np.diff(row) > 0).all()
            assert all(node in part.neighbors(int(other)) for other in row)
        assert part.degrees.sum() == 2 * part.num_edges == len(part.indices)
        assert len(part.edges()) == len(part.edge_values()) == part.num_edges
        for most in (1, 5, 1 << 18):
            blocks = list(part.edge_blocks(most))
            assert [edge for edges, _ in blocks for edge in edges.tolist()] == part.edges().tolist()
            assert [value for _, values in blocks for value in values] == [*part.edge_values()]


def test_weights_of_repeated_pairs_are_added() -> None:
    graph = ConflictGraph.from_edges(3, [(0, 1), (1, 0), (1, 2)], [1.0, 2.0, 5.0])
    assert graph.weights.edges().tolist() == [[0, 1], [1, 2]]
    assert graph.weights.edge_values().tolist() == [3.0, 5.0]


def test_arrays_cannot_be_changed_from_outside() -> None:
    sizes = np.array([1.0, 2.0])
    graph = ConflictGraph.from_edges(2, [(0, 1)], [1.0], sizes=sizes)
    sizes[0] = 9.0
    assert graph.sizes.tolist() == [1.0, 2.0]
    with pytest.raises(ValueError, match="read-only"):
        graph.sizes[0] = 3.0
    with pytest.raises(ValueError, match="read-only"):
        graph.weights.indices[0] = 0


def test_fingerprint_sees_everything_but_names() -> None:
    base = ConflictGraph.from_edges(3, [(0, 1)], [1.0], conflicts=[(1, 2)])
    named = ConflictGraph.from_edges(3, [(0, 1)], [1.0], conflicts=[(1, 2)], labels="abc")
    assert base.fingerprint == named.fingerprint
    others = [
        ConflictGraph.from_edges(4, [(0, 1)], [1.0], conflicts=[(1, 2)]),
        ConflictGraph.from_edges(3, [(0, 2)], [1.0], conflicts=[(1, 2)]),
        ConflictGraph.from_edges(3, [(0, 1)], [np.nextafter(1.0, 2.0)], conflicts=[(1, 2)]),
        ConflictGraph.from_edges(3, [(0, 1)], [1.0], conflicts=[(0, 2)]),
        ConflictGraph.from_edges(3, [(0, 1)], [1.0], conflicts=[(1, 2)], sizes=[1, 1, 2]),
    ]
    assert len({base.fingerprint, *(other.fingerprint for other in others)}) == 6


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: ConflictGraph.from_edges(-1), "not be negative"),
        (lambda: ConflictGraph.from_edges(True), "must be a whole number"),
        (lambda: ConflictGraph.from_edges(2.0), "must be a whole number"),
        (lambda: ConflictGraph.from_edges(2**31), "at most 2147483647 nodes"),
        (lambda: ConflictGraph.from_edges(10**30), "at most 2147483647 nodes"),
        (lambda: ConflictGraph.from_edges(2, labels=5), "labels must be names of the nodes"),
        (lambda: ConflictGraph.from_edges(2, [(0, 2)]), r"edge \(0, 2\) is outside"),
        (lambda: ConflictGraph.from_edges(2, [(0, -1)]), "outside"),
        (lambda: ConflictGraph.from_edges(2, [(1, 1)]), "edge to itself"),
        (lambda: ConflictGraph.from_edges(2, [(0.0, 1.0)]), "must be integers"),
        (lambda: ConflictGraph.from_edges(2, [(0, 1, 1)]), "shape"),
        (lambda: ConflictGraph.from_edges(2, [(0, 1)], [np.nan]), "not finite"),
        (lambda: ConflictGraph.from_edges(2, [(0, 1)], ["a"]), "weights must be numbers"),
        (lambda: ConflictGraph.from_edges(2, [(0, 1)], [10**400]), "weights must be numbers"),
        (lambda: ConflictGraph.from_edges(2, [(0, 1)], [1j]), "weights must be real numbers"),
        (lambda: ConflictGraph.from_edges(3, [(0, 1), (1,)]), "edges must be an array"),
        (lambda: ConflictGraph.from_edges(2, sizes=["a", "b"]), "node sizes must be numbers"),
        (lambda: ConflictGraph.from_edges(2, sizes=[[1], [1, 2]]), "node sizes must be an array"),
        (lambda: ConflictGraph.from_dense([["0", "a"], ["a", "0"]]), "weights must be numbers"),
        (lambda: ConflictGraph.from_dense([[0, 1], [1]]), "weights must be an array"),
        (lambda: ConflictGraph.from_dense([[0, 1j], [1j, 0]]), "weights must be real numbers"),
        (lambda: ConflictGraph.from_dense(np.eye(2), [[0, np.nan], [np.nan, 0]]), "not finite"),
        (lambda: ConflictGraph.from_edges(2, [(0, 1), (0, 1)], [1e308, 1e308]), "add up beyond"),
        (lambda: ConflictGraph.from_edges(2, [(0, 1)], [-1.5e308]), "weights add up to 1.5e.308"),
        (lambda: ConflictGraph.from_edges(3, [(0, 1), (1, 2)], [9e299, -9e299]), "1.8e.300"),
        (lambda: ConflictGraph.from_dense([[0, 1e300], [1e300, 0]]), "must stay below 1e.300"),
        (lambda: ConflictGraph.from_edges(2, sizes=[1e308, 1e308]), "node sizes add up to inf"),
        (lambda: ConflictGraph.from_edges(2, [(0, 1)], [1.0, 2.0]), "values of shape"),
        (lambda: ConflictGraph.from_edges(2, labels=["a"]), "2 nodes but 1 label"),
        (lambda: ConflictGraph.from_edges(2, labels=["a", "a"]), "two nodes have the label 'a'"),
        (lambda: ConflictGraph.from_edges(2, labels=["a", "b\ud800"]), r"label 'b\\ud800' is no"),
        (lambda: ConflictGraph.from_edges(2, labels=[0, 1]), "labels must be strings"),
        (lambda: ConflictGraph.from_edges(2, sizes=[1.0, 0.0]), "positive"),
        (lambda: ConflictGraph.from_dense([[0, 1], [2, 0]]), r"not symmetric: \[0, 1\] is 1"),
        (lambda: ConflictGraph.from_dense([[0, 1, 2]]), "square"),
        (lambda: ConflictGraph.from_dense([[0, np.inf], [np.inf, 0]]), "not finite"),
        (lambda: ConflictGraph.from_dense(np.eye(2), np.eye(3)), "conflicts shape"),
        (lambda: ConflictGraph.from_scipy(sp.coo_array([[0, 1], [2, 0]])), "not symmetric"),
        (lambda: ConflictGraph.from_scipy(sp.coo_array([[0, 1, 1]])), "square"),
        (lambda: ConflictGraph.from_networkx(nx.DiGraph([(0, 1)])), "directed"),
        (lambda: ConflictGraph.from_networkx(nx.Graph([(0, 0)])), "edge to itself"),
    ],
)
def test_wrong_input_is_refused(build: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        build()


def test_weights_of_almost_1e300_in_all_are_fine() -> None:
    graph = ConflictGraph.from_edges(3, [(0, 1), (1, 2)], [4.9e299, -4.9e299], sizes=[3e299] * 3)
    assert graph.weights.edge_values().tolist() == [4.9e299, -4.9e299]


def test_a_label_that_is_there_twice_is_found_in_one_pass() -> None:
    class Name(str):
        compared = 0

        def __eq__(self, other: object) -> bool:
            Name.compared += 1
            return str.__eq__(self, other)

        __hash__ = str.__hash__

    names = [Name(at) for at in range(1000)]
    with pytest.raises(InputError, match="the label '999'"):
        ConflictGraph.from_edges(1001, labels=[*names, Name(999)])
    assert Name.compared < 10_000


def test_induced_keeps_order_names_sizes_weights_and_conflicts() -> None:
    graph = ConflictGraph.from_edges(
        4,
        [(0, 1), (1, 2), (2, 3)],
        [1.0, 2.0, 3.0],
        conflicts=[(0, 3), (1, 3)],
        labels=["a", "b", "c", "d"],
        sizes=[1, 2, 3, 4],
    )
    part = graph.induced([3, 1, 2])
    assert part.labels == ("d", "b", "c")
    assert part.sizes.tolist() == [4, 2, 3]
    assert part.weights.edges().tolist() == [[0, 2], [1, 2]]
    assert part.weights.edge_values().tolist() == [3.0, 2.0]
    assert part.conflicts.edges().tolist() == [[0, 1]]
    assert graph.induced([]).num_nodes == 0
    assert graph.induced(np.array([3, 1], dtype=np.uint8)).labels == ("d", "b")


@pytest.mark.parametrize(
    ("nodes", "message"),
    [
        ([0, 1, 0], "node 0 is there twice"),
        ([-1], "there is no node -1, only 0 to 2"),
        ([0, 3], "there is no node 3"),
        ([2**64 - 1], "there is no node 18446744073709551615"),
        ([2**70], "must be integers"),
        ([0.7, 1.2], "must be integers"),
        ([True, False, True], "must be integers"),
        ([[0, 1]], r"of shape \(k,\)"),
        (1, r"of shape \(k,\)"),
    ],
)
def test_induced_takes_distinct_nodes_only(nodes: Any, message: str) -> None:
    graph = ConflictGraph.from_edges(3, [(0, 1)], labels="abc")
    with pytest.raises(InputError, match=message):
        graph.induced(nodes)
