from __future__ import annotations

import time
from typing import Any

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geocolor.bounds import find_clique
from geocolor.graph import Adjacency


def adjacency(graph: nx.Graph) -> Adjacency:
    return Adjacency.from_edges(len(graph), list(graph.edges()))


@settings(max_examples=200, deadline=None)
@given(st.integers(1, 18), st.floats(0, 1), st.integers(0, 10**6))
def test_equals_networkx(nodes: int, density: float, seed: int) -> None:
    graph = nx.gnp_random_graph(nodes, density, seed=seed)
    clique = find_clique(adjacency(graph), seed=seed)
    assert clique.maximum
    assert len(clique) == max(map(len, nx.find_cliques(graph)))
    chosen = graph.subgraph(clique.nodes.tolist())
    assert chosen.number_of_edges() == len(clique) * (len(clique) - 1) // 2


def test_empty_graph() -> None:
    clique = find_clique(Adjacency.from_edges(0, []))
    assert len(clique) == 0
    assert clique.maximum


def test_maximum_of_a_dense_graph() -> None:
    graph = nx.gnp_random_graph(150, 0.5, seed=3)
    clique = find_clique(adjacency(graph))
    assert clique.maximum
    assert len(clique) == nx.max_weight_clique(graph, weight=None)[1]


def test_budget_is_kept_and_no_claim_made(overtime: Any) -> None:
    graph = adjacency(nx.gnp_random_graph(400, 0.9, seed=1))
    find_clique(graph, max_work=1)  # compile
    started = time.monotonic()
    with overtime(0.3) as beyond:
        clique = find_clique(graph, max_work=10**15, over=lambda: time.monotonic() >= started + 0.3)
    assert beyond.seconds < 0.7
    assert not clique.maximum
    assert len(clique) > 40


def test_a_budget_of_work_repeats() -> None:
    graph = adjacency(nx.gnp_random_graph(200, 0.8, seed=1))
    first, second = (find_clique(graph, seed=4, max_work=3_000_000) for _ in range(2))
    assert not first.maximum
    assert np.array_equal(first.nodes, second.nodes)


def test_stops_at_enough_and_does_not_call_it_maximum() -> None:
    graph = nx.gnp_random_graph(60, 0.5, seed=2)
    clique = find_clique(adjacency(graph), enough=4)
    assert len(clique) >= 4
    assert not clique.maximum


@pytest.mark.parametrize("size", [1, 2, 64, 65, 130])
def test_complete_graphs_across_the_word_border(size: int) -> None:
    clique = find_clique(adjacency(nx.complete_graph(size)))
    assert clique.maximum
    assert clique.nodes.tolist() == list(range(size))
