"""What nodes pay: never above the optimum, exact where all are alike, triangles above pairs."""

from __future__ import annotations

import math
from itertools import combinations, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geocolor.bounds import least_inside_pairs, share_lower_bound, weight_lower_bound
from geocolor.bounds.shares_kernels import triangle_shares
from geocolor.graph import ConflictGraph


def never() -> bool:
    return False


@settings(max_examples=150, deadline=None)
@given(st.integers(1, 7), st.integers(1, 7), st.integers(0, 10**6), st.floats(-1, 1))
def test_never_above_the_optimum(nodes: int, k: int, seed: int, mean: float) -> None:
    rng = np.random.default_rng(seed)
    weights = np.triu(rng.normal(mean, 1.0, (nodes, nodes)), 1)
    weights *= rng.random((nodes, nodes)) < rng.random()
    hard = np.triu(rng.random((nodes, nodes)) < 0.5 * rng.random(), 1)
    graph = ConflictGraph.from_dense(weights + weights.T, hard | hard.T)
    colorings = np.array(list(product(range(k), repeat=nodes)), dtype=np.int8)
    same = colorings[:, :, None] == colorings[:, None, :]
    cost = np.where((same & hard).any((1, 2)), np.inf, (same * weights).sum((1, 2)))
    for over in (never, lambda: True):
        assert share_lower_bound(graph, k, over) <= cost.min() + 1e-12


@settings(max_examples=50, deadline=None)
@given(st.integers(3, 8), st.integers(3, 8), st.integers(0, 10**6))
def test_triangles_say_no_more_than_a_class_costs(nodes: int, size: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    most = rng.normal(size=(nodes, nodes))
    most += most.T
    barred = np.triu(rng.random((nodes, nodes)) < 0.2, 1)
    most[barred | barred.T | np.eye(nodes, dtype=bool)] = np.inf
    size = min(size, nodes)
    shares = np.full((nodes, size + 1), -np.inf)
    order = np.argsort(most, axis=1, kind="stable")
    triangle_shares(most, order, float(most.min()), 0, nodes, shares)
    for s in range(3, size + 1):
        for group in combinations(range(nodes), s):
            inside = sum(most[pair] for pair in combinations(group, 2))
            assert shares[list(group), s].sum() <= inside + 1e-9


@pytest.mark.parametrize("k", [1, 3, 4, 12])
def test_equal_weights_are_turan(k: int) -> None:
    graph = ConflictGraph.from_dense(2.5 * (1 - np.eye(12)))
    bound = share_lower_bound(graph, k, never)
    assert bound == pytest.approx(2.5 * least_inside_pairs(12, k), abs=1e-9)


def test_clusters_of_a_size_pay_what_they_pay() -> None:
    member = np.arange(40) // 5
    rng = np.random.default_rng(0)
    weights = np.where(member[:, None] == member, rng.random((40, 40)), 10.0)
    weights = np.triu(weights, 1)
    graph = ConflictGraph.from_dense(weights + weights.T)
    inside = math.fsum(weights[member[:, None] == member])
    assert share_lower_bound(graph, 8, never) == pytest.approx(inside)


def test_triangles_are_better_than_pairs() -> None:
    weights = np.triu(np.random.default_rng(0).random((60, 60)), 1)
    graph = ConflictGraph.from_dense(weights + weights.T)
    pairs = share_lower_bound(graph, 6, lambda: True)
    assert weight_lower_bound(graph, 6) < pairs < 0.6 * share_lower_bound(graph, 6, never)


def test_many_nodes_are_left_to_others(monkeypatch) -> None:
    monkeypatch.setattr("geocolor.bounds.shares.LARGEST_SHARED", 3)
    assert share_lower_bound(ConflictGraph.from_dense(1 - np.eye(4)), 2, never) == -math.inf
