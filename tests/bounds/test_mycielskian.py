"""Mycielskian bounds: as high as theory says, never too high, and their proofs can be checked."""

from __future__ import annotations

from dataclasses import replace

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geocolor.bounds import find_clique, mycielskian_bound
from geocolor.bounds.clique import Clique
from geocolor.errors import InputError
from geocolor.graph import Adjacency, gnp, mycielski
from geocolor.graph.generators import full_insertions
from geocolor.solvers.reductions import reduce_coloring


def colorable(graph: nx.Graph, k: int) -> bool:
    colors: dict[int, int] = {}

    def extend(node: int) -> bool:
        if node == len(graph):
            return True
        taken = {colors.get(other) for other in graph[node]}
        for color in range(min(k, max(colors.values(), default=-1) + 2)):
            if color not in taken:
                colors[node] = color
                if extend(node + 1):
                    return True
                del colors[node]
        return False

    return extend(0)


@pytest.mark.parametrize("k", [3, 4, 5, 6, 7])
def test_mycielski_graphs_are_recognised(k: int) -> None:
    graph = mycielski(k).conflicts
    bound = mycielskian_bound(graph, find_clique(graph), enough=k + 1)
    assert bound.bound == k + 1
    assert bound.verify(graph)


@pytest.mark.parametrize(("k", "m"), [(1, 3), (1, 4), (1, 5), (2, 4), (3, 4), (4, 5)])
def test_kernels_of_full_insertions_need_all_their_colors(k: int, m: int) -> None:
    graph = full_insertions(k, m).conflicts
    clique = find_clique(graph)
    assert len(clique) == k + 2
    reduction = reduce_coloring(graph, len(clique))
    kernel = reduction.kernel
    # One more than is needed, so that a bound too high would show.
    bound = mycielskian_bound(kernel, find_clique(kernel), max_work=10**8, enough=k + m + 1)
    assert bound.bound == k + m
    assert bound.renumbered(reduction.nodes).verify(graph)


@given(st.integers(0, 10**6), st.integers(1, 11), st.floats(0, 1))
@settings(max_examples=150)
def test_never_above_the_chromatic_number(seed: int, size: int, density: float) -> None:
    graph = nx.gnp_random_graph(size, density, seed=seed)
    if seed % 3 == 0 and size <= 7:
        graph = nx.mycielskian(graph)
    adjacency = Adjacency.from_edges(len(graph), list(graph.edges))
    bound = mycielskian_bound(adjacency, find_clique(adjacency), seed=seed, max_work=3_000_000)
    assert not colorable(graph, bound.bound - 1)


def test_it_beats_the_clique_where_cliques_say_little() -> None:
    graph = mycielski(4).conflicts
    # Hidden in a graph: more nodes, and no edge less.
    edges = np.concatenate([graph.edges(), gnp(60, 0.02, seed=1).conflicts.edges()])
    hidden = Adjacency.from_edges(60, edges)
    clique = find_clique(hidden)
    assert mycielskian_bound(hidden, clique, enough=5).bound > len(clique)


def test_a_proof_that_lacks_an_edge_is_refused() -> None:
    graph = mycielski(4).conflicts
    bound = mycielskian_bound(graph, find_clique(graph), enough=5)
    assert bound.levels
    used = {tuple(sorted(edge)) for edge in graph.edges().tolist()}
    for edge in list(used):
        less = Adjacency.from_edges(graph.num_nodes, sorted(used - {edge}))
        # The graph is edge-critical: without any edge four colors do, so no proof of five holds.
        assert not bound.verify(less)


def test_forged_proofs_are_refused() -> None:
    graph = mycielski(3).conflicts
    bound = mycielskian_bound(graph, find_clique(graph), enough=4)
    level = bound.levels[-1]
    forged = [
        replace(bound, clique=np.array([0, 1, 2, 3])),
        replace(bound, clique=np.array([0, 0])),
        replace(bound, levels=(*bound.levels, level)),
        replace(bound, levels=(replace(level, members=level.members[:-1]),)),
        replace(bound, levels=(*bound.levels[:-1], replace(level, apex=int(level.members[0])))),
        replace(bound, levels=(*bound.levels[:-1], replace(level, copies=level.copies[::-1]))),
    ]
    assert not any(proof.verify(graph) for proof in forged)


def test_what_is_no_clique_is_refused() -> None:
    path = Adjacency.from_edges(3, [(0, 1), (1, 2)])
    with pytest.raises(InputError, match="not all adjacent"):
        mycielskian_bound(path, Clique(np.array([0, 1, 2]), maximum=False))


def test_a_bound_moves_to_the_graph_around() -> None:
    inner = mycielski(3).conflicts
    bound = mycielskian_bound(inner, find_clique(inner), enough=4)
    nodes = np.arange(inner.num_nodes)[::-1] + 5
    outer = Adjacency.from_edges(inner.num_nodes + 5, nodes[inner.edges()])
    assert bound.renumbered(nodes).verify(outer)


def test_the_work_decides_and_the_seed() -> None:
    graph = gnp(80, 0.3, seed=2).conflicts
    clique = find_clique(graph)
    bounds = [mycielskian_bound(graph, clique, seed=3, max_work=20_000_000) for _ in range(2)]
    assert bounds[0].clique.tolist() == bounds[1].clique.tolist()
    assert len(bounds[0].levels) == len(bounds[1].levels)
