"""Cuts that every partition satisfies, found where a point does not."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from geocolor.solvers.edge_lp.cuts import Cuts, pair_indices, separate


def square(count: int, seed: int) -> NDArray[np.float64]:
    x = np.random.default_rng(seed).random((count, count)) ** 0.5
    x = np.triu(np.where(x > 0.9, 1.0, x), 1)
    return x + x.T


def flat(x: NDArray[np.float64]) -> NDArray[np.float64]:
    return x[np.triu_indices(len(x), 1)]


@pytest.mark.parametrize("count", [1, 2, 5])
def test_pairs_are_numbered_row_by_row(count: int) -> None:
    pairs = pair_indices(count)
    first, second = np.triu_indices(count, 1)
    np.testing.assert_array_equal(pairs[first, second], np.arange(len(first)))
    np.testing.assert_array_equal(pairs, pairs.T)


@given(st.integers(3, 9), st.integers(0, 500))
@settings(max_examples=60, deadline=None)
def test_partitions_keep_to_all_cuts_and_the_point_to_none(count: int, seed: int) -> None:
    x = square(count, seed)
    cuts = separate(x, 50)
    rows = cuts.rows(pair_indices(count))
    assert (rows @ flat(x) > 1).all()
    rng = np.random.default_rng(seed)
    for _ in range(50):
        colors = rng.integers(count, size=count)
        together = flat((colors[:, None] == colors).astype(float))
        assert (rows @ together <= 1).all()
        assert not len(separate((colors[:, None] == colors) & ~np.eye(count, dtype=bool), 50))


def test_a_row_by_hand() -> None:
    cuts = Cuts(np.array([0, 3, 7]), np.array([2, 0, 1, 0, 1, 2, 3], dtype=np.int32))
    rows = cuts.rows(pair_indices(4)).toarray()
    # Pairs 01, 02, 03, 12, 13, 23.
    assert rows.tolist() == [[-1, 1, 0, 1, 0, 0], [1, 1, 1, -1, -1, -1]]
    assert len(cuts) == 2
    assert cuts.chosen(np.array([1])).members.tolist() == [0, 1, 2, 3]
    both = cuts.chosen(np.array([1])).together(cuts.chosen(np.array([0])))
    assert both.rows(pair_indices(4)).toarray().tolist() == rows[::-1].tolist()
    assert Cuts.none().rows(pair_indices(4)).shape == (0, 6)


def test_two_partitions_where_triangles_say_nothing() -> None:
    # A node half with five others that are all apart.
    x = np.zeros((6, 6))
    x[0, 1:] = x[1:, 0] = 0.5
    cuts = separate(x, 100)
    sizes = np.diff(cuts.starts) - 1
    assert len(cuts)
    assert (sizes > 2).any()
    assert (cuts.members[cuts.starts[:-1]] == 0).all()


def test_the_worst_come_first_and_are_spread() -> None:
    x = square(30, 1)
    few, many = separate(x, 5), separate(x, 500)
    assert len(few) == 5
    rows = many.rows(pair_indices(30))
    violations = rows @ flat(x)
    np.testing.assert_allclose(few.rows(pair_indices(30)) @ flat(x), violations[:5])
    # No pair of a node and another is in more than four of them.
    uses = (rows == 1).sum(axis=0)
    assert uses.max() <= 4
