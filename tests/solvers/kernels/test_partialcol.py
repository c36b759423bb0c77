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
    beside = np.empty((count, k), dtype=np.int32)
    until = np.zeros((count, k), dtype=np.int64)
    listed, place = np.empty((2, count), dtype=np.int32)
    state = np.array([7], dtype=np.uint64)
    graph = (adjacency.indptr, adjacency.indices)
    size = best = partialcol_start(*graph, colors, beside, listed, place)
    iteration = 0
    while size and iteration < _MOVES:
        before = colors.copy()
        iteration, size, best = partialcol_chunk(
            *graph, colors, beside, until, listed, place, state,
            size, best, iteration, iteration + 1, 1 << 30,
        )  # fmt: skip
        expected = np.zeros((count, k + 1), dtype=np.int64)
        np.add.at(expected, (edges[:, 0], colors[edges[:, 1]]), 1)
        np.add.at(expected, (edges[:, 1], colors[edges[:, 0]]), 1)
        assert (beside == expected[:, :k]).all()
        ends = colors[edges]
        assert not ((ends[:, 0] == ends[:, 1]) & (ends[:, 0] >= 0)).any()
        assert set(listed[:size]) == set(np.flatnonzero(colors < 0))
        assert all(place[node] == at for at, node in enumerate(listed[:size]))
        # What lost its color may not have it back at once.
        lost = np.flatnonzero((before >= 0) & (colors < 0))
        assert (until[lost, before[lost]] >= iteration).all()
        assert best <= size
