"""Heat baths keep their books, and break no hard conflict."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geocolor.graph import ConflictGraph
from geocolor.solvers.kernels.annealing import (
    fill_prices,
    heat_bath,
    heat_bath_sparse,
    open_classes,
    typical_rise,
)
from geocolor.solvers.local_search import kernel_rows

CONFLICT = 1e4


def instance(seed: int) -> tuple[ConflictGraph, tuple]:
    rng = np.random.default_rng(seed)
    count = int(rng.integers(2, 15))
    dense = np.triu(np.round(rng.normal(size=(count, count)), 1), 1)
    hard = np.triu(rng.random((count, count)) < 0.2, 1)
    graph = ConflictGraph.from_dense(dense + dense.T, hard | hard.T)
    return graph, kernel_rows(graph.conflicts, graph.weights)


def books(colors: np.ndarray, classes: int) -> tuple:
    filled, empty = np.empty((2, classes), dtype=np.int32)
    mask = np.empty(classes)
    return filled, empty, open_classes(colors, filled, empty, mask), mask


def hold(graph: ConflictGraph, colors: np.ndarray, kept: tuple, size: int) -> None:
    filled, empty, _, mask = kept
    edges = graph.conflicts.edges()
    assert not (colors[edges[:, 0]] == colors[edges[:, 1]]).any()
    assert np.array_equal(filled, np.bincount(colors, minlength=len(filled)))
    assert set(empty[:size]) == set(np.flatnonzero(filled == 0))
    choices = set(np.flatnonzero(filled)) | ({empty[size - 1]} if size else set())
    assert set(np.flatnonzero(mask == 0.0)) == choices


@given(st.integers(0, 10_000), st.floats(0.01, 3.0), st.integers(0, 3))
def test_a_table_of_prices_is_kept(seed: int, temperature: float, spare: int) -> None:
    graph, arrays = instance(seed)
    count = graph.num_nodes
    colors = np.arange(count, dtype=np.int32)
    kept = books(colors, count + spare)
    rng = np.random.default_rng(seed)
    noise = np.log(rng.exponential(size=64 + count + spare))
    price, anew = np.empty((2, count, count + spare))
    fill_prices(*arrays, colors, price, CONFLICT)
    random = rng.integers(1, 1 << 63, size=1, dtype=np.uint64)
    size = heat_bath(*arrays, colors, price, CONFLICT, *kept, random, noise, temperature, 50)
    hold(graph, colors, kept, size)
    fill_prices(*arrays, colors, anew, CONFLICT)
    assert np.allclose(price, anew, atol=1e-6)


@given(st.integers(0, 10_000), st.floats(0.01, 3.0), st.integers(0, 3))
def test_no_table_is_needed(seed: int, temperature: float, strangers: int) -> None:
    graph, arrays = instance(seed)
    colors = np.arange(graph.num_nodes, dtype=np.int32)
    kept = books(colors, graph.num_nodes + 1)
    rng = np.random.default_rng(seed)
    noise = np.log(rng.exponential(size=64))
    random = rng.integers(1, 1 << 63, size=1, dtype=np.uint64)
    size = heat_bath_sparse(*arrays, colors, *kept, random, noise, temperature, 50, strangers)
    hold(graph, colors, kept, size)


@pytest.mark.parametrize("tabled", [True, False])
def test_classes_are_drawn_by_boltzmann(tabled: bool) -> None:
    # Two nodes, together at -1 or apart at 0: at temperature 1 the odds are e to 1.
    graph = ConflictGraph.from_edges(2, [(0, 1)], [-1.0])
    arrays = kernel_rows(graph.conflicts, graph.weights)
    colors = np.zeros(2, dtype=np.int32)
    kept = books(colors, 2)
    rng = np.random.default_rng(0)
    noise = np.log(rng.exponential(size=100_000))
    random = rng.integers(1, 1 << 63, size=1, dtype=np.uint64)
    price = np.empty((2, 2))
    fill_prices(*arrays, colors, price, CONFLICT)
    filled, empty, size, mask = kept
    together = 0
    for _ in range(20_000):
        books_now = (filled, empty, size, mask)
        if tabled:
            size = heat_bath(*arrays, colors, price, CONFLICT, *books_now, random, noise, 1.0, 1)
        else:
            size = heat_bath_sparse(*arrays, colors, *books_now, random, noise, 1.0, 1, 0)
        together += colors[0] == colors[1]
    assert together / 20_000 == pytest.approx(np.e / (np.e + 1), abs=0.02)


def test_the_cheapest_move_is_found() -> None:
    # Node 0 pays 1 with node 1; class 1 would cost 3, an empty class nothing.
    graph = ConflictGraph.from_edges(3, [(0, 1), (0, 2)], [-1.0, 3.0], conflicts=[(1, 2)])
    arrays = kernel_rows(graph.conflicts, graph.weights)
    colors = np.array([0, 0, 1], dtype=np.int32)
    node = np.zeros(1, dtype=np.int32)
    assert typical_rise(*arrays, colors, 2, node) == 4.0
    assert typical_rise(*arrays, colors, 3, node) == 1.0
    # Node 1 may not join class 1.
    assert typical_rise(*arrays, colors, 2, node + 1) == 0.0
