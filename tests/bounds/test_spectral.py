"""Bounds by eigenvalues: never above the optimum, recomputed, and near it where that is known."""

from __future__ import annotations

import math
from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geocolor.bounds import eigenvalue_bound, least_inside_pairs, spectral_lower_bounds
from geocolor.graph import ConflictGraph


def never() -> bool:
    return False


@settings(max_examples=100, deadline=None)
@given(st.integers(2, 7), st.integers(1, 7), st.integers(0, 10**6), st.sampled_from([-900, 0, 900]))
def test_never_above_the_optimum(nodes: int, k: int, seed: int, exponent: int) -> None:
    rng = np.random.default_rng(seed)
    weights = np.triu(rng.normal(rng.uniform(-1, 1), 1.0, (nodes, nodes)), 1)
    weights *= rng.random((nodes, nodes)) < rng.random()
    hard = np.triu(rng.random((nodes, nodes)) < 0.5 * rng.random(), 1)
    colorings = np.array(list(product(range(k), repeat=nodes)), dtype=np.int8)
    same = colorings[:, :, None] == colorings[:, None, :]
    cost = np.where((same & hard).any((1, 2)), np.inf, (same * weights).sum((1, 2)))
    best = float(cost.min())
    scale = 2.0**exponent
    graph = ConflictGraph.from_dense((weights + weights.T) * scale, hard | hard.T)
    aim = best if math.isfinite(best) else float(np.abs(weights).sum())
    bounds = list(spectral_lower_bounds(graph, k, aim * scale, never))
    assert all(first < second for first, second in pairwise(bounds))
    if bounds:
        assert bounds[-1] <= (best + 1e-12) * scale


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 30), st.integers(1, 8), st.integers(0, 10**6), st.floats(-5, 5))
def test_a_matrix_proves_what_its_eigenvalue_says(
    nodes: int, k: int, seed: int, off: float
) -> None:
    rng = np.random.default_rng(seed)
    matrix = rng.normal(size=(nodes, nodes))
    matrix += matrix.T
    least = float(np.linalg.eigvalsh(matrix)[0])
    rest = nodes - nodes / k
    exact = 0.5 * (matrix.sum() / k + rest * least - matrix.trace())
    proven = eigenvalue_bound(matrix, k, least + off)
    # A guess that is too high is lowered, or given up; it never proves more.
    assert proven <= exact + 1e-12 * nodes**2
    if off == 0.0:
        assert proven == pytest.approx(exact, abs=1e-5 * nodes)


@pytest.mark.parametrize(("nodes", "k"), [(12, 3), (320, 8)])
def test_equal_weights_are_turan(nodes: int, k: int) -> None:
    graph = ConflictGraph.from_dense(2.5 * (1 - np.eye(nodes)))
    best = 2.5 * least_inside_pairs(nodes, k)
    bound = list(spectral_lower_bounds(graph, k, best, never))[-1]
    assert best * (1 - 1e-6) <= bound <= best


def test_many_nodes_go_by_blocks_as_few_go_whole(monkeypatch) -> None:
    rng = np.random.default_rng(0)
    weights = np.triu(rng.normal(size=(120, 120)), 1)
    hard = np.triu(rng.random((120, 120)) < 0.1, 1)
    graph = ConflictGraph.from_dense(weights + weights.T, hard | hard.T)
    whole = list(spectral_lower_bounds(graph, 6, -400.0, never))[-1]
    monkeypatch.setattr("geocolor.bounds.spectral._WHOLE", 50)
    blocks = list(spectral_lower_bounds(graph, 6, -400.0, never))[-1]
    assert blocks == pytest.approx(whole, rel=0.05)


def test_conflicts_count() -> None:
    # Two groups that attract inside, all across in conflict: what there is is the optimum.
    half = np.arange(10) % 2
    across = half[:, None] != half[None, :]
    graph = ConflictGraph.from_dense(np.where(across, 0.0, -1.0) * (1 - np.eye(10)), across)
    assert list(spectral_lower_bounds(graph, 4, -20.0, never))[-1] == pytest.approx(-20, abs=0.1)


def test_asked_to_stop_it_stops() -> None:
    graph = ConflictGraph.from_dense(1 - np.eye(5))
    assert list(spectral_lower_bounds(graph, 2, 4.0, lambda: True)) == []
    calls = iter([False, False, True])
    assert len(list(spectral_lower_bounds(graph, 2, 40.0, lambda: next(calls)))) == 1


def test_nothing_weighs_nothing() -> None:
    graph = ConflictGraph.from_edges(3, conflicts=[(0, 1)])
    assert list(spectral_lower_bounds(graph, 2, 0.0, never)) == []


def test_many_nodes_are_left_to_others(monkeypatch) -> None:
    monkeypatch.setattr("geocolor.bounds.spectral.LARGEST_SPECTRAL", 4)
    monkeypatch.setattr("geocolor.graph.Adjacency.to_dense", None)
    graph = ConflictGraph.from_edges(5, [(0, 1)], [1.0])
    assert list(spectral_lower_bounds(graph, 2, 1.0, never)) == []
