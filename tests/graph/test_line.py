"""Line graphs against networkx, and edge coloring by them."""

from itertools import combinations

import networkx as nx
import pytest

from geocolor.errors import LimitError
from geocolor.graph import ConflictGraph, gnp, line_graph
from geocolor.solvers import Status, solve


@pytest.mark.parametrize("seed", range(5))
def test_conflicts_are_the_pairs_of_edges_that_meet(seed: int) -> None:
    graph = gnp(12, 0.2 + 0.1 * seed, seed)
    lines, edges = line_graph(graph)
    assert edges.tolist() == graph.conflicts.edges().tolist()
    expected = {
        (i, j)
        for (i, one), (j, other) in combinations(enumerate(edges.tolist()), 2)
        if set(one) & set(other)
    }
    assert set(map(tuple, lines.conflicts.edges().tolist())) == expected


@pytest.mark.parametrize(
    ("graph", "index"),
    [
        (nx.complete_graph(4), 3),
        (nx.complete_graph(5), 5),
        (nx.cycle_graph(7), 3),
        (nx.complete_bipartite_graph(3, 4), 4),
        (nx.petersen_graph(), 4),
        (nx.empty_graph(3), 0),
    ],
)
def test_edge_colorings(graph: nx.Graph, index: int) -> None:
    lines, edges = line_graph(ConflictGraph.from_networkx(graph))
    result = solve(lines, time_limit=20, workers=1)
    assert (result.status, result.objective) == (Status.OPTIMAL, index)
    colors = result.coloring.by_node(map(tuple, edges.tolist()))
    for node in graph:
        met = [colors[min(edge), max(edge)] for edge in graph.edges(node)]
        assert len(set(met)) == len(met)


def test_too_many_conflicts_are_refused_before_they_are_made() -> None:
    star = ConflictGraph.from_edges(20_001, [(0, leaf) for leaf in range(1, 20_001)])
    with pytest.raises(LimitError, match="199,990,000 conflicts; the limit is"):
        line_graph(star)
