"""Reductions: kernels keep the chromatic number, and their colorings come back exactly."""

from __future__ import annotations

import time
from itertools import count as numbers

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geocolor.bounds import find_clique
from geocolor.errors import InputError
from geocolor.graph import Adjacency, gnp
from geocolor.solvers.reductions import Reduction, components, induced, reduce_coloring


@st.composite
def graphs(draw: st.DrawFn) -> Adjacency:
    """Random graphs, many of them grown by copies of neighborhoods and of parts of them."""
    size = draw(st.integers(0, 7))
    rng = np.random.default_rng(draw(st.integers(0, 10**6)))
    dense = np.triu(rng.random((10, 10)) < draw(st.floats(0, 1)), 1)
    dense |= dense.T
    for node in range(size, draw(st.integers(size, 10)) if size else 0):
        row = dense[rng.integers(node), :node] & (rng.random(node) < rng.choice([0.7, 1.0]))
        dense[node, :node] = dense[:node, node] = row
        size = node + 1
    return Adjacency.from_edges(size, np.argwhere(np.triu(dense[:size, :size])))


def coloring_of(graph: Adjacency, k: int) -> list[int] | None:
    """Any proper coloring in k colors, by backtracking."""
    earlier = [graph.neighbors(v)[graph.neighbors(v) < v].tolist() for v in range(graph.num_nodes)]

    def extend(colors: list[int]) -> list[int] | None:
        if len(colors) == graph.num_nodes:
            return colors
        taken = {colors[u] for u in earlier[len(colors)]}
        for color in range(min(k, max(colors, default=-1) + 2)):
            if color not in taken:
                whole = extend([*colors, color])
                if whole is not None:
                    return whole
        return None

    return extend([])


def chromatic_number(graph: Adjacency) -> int:
    return next(k for k in numbers() if coloring_of(graph, k) is not None)


def is_proper(graph: Adjacency, colors: np.ndarray) -> bool:
    u, v = graph.edges().T
    return len(colors) == graph.num_nodes and bool((colors[u] != colors[v]).all())


def num_colors(colors: np.ndarray) -> int:
    return len(set(colors.tolist()))


def check_reduction(reduction: Reduction, bound: int) -> None:
    """Hold a reduction to all that its class promises, by exhaustive search."""
    graph, kernel = reduction.adjacency, reduction.kernel
    parts = np.concatenate([reduction.nodes, reduction.removed])
    assert sorted(parts.tolist()) == list(range(graph.num_nodes))
    assert np.array_equal(kernel.to_dense(), graph.to_dense()[np.ix_(*[reduction.nodes] * 2)])
    of_graph, of_kernel = chromatic_number(graph), chromatic_number(kernel)
    assert max(of_graph, bound) == max(of_kernel, bound)
    for k in range(of_kernel, kernel.num_nodes + 1):
        given = np.asarray(coloring_of(kernel, k), dtype=np.int64)
        lifted = reduction.lift(given)
        assert is_proper(graph, lifted)
        assert num_colors(lifted) <= max(num_colors(given), bound)
        assert np.array_equal(lifted[reduction.nodes], np.unique(given, return_inverse=True)[1])


@given(graphs(), st.integers(0, 6))
def test_the_chromatic_number_and_every_coloring_survive(graph: Adjacency, bound: int) -> None:
    check_reduction(reduce_coloring(graph, bound), bound)


@given(graphs(), st.integers(0, 6), st.integers(0, 60))
def test_so_they_do_wherever_the_budget_ends(graph: Adjacency, bound: int, work: int) -> None:
    check_reduction(reduce_coloring(graph, bound, max_work=work), bound)


@given(graphs(), st.integers(0, 4), st.integers(0, 4))
def test_a_second_reduction_composes_with_the_first(
    graph: Adjacency, first: int, second: int
) -> None:
    reduction = reduce_coloring(graph, first)
    further = reduction.further(second)
    check_reduction(further, max(first, second))
    assert set(further.nodes) <= set(reduction.nodes)


@given(graphs(), st.integers(0, 6))
def test_nothing_that_a_rule_removes_is_left(graph: Adjacency, bound: int) -> None:
    kernel = reduce_coloring(graph, bound).kernel
    sets = [set(kernel.neighbors(u).tolist()) for u in range(kernel.num_nodes)]
    assert all(len(near) >= bound for near in sets)
    assert not [
        (u, v)
        for u in range(kernel.num_nodes)
        for v in range(kernel.num_nodes)
        if u != v and sets[u] and sets[u] <= sets[v]
    ]


