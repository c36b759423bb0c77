"""The heat bath on a matrix keeps its books, and does as the one on a table, step by step."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.lib.stride_tricks import sliding_window_view

from geocolor.graph import ConflictGraph
from geocolor.solvers.kernels.annealing import fill_prices, heat_bath, open_classes
from geocolor.solvers.kernels.annealing_matrix import (
    fill_matrix,
    heat_bath_matrix,
    matrix_prices,
)
from geocolor.solvers.local_search import kernel_rows

CONFLICT = 1024.0


@given(st.integers(0, 10_000), st.floats(0.01, 3.0), st.integers(1, 16))
def test_steps_are_those_of_the_table(seed: int, temperature: float, most: int) -> None:
    rng = np.random.default_rng(seed)
    count = int(rng.integers(2, 15))
    # Sums of eighths are exact in any order, so that both see the same prices.
    dense = np.triu(np.round(8 * rng.normal(size=(count, count))) / 8, 1)
    colors = rng.integers(most, size=count).astype(np.int32)
    apart = colors[:, None] != colors[None, :]
    hard = np.triu(apart & (rng.random((count, count)) < 0.2), 1)
    graph = ConflictGraph.from_dense(dense + dense.T, hard | hard.T)
    arrays = kernel_rows(graph.conflicts, graph.weights)
    noise = np.log(rng.exponential(size=64 + most))
    quiet = sliding_window_view(noise, most).min(axis=1)[:64]
    random = rng.integers(1, 1 << 63, size=1, dtype=np.uint64)
    steps = 60

    by_table = colors.copy()
    filled, empty = np.empty((2, most), dtype=np.int32)
    mask = np.empty(most)
    size = open_classes(by_table, filled, empty, mask)
    table = np.empty((count, most))
    fill_prices(*arrays, by_table, table, CONFLICT)
    books = (filled, empty, size, mask)
    heat_bath(*arrays, by_table, table, CONFLICT, *books, random.copy(), noise, temperature, steps)

    size = open_classes(colors, filled, empty, mask)
    matrix, price, elsewhere = np.empty((count, count)), np.empty((most, 16)), np.empty(count)
    fill_matrix(*arrays, CONFLICT, matrix)
    matrix_prices(matrix, colors, price, elsewhere)
    books = (filled, empty, size, mask)
    size = heat_bath_matrix(
        matrix, colors, price, elsewhere, *books, random, noise, quiet, temperature, steps
    )
    assert np.array_equal(colors, by_table)
    assert np.array_equal(price[:, :count], table.T)
    assert np.array_equal(filled, np.bincount(colors, minlength=most))
    assert size == int((filled == 0).sum())
    least = np.where(np.arange(most)[:, None] == colors, np.inf, price[:, :count]).min(axis=0)
    assert (elsewhere <= least).all()
