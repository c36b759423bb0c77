"""What the kernel on the matrix keeps up to date is what a recount gives, move after move."""

from __future__ import annotations

import numpy as np
import pytest

from geocolor.graph.generators import gnp
from geocolor.solvers.kernels.tabucol_matrix import matrix_chunk, matrix_start

_MOVES, _FLAG = 400, 1 << 13


@pytest.mark.parametrize("k", [2, 7, 16])
@pytest.mark.parametrize("density", [0.3, 0.9])
def test_tables_classes_and_best_moves_survive_a_recount(k: int, density: float) -> None:
    count = 40
    adjacency = gnp(count, density, seed=3).conflicts
    edges, neighbors = adjacency.edges(), adjacency.matrix.astype(np.int64)
    colors = np.random.default_rng(5).integers(k, size=count, dtype=np.int32)
    width = -(-k // 16) * 16
    score, moves = np.empty((k, count), dtype=np.int16), np.empty((count, width), dtype=np.int16)
    first, after = np.empty(k, dtype=np.int32), np.empty(count, dtype=np.int32)
    until, bans = np.zeros((count, width), dtype=np.int64), np.zeros(count, dtype=np.int32)
    listed, place = np.empty((2, count), dtype=np.int32)
    now, low, alike = np.zeros((3, count), dtype=np.int16)
    due, chain, banned = np.full((3, 128), -1, dtype=np.int64)
    state, best_colors = np.array([7], dtype=np.uint64), colors.copy()
    arrays = (adjacency.matrix, colors, _FLAG, score, moves, first, after, until, bans, listed,
              place, now, low, alike)  # fmt: skip
    size, conflicts = matrix_start(*arrays)
    best, iteration = conflicts, 0
    while conflicts and iteration < _MOVES:
        iteration, size, conflicts, best = matrix_chunk(
            *arrays, due, chain, banned, state, best_colors, size, conflicts, best, iteration,
            iteration + 1, 1 << 30,
        )  # fmt: skip
        beside = neighbors @ np.eye(k, dtype=np.int64)[colors]
        inside = beside[np.arange(count), colors]
        assert conflicts == inside.sum() // 2
        assert best <= conflicts
        assert (score == beside.T).all()
        assert set(listed[:size]) == set(np.flatnonzero(inside))
        tabu = until[:, :k] > 0
        assert (bans == tabu.sum(axis=1)).all()
        expected = beside + _FLAG * tabu
        expected[np.arange(count), colors] += 2 * _FLAG
        for at, node in enumerate(listed[:size]):
            assert place[node] == at
            assert now[at] == inside[node]
            assert (moves[node, :k] == expected[node]).all()
            assert low[at] == expected[node].min()
            assert alike[at] == (expected[node] == expected[node].min()).sum()
        for c in range(k):
            members, v = set(), first[c]
            while v >= 0:
                members.add(v)
                v = after[v]
            assert members == set(np.flatnonzero(colors == c))
    assert (best_colors[edges[:, 0]] == best_colors[edges[:, 1]]).sum() == best
