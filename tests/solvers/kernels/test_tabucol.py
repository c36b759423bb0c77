"""What the TabuCol kernel keeps up to date is what a recount gives, move after move."""

from __future__ import annotations

import numpy as np
import pytest

from geocolor.graph.generators import gnp
from geocolor.solvers.kernels.tabucol import tabucol_chunk, tabucol_start

_MOVES = 300


@pytest.mark.parametrize(
    ("entry", "flag"), [(np.int16, 1 << 13), (np.int32, 1 << 29)], ids=["16 bits", "32 bits"]
)
@pytest.mark.parametrize("k", [2, 7, 16])
@pytest.mark.parametrize("density", [0.1, 0.5])
def test_the_table_and_the_best_moves_survive_a_recount(
    entry: type[np.signedinteger], flag: int, k: int, density: float
) -> None:
    count = 40
    graph = gnp(count, density, seed=3)
    adjacency, edges = graph.conflicts, graph.conflicts.edges()
    rng = np.random.default_rng(5)
    colors = rng.integers(k, size=count, dtype=np.int32)
    width = -(-k // 16) * 16
    score = np.empty((count, width), dtype=entry)
    listed, place = np.empty((2, count), dtype=np.int32)
    now, low, alike = np.zeros((3, count), dtype=entry)
    until = np.zeros(count * width, dtype=np.int64)
    due, chain, banned = np.full((3, 128), -1, dtype=np.int64)
    state = np.array([7], dtype=np.uint64)
    best_colors = colors.copy()
    indices = adjacency.indices.view(np.uint32)
    size, conflicts = tabucol_start(
        adjacency.indptr, indices, colors, k, flag, score, listed, place, now, low, alike
    )
    best, iteration = conflicts, 0
    while conflicts and iteration < _MOVES:
        iteration, size, conflicts, best = tabucol_chunk(
            adjacency.indptr, indices, colors, flag, score, listed, place, now, low, alike, until,
            due, chain, banned, state, best_colors, size, conflicts, best, iteration,
            iteration + 1, 1 << 30,
        )  # fmt: skip
        beside = np.zeros((count, k), dtype=np.int64)
        np.add.at(beside, (edges[:, 0], colors[edges[:, 1]]), 1)
        np.add.at(beside, (edges[:, 1], colors[edges[:, 0]]), 1)
        inside = beside[np.arange(count), colors]
        assert conflicts == inside.sum() // 2
        assert best <= conflicts
        assert set(listed[:size]) == set(np.flatnonzero(inside))
        forbidden = until.reshape(count, width)[:, :k] != 0
        expected = beside + flag * forbidden
        expected[np.arange(count), colors] += 2 * flag
        assert (score[:, :k] == expected).all()
        for at, node in enumerate(listed[:size]):
            assert place[node] == at
            assert now[at] == inside[node]
            assert low[at] == expected[node].min()
            assert alike[at] == (expected[node] == expected[node].min()).sum()
    inside = (best_colors[edges[:, 0]] == best_colors[edges[:, 1]]).sum()
    assert inside == best
