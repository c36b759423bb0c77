from __future__ import annotations

from itertools import permutations

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geocolor.graph import Adjacency, gnp, queen
from geocolor.graph.automorphisms import automorphisms


def of(graph: nx.Graph) -> Adjacency:
    return Adjacency.from_edges(len(graph), list(graph.edges))


def by_trying_all(graph: nx.Graph) -> set[tuple[int, ...]]:
    edges = {frozenset(edge) for edge in graph.edges}
    return {
        image
        for image in permutations(range(len(graph)))
        if all(frozenset((image[u], image[v])) in edges for u, v in graph.edges)
    }


@given(st.integers(0, 10**6), st.integers(1, 6), st.floats(0, 1))
def test_small_graphs_have_all_their_automorphisms(seed: int, size: int, density: float) -> None:
    graph = nx.gnp_random_graph(size, density, seed=seed)
    expected = by_trying_all(graph) - {tuple(range(size))}
    found = {tuple(image.tolist()) for image in automorphisms(of(graph), most=1000)}
    assert found == expected


def test_a_board_has_its_eight_symmetries() -> None:
    assert len(automorphisms(queen(9, 9).conflicts)) == 7


@pytest.mark.parametrize("most", [1, 10])
def test_a_large_group_is_not_gone_through(most: int) -> None:
    found = automorphisms(of(nx.complete_graph(40)), most=most)
    assert len(found) < most
    assert all(sorted(image.tolist()) == list(range(40)) for image in found)


def test_random_graphs_have_none() -> None:
    assert automorphisms(gnp(300, 0.3, seed=1).conflicts) == []
    assert automorphisms(Adjacency.from_edges(0, [])) == []


def test_the_names_of_the_nodes_do_not_matter() -> None:
    adjacency = queen(6, 6).conflicts
    order = np.random.default_rng(0).permutation(36)
    renamed = Adjacency.from_edges(36, order[adjacency.edges()])
    assert len(automorphisms(renamed)) == 7
