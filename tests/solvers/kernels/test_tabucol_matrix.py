"""What the kernel on the matrix keeps up to date is what a recount gives, move after move."""

from __future__ import annotations

import numpy as np
import pytest

from geocolor.graph.generators import gnp
from geocolor.solvers.kernels.tabucol_matrix import matrix_chunk, matrix_start

_MOVES, _FLAG = 400, 1 << 13


@pytest.mark.parametrize("order", [1, 3])
@pytest.mark.parametrize("k", [2, 7, 16])
@pytest.mark.parametrize("density", [0.3, 0.9])
def test_tables_classes_and_best_moves_survive_a_recount(
    order: int, k: int, density: float
) -> None:
    count = 40
    nodes = np.arange(count * order).reshape(count, order)
    # The kernel asks for no symmetry, only that no edge is inside an orbit.
    matrix = np.kron(gnp(count, density, seed=3).conflicts.matrix, np.ones((order, order)))
    matrix = matrix.astype(np.int8) * gnp(count * order, 0.9, seed=4).conflicts.matrix
    own = np.random.default_rng(5).integers(order * k, size=count, dtype=np.int32)
    width = -(-order * k // 16) * 16
    score = np.empty((k, count * order), dtype=np.int16)
    moves = np.empty((count, width), dtype=np.int16)
    first, after = np.empty(k, dtype=np.int32), np.empty(count, dtype=np.int32)
    until, bans = np.zeros((count, width), dtype=np.int64), np.zeros(count, dtype=np.int32)
    listed, place = np.empty((2, count), dtype=np.int32)
    now, low, alike = np.zeros((3, count), dtype=np.int16)
    due, chain, banned = np.full((3, 128), -1, dtype=np.int64)
    state, best_own = np.array([7], dtype=np.uint64), own.copy()
    chosen = np.empty(count, dtype=np.int32)
    arrays = (matrix, own, _FLAG, score, moves, chosen, first, after, until, bans,
              listed, place, now, low, alike)  # fmt: skip
    size, conflicts = matrix_start(*arrays)
    best, iteration = conflicts, 0
    while conflicts and iteration < _MOVES:
        iteration, size, conflicts, best = matrix_chunk(
            *arrays, due, chain, banned, state, best_own, size, conflicts, best, iteration,
            iteration + 1, 1 << 30,
        )  # fmt: skip
        colors, at_node = own % k, nodes[np.arange(count), own // k]
        assert (chosen == at_node).all()
        # Chosen neighbors by node and color; the same by orbit, place and color.
        beside = matrix[:, at_node].astype(np.int64) @ np.eye(k, dtype=np.int64)[colors]
        by_entry = beside.reshape(count, order * k)
        inside = by_entry[np.arange(count), own]
        assert conflicts == inside.sum() // 2
        assert best <= conflicts
        assert (score == beside.T).all()
        assert set(listed[:size]) == set(np.flatnonzero(inside))
        tabu = until[:, : order * k] > 0
        assert (bans == tabu.sum(axis=1)).all()
        expected = by_entry + _FLAG * tabu
        expected[np.arange(count), own] += 2 * _FLAG
        for at, orbit in enumerate(listed[:size]):
            assert place[orbit] == at
            assert now[at] == inside[orbit]
            assert (moves[orbit, : order * k] == expected[orbit]).all()
            assert low[at] == expected[orbit].min()
            assert alike[at] == (expected[orbit] == expected[orbit].min()).sum()
        for c in range(k):
            members, o = set(), first[c]
            while o >= 0:
                members.add(o)
                o = after[o]
            assert members == set(np.flatnonzero(colors == c))
    at_node = nodes[np.arange(count), best_own // k]
    among = matrix[np.ix_(at_node, at_node)]
    assert among[best_own[:, None] % k == best_own % k].sum() // 2 == best
