"""Packed cycles: never above the optimum, exact where one cycle is all, better than triangles."""

from __future__ import annotations

from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geocolor.bounds import cycle_lower_bounds, weight_lower_bound
from geocolor.graph import ConflictGraph


def random_graph(
    nodes: int, rng: np.random.Generator, density: float, *, integers: bool
) -> ConflictGraph:
    weights = rng.integers(-9, 9, (nodes, nodes)).astype(float)
    if not integers:
        weights += rng.normal(size=(nodes, nodes))
    weights = np.triu(weights * (rng.random((nodes, nodes)) < density), 1)
    conflicts = np.triu(rng.random((nodes, nodes)) < 0.5 * rng.random(), 1)
    return ConflictGraph.from_dense(weights + weights.T, conflicts | conflicts.T)


@settings(max_examples=200, deadline=None)
@given(st.integers(1, 7), st.integers(0, 10**6), st.sampled_from([-1070, -660, 0, 960]))
def test_never_above_the_optimum(nodes: int, seed: int, exponent: int) -> None:
    rng = np.random.default_rng(seed)
    scale = 2.0**exponent
    graph = random_graph(nodes, rng, rng.random(), integers=True)
    colorings = np.array(list(product(range(nodes), repeat=nodes)), dtype=np.int8)
    same = colorings[:, :, None] == colorings[:, None, :]
    cost = (same * np.triu(graph.weights.to_dense())).sum((1, 2))
    holds = ~(same & (graph.conflicts.to_dense() > 0)).any((1, 2))
    scaled = ConflictGraph.from_edges(
        nodes,
        graph.weights.edges(),
        graph.weights.edge_values() * scale,
        conflicts=graph.conflicts.edges(),
    )
    bounds = list(cycle_lower_bounds(scaled))
    assert all(first <= second for first, second in pairwise(bounds))
    # Whole numbers times a power of two: no tolerance is needed.
    assert bounds[-1] <= np.float64(cost[holds].min()) * scale


@settings(max_examples=60, deadline=None)
@given(st.integers(2, 40), st.integers(0, 10**6))
def test_not_below_the_bound_by_triangles(nodes: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    graph = random_graph(nodes, rng, rng.random(), integers=True)
    assert list(cycle_lower_bounds(graph))[-1] >= weight_lower_bound(graph)


@pytest.mark.parametrize("length", range(3, 12))
@pytest.mark.parametrize("conflict", [False, True])
def test_one_cycle_gives_up_its_least(length: int, conflict: bool) -> None:
    chain = [(i, i + 1) for i in range(length - 1)]
    gains = -3.0 - np.arange(length - 1) % 4
    closing = [(0, length - 1)]
    if conflict:
        graph = ConflictGraph.from_edges(length, chain, gains, conflicts=closing)
    else:
        graph = ConflictGraph.from_edges(length, chain + closing, [*gains, 8.0])
    assert list(cycle_lower_bounds(graph))[-1] == gains.sum() + 3.0


def test_a_cost_pays_no_more_than_itself() -> None:
    # Two paths from 0 to 3, and a cost that covers only part of the second.
    pairs = [(0, 1), (1, 3), (0, 2), (2, 3), (0, 3)]
    graph = ConflictGraph.from_edges(4, pairs, [-3.0, -3.0, -3.0, -3.0, 4.0])
    assert list(cycle_lower_bounds(graph))[-1] == -8.0


def test_a_conflict_cuts_every_path() -> None:
    pairs = [(0, 1), (1, 3), (0, 2), (2, 3), (0, 3)]
    graph = ConflictGraph.from_edges(4, pairs, [-3.0, -3.0, -3.0, -3.0, -50.0], conflicts=[(0, 3)])
    assert list(cycle_lower_bounds(graph))[-1] == -6.0


def test_stopped_it_keeps_what_it_has() -> None:
    graph = random_graph(60, np.random.default_rng(0), 0.5, integers=True)
    whole = list(cycle_lower_bounds(graph))
    stopped = list(cycle_lower_bounds(graph, lambda: True))
    assert stopped == [whole[0]]


def test_nothing_to_gain_is_bounded_by_zero() -> None:
    for graph in (ConflictGraph.from_edges(0), ConflictGraph.from_edges(3, [(0, 1)], [2.0])):
        assert list(cycle_lower_bounds(graph))[-1] == 0.0
