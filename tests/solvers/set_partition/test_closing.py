"""Exact covers, against all choices of groups."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from geocolor.solvers.set_partition.closing import cheapest_cover


@pytest.mark.parametrize("empty", [0, 7])
@pytest.mark.parametrize("seed", range(12))
def test_the_cheapest_cover(seed: int, empty: int) -> None:
    rng = np.random.default_rng(seed)
    groups = rng.random((12, 6)) < 0.35
    groups = groups[groups.any(axis=1)]
    costs = rng.integers(0, 20, len(groups))
    most = 3
    totals = [
        int(costs[list(chosen)].sum()) + empty * (most - size)
        for size in range(1, most + 1)
        for chosen in itertools.combinations(range(len(groups)), size)
        if (groups[list(chosen)].sum(axis=0) == 1).all()
    ]
    best = min(totals, default=None)
    colors, finished = cheapest_cover(groups, costs, most, empty, 1000, lambda: False)
    assert finished
    assert (colors is None) == (best is None)
    if best is not None:
        assert colors is not None
        assert len(np.unique(colors)) <= most
        rows = {row.tobytes(): int(cost) for row, cost in zip(groups, costs, strict=True)}
        # Two groups with the same nodes: the dearer one must not have been taken.
        for row, cost in zip(groups, costs, strict=True):
            rows[row.tobytes()] = min(int(cost), rows[row.tobytes()])
        classes = [(colors == color) for color in np.unique(colors)]
        paid = sum(rows[np.ascontiguousarray(each).tobytes()] for each in classes)
        assert paid + empty * (most - len(classes)) == best
        assert cheapest_cover(groups, costs, most, empty, best, lambda: False) == (None, True)


def test_more_nodes_than_a_word_has_bits() -> None:
    groups = np.zeros((80, 70), dtype=np.bool_)
    groups[:70] = np.eye(70, dtype=np.bool_)
    for at in range(10):
        groups[70 + at, 7 * at : 7 * at + 7] = True
    costs = np.array([1] * 70 + [6] * 10)
    colors, finished = cheapest_cover(groups, costs, 70, 0, 1000, lambda: False)
    assert finished
    assert colors is not None
    assert len(np.unique(colors)) == 10


def test_it_stops_when_told() -> None:
    eye = np.eye(3, dtype=np.bool_)
    assert cheapest_cover(eye, np.zeros(3, dtype=np.int64), 3, 0, 9, lambda: True) == (None, False)
