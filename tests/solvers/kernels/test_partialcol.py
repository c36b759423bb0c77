"""What the PartialCol kernel keeps up to date is what a recount gives, move after move."""

from __future__ import annotations

import numpy as np
import pytest

from geocolor.graph import gnp
from geocolor.solvers.kernels.partialcol import partialcol_chunk, partialcol_start

_MOVES = 300


@pytest.mark.parametrize("k", [2, 7, 12])
@pytest.mark.parametrize("density", [0.1, 0.5])
def test_the_table_survives_a_recount_and_nothing_conflicts(k: int, density: float) -> None:
    count = 40
    adjacency = gnp(count, density, seed=3).conflicts
    edges = adjacency.edges()
    colors = np.full(count, -1, dtype=np.int32)
    flag, width = 1 << 13, 16
    lost = np.empty((count, width), dtype=np.int16)
    listed, place, low = np.empty((3, count), dtype=np.int32)
    until = np.zeros((count, width), dtype=np.int64)
    due, chain = np.full(128, -1, dtype=np.int64), np.full(lost.size, -1, dtype=np.int64)
    graph = (adjacency.indptr, adjacency.indices, colors, k, flag)
    size = best = partialcol_start(*graph, lost, listed, place)
    best_colors = colors.copy()
    arrays = (*graph, lost, listed, place, low, until, due, chain, np.array([7], dtype=np.uint64))
    first, iteration = size, 0
    while size and iteration < _MOVES:
        before = colors.copy()
        iteration, size, best = partialcol_chunk(
            *arrays, best_colors, size, best, iteration, iteration + 1, 1 << 30
        )
        expected = np.zeros((count, k + 1), dtype=np.int64)
        np.add.at(expected, (edges[:, 0], colors[edges[:, 1]]), 1)
        np.add.at(expected, (edges[:, 1], colors[edges[:, 0]]), 1)
        tabu = until > 0
        assert (lost[:, :k] == (expected[:, :k] + flag * tabu[:, :k])).all()
        assert not tabu[:, k:].any()
        assert (until[tabu] > iteration).all()
        ends = colors[edges]
        assert not ((ends[:, 0] == ends[:, 1]) & (ends[:, 0] >= 0)).any()
        assert set(listed[:size]) == set(np.flatnonzero(colors < 0))
        assert all(place[node] == at for at, node in enumerate(listed[:size]))
        # What lost its color may not have it back at once.
        out = np.flatnonzero((before >= 0) & (colors < 0))
        assert (until[out, before[out]] > iteration).all()
        assert best <= size
        assert (best_colors < 0).sum() == min(best, first)