def test_a_tree_peels_away_without_any_budget() -> None:
    tree = nx.balanced_tree(3, 5)
    graph = Adjacency.from_edges(len(tree), list(tree.edges()))
    reduction = reduce_coloring(graph, 2, max_work=0)
    assert reduction.kernel.num_nodes == 0
    lifted = reduction.lift([])
    assert is_proper(graph, lifted)
    assert num_colors(lifted) == 2


def test_twins_are_found_where_domination_has_no_budget() -> None:
    graph = nx.complete_multipartite_graph(50, 50, 50)
    adjacency = Adjacency.from_edges(150, list(graph.edges()))
    # Hashing reads every entry once, and comparing with a twin twice; domination reads it twice
    # and looks for it besides.
    reduction = reduce_coloring(adjacency, 0, max_work=3 * len(adjacency.indices) + 200)
    assert reduction.kernel.num_nodes == 3
    assert num_colors(reduction.lift([4, 7, 9])) == 3


def test_a_dominated_node_takes_the_color_of_its_dominator() -> None:
    # A five-cycle, and a node that sees one of its nodes only.
    cycle = [(i, (i + 1) % 5) for i in range(5)]
    reduction = reduce_coloring(Adjacency.from_edges(6, [*cycle, (5, 1)]), 0)
    assert reduction.removed.tolist() == [5]
    colors = reduction.lift([0, 1, 0, 1, 2])
    assert colors[5] == colors[reduction.donor[0]]


def test_removals_free_other_removals() -> None:
    # Each node of a long path with chords is dominated only once the one before it is gone.
    edges = [(i, i + 1) for i in range(199)] + [(i, i + 3) for i in range(0, 197, 2)]
    graph = Adjacency.from_edges(200, edges)
    assert reduce_coloring(graph, 0).kernel.num_nodes == 2


def test_a_critical_graph_stays_whole_and_is_not_copied() -> None:
    cycle = Adjacency.from_edges(7, [(i, (i + 1) % 7) for i in range(7)])
    reduction = reduce_coloring(cycle, 2)
    assert reduction.kernel is cycle
    assert len(reduction.removed) == 0


def test_a_large_graph_repeats_and_ends_with_its_budget() -> None:
    # Nodes of a crown are all but dominated: the dearest case.
    size = 300
    graph = nx.complete_bipartite_graph(size, size)
    graph.remove_edges_from([(i, i + size) for i in range(size)])
    tail = [(i + 2 * size, i + 2 * size + 1) for i in range(50)]
    adjacency = Adjacency.from_edges(2 * size + 51, [*graph.edges(), *tail])
    one, two = (reduce_coloring(adjacency, 1, max_work=2_000_000) for _ in range(2))
    assert np.array_equal(one.removed, two.removed)
    assert np.array_equal(one.donor, two.donor)
    assert len(one.removed) > 0


def test_the_deadline_stops_everything_and_what_is_there_holds() -> None:
    graph = gnp(200, 0.05, seed=1).conflicts
    reduction = reduce_coloring(graph, 50, deadline=time.monotonic())
    assert reduction.kernel is graph
    assert is_proper(graph, reduction.lift(np.arange(200)))


def test_random_graphs_with_the_bound_of_a_clique() -> None:
    for seed in range(20):
        graph = gnp(80, 0.08, seed=seed).conflicts
        bound = len(find_clique(graph))
        reduction = reduce_coloring(graph, bound)
        lifted = reduction.lift(np.arange(reduction.kernel.num_nodes))
        assert is_proper(graph, lifted)
        assert num_colors(lifted) <= max(reduction.kernel.num_nodes, bound)


@given(graphs())
def test_components_are_those_of_networkx(graph: Adjacency) -> None:
    whole = nx.Graph(graph.edges().tolist())
    whole.add_nodes_from(range(graph.num_nodes))
    parts = components(graph)
    assert sorted(part.tolist() for part in parts) == sorted(
        sorted(part) for part in nx.connected_components(whole)
    )
    assert [len(part) for part in parts] == sorted(map(len, parts), reverse=True)
    # Colored one by one they are a coloring of the whole, with as many colors as the worst needs.
    colors = np.empty(graph.num_nodes, dtype=np.int64)
    worst = 0
    for part in parts:
        alone = induced(graph, part)
        k = chromatic_number(alone)
        colors[part] = coloring_of(alone, k)
        worst = max(worst, k)
    assert is_proper(graph, colors)
    assert worst == chromatic_number(graph)


def test_a_coloring_of_the_wrong_length_is_refused() -> None:
    reduction = reduce_coloring(gnp(20, 0.5, seed=1).conflicts, 0)
    with pytest.raises(InputError, match="the coloring has shape"):
        reduction.lift([0, 1])


def test_a_negative_bound_is_refused() -> None:
    with pytest.raises(InputError, match="must not be negative"):
        reduce_coloring(gnp(3, 0.5).conflicts, -1)
