"""Both branches together have the colors of their parent, and its bound holds in each."""

from __future__ import annotations

import networkx as nx
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from geocolor.solvers.stable_sets.branching import Subproblem
from geocolor.solvers.stable_sets.certificate import StableSetBound
from geocolor.solvers.stable_sets.heavy import HeavySets

from .oracle import fractional_number, random_graph


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.integers(2, 8), st.floats(0, 0.8), st.integers(0, 10_000))
def test_branches(count: int, density: float, seed: int) -> None:
    adjacency = random_graph(count, density, seed)
    apart = np.argwhere(np.triu(adjacency.to_dense() == 0, 1))
    if len(apart) == 0:
        return
    u, v = (int(node) for node in apart[seed % len(apart)])
    weights = np.random.default_rng(seed).integers(1, 9, count)
    search = HeavySets(adjacency, weights, 0, rising=False, most=1000)
    sets = search.run(lambda: False)
    heaviest = int((sets @ weights).max())
    parent = Subproblem(adjacency, np.arange(count), sets, StableSetBound(weights, heaviest))
    for child in (parent.differ(u, v), parent.same(u, v)):
        assert child.bound.verify(child.adjacency)
        assert child.bound.value == parent.bound.value
        assert child.sets.any(axis=0).all()
        dense = child.adjacency.to_dense() > 0
        assert not any(dense[np.ix_(row, row)].any() for row in child.sets)
        assert fractional_number(child.adjacency) >= fractional_number(adjacency) - 1e-9
    assert parent.same(u, v).owner[u] == parent.same(u, v).owner[v]
    assert parent.differ(u, v).adjacency.num_edges == adjacency.num_edges + 1


def test_merging_keeps_every_edge() -> None:
    graph = nx.path_graph(4)
    adjacency = random_graph(4, 0.0, 0).from_edges(4, list(graph.edges()))
    bound = StableSetBound.of_clique(np.array([0]), 4)
    parent = Subproblem(adjacency, np.arange(4), np.eye(4, dtype=np.bool_), bound)
    merged = parent.same(0, 3)
    assert merged.adjacency.edges().tolist() == [[0, 1], [0, 2], [1, 2]]
    assert merged.owner.tolist() == [0, 1, 2, 0]
