from __future__ import annotations

import math
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geocolor.bounds import least_inside_pairs, weight_lower_bound
from geocolor.graph import ConflictGraph


@settings(max_examples=150, deadline=None)
@given(st.integers(1, 6), st.integers(1, 6), st.integers(0, 10**6))
def test_never_above_the_optimum(nodes: int, k: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    weights = np.triu(rng.integers(-5, 9, (nodes, nodes)) + rng.normal(size=(nodes, nodes)), 1)
    weights *= rng.random((nodes, nodes)) < rng.random()
    conflicts = np.triu(rng.random((nodes, nodes)) < rng.random(), 1)
    graph = ConflictGraph.from_dense(weights + weights.T, conflicts | conflicts.T)
    colorings = np.array(list(product(range(nodes), repeat=nodes)), dtype=np.int8)
    same = colorings[:, :, None] == colorings[:, None, :]
    cost = (same * weights).sum((1, 2))
    holds = ~(same & conflicts).any((1, 2))
    assert weight_lower_bound(graph) <= cost[holds].min() + 1e-9
    few = holds & (colorings.max(axis=1) < k)
    # Without a partition into k classes any bound is true, an infinite one too.
    assert weight_lower_bound(graph, k) <= cost[few].min(initial=math.inf) + 1e-9


def test_turan_settles_equal_weights() -> None:
    graph = ConflictGraph.from_dense(np.full((7, 7), 2.5))
    assert weight_lower_bound(graph, 3) == 2.5 * least_inside_pairs(7, 3)


def test_turan_proves_infeasible() -> None:
    # Nine nodes in three parts, all pairs across in conflict: two classes cannot do.
    part = np.arange(9) % 3
    graph = ConflictGraph.from_dense(np.zeros((9, 9)), part[:, None] != part[None, :])
    assert math.isinf(weight_lower_bound(graph, 2))
    assert weight_lower_bound(graph, 3) == 0.0


def test_a_bad_triangle_gives_one_gain_up() -> None:
    pairs = [(0, 1), (1, 2), (0, 2)]
    assert weight_lower_bound(ConflictGraph.from_edges(3, pairs, [-2.0, -3.0, 5.0])) == -3.0
    hard = ConflictGraph.from_edges(3, pairs[:2], [-2.0, -3.0], conflicts=[(0, 2)])
    assert weight_lower_bound(hard) == -3.0


@pytest.mark.parametrize("nodes", range(7))
@pytest.mark.parametrize("k", range(1, 5))
def test_least_pairs_equals_enumeration(nodes: int, k: int) -> None:
    inside = [
        sum(colors[i] == colors[j] for i in range(nodes) for j in range(i))
        for colors in product(range(k), repeat=nodes)
    ]
    assert least_inside_pairs(nodes, k) == min(inside)
