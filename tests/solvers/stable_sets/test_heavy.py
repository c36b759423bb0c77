"""The heaviest stable set, and all heavy ones, against exhaustive search."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from geocolor.graph import generators
from geocolor.solvers.kernels.stable_set import maximal, swap_chunk
from geocolor.solvers.stable_sets.heavy import HeavySets

from .oracle import random_graph, stable_sets


def never() -> bool:
    return False


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.integers(1, 11), st.floats(0, 1), st.integers(0, 10_000))
def test_the_heaviest_set(count: int, density: float, seed: int) -> None:
    adjacency = random_graph(count, density, seed)
    weights = np.random.default_rng(seed).integers(0, 20, count)
    heaviest = int((stable_sets(adjacency) @ weights).max())
    search = HeavySets(adjacency, weights, -1, rising=True, most=1000)
    found = search.run(never)
    assert search.finished
    assert search.beaten == heaviest or (heaviest == 0 and len(found) == 0)
    # Nothing is heavier than the heaviest.
    assert len(HeavySets(adjacency, weights, heaviest, rising=True, most=1).run(never)) == 0


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.integers(1, 10), st.floats(0, 1), st.integers(0, 10_000), st.integers(0, 30))
def test_all_heavy_maximal_sets_once(count: int, density: float, seed: int, limit: int) -> None:
    adjacency = random_graph(count, density, seed)
    weights = np.random.default_rng(seed).integers(1, 20, count)
    every = stable_sets(adjacency)
    expected = {
        tuple(row)
        for row in every[every @ weights > limit]
        if not any((other >= row).all() and (other > row).any() for other in every)
    }
    found = HeavySets(adjacency, weights, limit, rising=False, most=2000).run(never)
    assert len(found) == len(expected)
    assert {tuple(row) for row in found} == expected


def test_it_goes_on_after_a_pause() -> None:
    adjacency = generators.queen(6, 6).conflicts
    weights = np.ones(36, dtype=np.int64)
    search = HeavySets(adjacency, weights, 5, rising=False, most=1)
    found = []
    while not search.finished:
        found += list(search.run(never))
    # The six queens problem has four solutions.
    assert len(found) == 4


def test_it_stops_when_told() -> None:
    search = HeavySets(
        generators.queen(6, 6).conflicts, np.ones(36, dtype=np.int64), 0, rising=True, most=5
    )
    assert len(search.run(lambda: True)) == 0
    assert not search.finished


def test_swaps_find_stable_sets_and_maximal_completes_them() -> None:
    adjacency = generators.gnp(70, 0.5, seed=1).conflicts
    weights = np.random.default_rng(0).integers(1, 100, 70)
    found = np.zeros((70, 70), dtype=np.bool_)
    position, count = swap_chunk(
        adjacency.indptr, adjacency.indices, weights, np.arange(70), 0, 30, 0, found, 0, 1 << 40
    )
    assert (position, count) == (70, 70)
    exact = HeavySets(adjacency, weights, 0, rising=True, most=1000)
    exact.run(never)
    assert int((found @ weights).max()) == exact.beaten
    maximal(adjacency.indptr, adjacency.indices, np.arange(70), found)
    dense = adjacency.to_dense() > 0
    for row in found:
        assert not dense[np.ix_(row, row)].any()
        assert (dense[row].any(axis=0) | row).all()
