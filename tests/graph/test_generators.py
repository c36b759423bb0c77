"""Generated graphs are what they are called, and stay so."""

import networkx as nx
import numpy as np
import pytest

from geocolor.errors import InputError, LimitError
from geocolor.graph import ConflictGraph, generators, gnp, layers, mycielski, queen


def as_networkx(graph: ConflictGraph) -> "nx.Graph[int]":
    out: nx.Graph[int] = nx.empty_graph(graph.num_nodes)
    out.add_edges_from(graph.conflicts.edges().tolist())
    return out


@pytest.mark.parametrize(("rows", "columns"), [(1, 1), (1, 5), (3, 2), (4, 4), (5, 8)])
def test_queen_by_its_definition(rows: int, columns: int) -> None:
    graph = queen(rows, columns)
    edges = {tuple(edge) for edge in graph.conflicts.edges().tolist()}
    for a in range(rows * columns):
        for b in range(a + 1, rows * columns):
            down, right = b // columns - a // columns, b % columns - a % columns
            attacks = down == 0 or right == 0 or abs(down) == abs(right)
            assert ((a, b) in edges) == attacks


@pytest.mark.parametrize("k", [1, 2, 3, 4, 5])
def test_mycielski_against_networkx(k: int) -> None:
    assert nx.is_isomorphic(as_networkx(mycielski(k)), nx.mycielski_graph(k + 1))


def test_gnp_is_fixed_forever() -> None:
    assert gnp(60, 0.5, seed=7).fingerprint == (
        "1a451e63257fcd04f332d6e96fa9185c459f55e0940f8275c4f116ce93b9991a"
    )
    assert gnp(60, 0.5, seed=8).fingerprint != gnp(60, 0.5, seed=7).fingerprint


def test_gnp_does_not_depend_on_the_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = gnp(50, 0.3, seed=1)
    monkeypatch.setattr(generators, "_CHUNK", 17)
    assert gnp(50, 0.3, seed=1).fingerprint == whole.fingerprint


def test_gnp_has_the_density_asked_for() -> None:
    pairs = 300 * 299 / 2
    for p in (0.0, 0.1, 0.5, 0.9, 1.0):
        share = gnp(300, p, seed=3).conflicts.num_edges / pairs
        assert abs(share - p) <= 5 * np.sqrt(p * (1 - p) / pairs)


def test_gnp_treats_all_pairs_alike() -> None:
    counts = sum(gnp(12, 0.5, seed=seed).conflicts.to_dense() for seed in range(400))
    assert isinstance(counts, np.ndarray)
    upper = counts[np.triu_indices(12, 1)]
    assert abs(upper - 200).max() < 5 * np.sqrt(400 * 0.25)


def test_layers_are_fixed_forever() -> None:
    assert layers(16, seed=7).fingerprint == (
        "25eaa00f8f077cc998164ed20fee1daa34a3c6ce1b39c70c0b16934d89e158de"
    )


def test_layers_have_clusters_and_conflicts_where_it_costs() -> None:
    graph = layers(40, seed=2, clusters=3, spread=0.05, conflict_share=0.2)
    weights, hard = graph.weights.to_dense(), graph.conflicts.to_dense().astype(bool)
    assert graph.weights.num_edges == 40 * 39 // 2
    assert graph.conflicts.num_edges == round(0.2 * 40 * 39 / 2)
    assert weights[hard].mean() > 2 * weights[~hard].mean()
    scaled = graph.weights.edge_values() * 1e6
    np.testing.assert_allclose(scaled, np.round(scaled), atol=1e-6)
    assert graph.labels is not None
    assert graph.labels[39] == "layer.39"


@pytest.mark.parametrize(
    ("make", "error"),
    [
        (lambda: queen(0, 5), InputError),
        (lambda: queen(5000, 5000), LimitError),
        (lambda: mycielski(0), InputError),
        (lambda: mycielski(40), LimitError),
        (lambda: gnp(-1, 0.5), InputError),
        (lambda: gnp(10, 1.5), InputError),
        (lambda: gnp(10, float("nan")), InputError),
        (lambda: gnp(10**6, 0.5), LimitError),
        (lambda: gnp(10, 0.5, seed=-1), InputError),
        (lambda: layers(-1), InputError),
        (lambda: layers(5, clusters=0), InputError),
        (lambda: layers(5, conflict_share=2.0), InputError),
        (lambda: layers(5, spread=float("inf")), InputError),
        (lambda: layers(10**6), LimitError),
    ],
)
def test_wrong_arguments(make: "object", error: type[InputError]) -> None:
    assert callable(make)
    with pytest.raises(error):
        make()


def test_empty_and_tiny() -> None:
    assert [gnp(n, 1.0).conflicts.num_edges for n in (0, 1, 2)] == [0, 0, 1]
    assert [layers(n).weights.num_edges for n in (0, 1, 2)] == [0, 0, 1]
