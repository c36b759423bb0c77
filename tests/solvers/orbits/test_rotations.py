from __future__ import annotations

import networkx as nx
import numpy as np
import pytest

from geocolor.graph import ConflictGraph, gnp, queen
from geocolor.solvers.orbits import rotations


def circulant(count: int, steps: list[int]) -> ConflictGraph:
    graph = nx.circulant_graph(count, steps)
    return ConflictGraph.from_edges(count, conflicts=list(graph.edges))


@pytest.mark.parametrize("graph", [circulant(24, [1, 5, 7]), queen(6, 6)], ids=["ring", "board"])
def test_rotations_are_symmetries_in_cycles_of_one_length(graph: ConflictGraph) -> None:
    found = rotations(graph.conflicts)
    assert [each.order for each in found] == sorted(each.order for each in found)
    assert found
    edges = {frozenset(edge) for edge in graph.conflicts.edges().tolist()}
    for each in found:
        assert each.nodes.shape == (graph.num_nodes // each.order, each.order)
        assert sorted(each.nodes.ravel().tolist()) == list(range(graph.num_nodes))
        image = np.empty(graph.num_nodes, dtype=int)
        image[each.nodes] = np.roll(each.nodes, -1, axis=1)
        assert {frozenset(edge) for edge in image[graph.conflicts.edges()].tolist()} == edges


def test_a_board_with_a_middle_square_has_none() -> None:
    assert rotations(queen(5, 5).conflicts) == []
    assert rotations(gnp(60, 0.4, seed=1).conflicts) == []
