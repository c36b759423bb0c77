"""Bounds that hold for every partition, whatever the multipliers."""

from __future__ import annotations

import numpy as np
import pytest

from geocolor.errors import CheckError
from geocolor.solvers.edge_lp.certificate import FINE, EdgeBound
from geocolor.solvers.edge_lp.cuts import Cuts, separate


@pytest.mark.parametrize("seed", range(10))
def test_no_partition_is_below(oracle, seed: int) -> None:
    rng = np.random.default_rng(seed)
    count = 6
    first, second = np.triu_indices(count, 1)
    costs = rng.integers(-20, 20, len(first))
    x = np.triu(rng.random((count, count)), 1)
    cuts = separate(x + x.T, 30)
    bound = EdgeBound(cuts, rng.integers(0, 20 * FINE, len(cuts)))
    free = np.zeros(len(costs), dtype=bool)
    partitions = oracle.partitions(count)
    inside = partitions[:, first] == partitions[:, second]
    assert bound.value(costs, free, free) <= FINE * (inside @ costs).min()
    # With some pairs decided, only partitions that keep to that count.
    together, apart = free.copy(), free.copy()
    together[2] = apart[7] = True
    keeps = inside[:, 2] & ~inside[:, 7]
    assert bound.value(costs, together, apart) <= FINE * (inside[keeps] @ costs).min()


def test_without_cuts_the_gains_are_the_bound() -> None:
    bound = EdgeBound(Cuts.none(), np.zeros(0, dtype=np.int64))
    free = np.zeros(3, dtype=bool)
    costs = np.array([-5, 3, -2])
    assert bound.value(costs, free, free) == -7 * FINE
    assert bound.value(costs, np.array([False, True, False]), free) == -4 * FINE
    assert bound.value(costs, free, np.array([True, False, False])) == -2 * FINE


def test_a_negative_multiplier_is_refused() -> None:
    cuts = Cuts(np.array([0, 3]), np.array([0, 1, 2], dtype=np.int32))
    free = np.zeros(3, dtype=bool)
    with pytest.raises(CheckError, match="not be negative"):
        EdgeBound(cuts, np.array([-1])).value(np.zeros(3, dtype=np.int64), free, free)
