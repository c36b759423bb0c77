"""Groups below a bar, against all groups; certificates that hold and that do not."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from numpy.typing import NDArray

from geocolor.errors import CheckError
from geocolor.solvers.set_partition.certificate import GroupBound
from geocolor.solvers.set_partition.costs import FINE, PairCosts
from geocolor.solvers.set_partition.pricing import GroupSearch, Room


def some(count: int, seed: int, lowest: int) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Pair costs of `lowest` or more, and a quarter of hard conflicts."""
    rng = np.random.default_rng(seed)
    weights = np.triu(rng.integers(lowest, 30, (count, count)), 1)
    apart = np.triu(rng.random((count, count)) < 0.25, 1)
    return weights + weights.T, apart | apart.T


def groups_below(
    weights: NDArray[np.int64], apart: NDArray[np.bool_], duals: NDArray[np.int64], bar: int
) -> dict[tuple[int, ...], int]:
    found = {}
    for size in range(1, len(duals) + 1):
        for nodes in itertools.combinations(range(len(duals)), size):
            around = np.ix_(nodes, nodes)
            if not apart[around].any():
                value = int(weights[around].sum()) // 2 - int(duals[list(nodes)].sum())
                if value < bar:
                    found[nodes] = value
    return found


@pytest.mark.parametrize("lowest", [0, -20])
@pytest.mark.parametrize("seed", range(8))
def test_every_group_below_the_bar(seed: int, lowest: int) -> None:
    weights, apart = some(9, seed, lowest)
    duals = np.random.default_rng(seed).integers(-5, 40, 9)
    expected = groups_below(weights, apart, duals, -10)
    search = GroupSearch(weights, apart, duals, -10, every=True, most=1000)
    search.run(lambda: False)
    assert search.finished
    nodes = [tuple(np.flatnonzero(group).tolist()) for group in search.groups]
    assert dict(zip(nodes, search.values.tolist(), strict=True)) == expected
    assert len(nodes) == len(expected)
    best = GroupSearch(weights, apart, duals, -10, every=False, most=10)
    best.run(lambda: False)
    assert best.values.min(initial=0) == min(expected.values(), default=0)
    assert len(best.groups) <= 9


@pytest.mark.parametrize("lowest", [0, -20])
@pytest.mark.parametrize("seed", range(8))
def test_groups_with_a_capacity(seed: int, lowest: int) -> None:
    weights, apart = some(9, seed, lowest)
    rng = np.random.default_rng(seed + 100)
    duals = rng.integers(-5, 60, 9) * FINE
    sizes, capacity = rng.integers(1, 8, 9), 12
    room = Room.of(sizes, capacity, 9)
    below = groups_below(weights * FINE, apart, duals, -10)
    fits = {nodes: v for nodes, v in below.items() if sizes[list(nodes)].sum() <= capacity}
    assert 0 < len(fits) < len(below)
    search = GroupSearch(weights * FINE, apart, duals, -10, every=True, most=1000, room=room)
    search.run(lambda: False)
    nodes = [tuple(np.flatnonzero(group).tolist()) for group in search.groups]
    assert dict(zip(nodes, search.values.tolist(), strict=True)) == fits
    best = GroupSearch(weights * FINE, apart, duals, -10, every=False, most=10, room=room)
    best.run(lambda: False)
    assert best.values.min(initial=0) == min(fits.values())
    assert all(tuple(np.flatnonzero(group).tolist()) in fits for group in best.groups)


def test_groups_that_leave_too_much_are_not_part_of_a_partition() -> None:
    weights, apart = some(9, 2, 0)
    sizes = np.array([2, 4, 6, 2, 4, 6, 2, 4, 6])
    room = Room.of(sizes, 13, 3)
    assert (room.sizes.tolist(), room.capacity, room.spare) == ((sizes // 2).tolist(), 6, 0)
    duals = np.full(9, 40)
    expected = groups_below(weights, apart, duals, 0)
    full = {nodes for nodes in expected if sizes[list(nodes)].sum() == 12}
    search = GroupSearch(weights, apart, duals, 0, every=True, most=1000, room=room)
    search.run(lambda: False)
    assert {tuple(np.flatnonzero(group).tolist()) for group in search.groups} == full
    assert Room.of(sizes, 1000, 2).capacity == 18


def test_it_stops_when_full_when_cut_short_and_when_told() -> None:
    weights, apart = some(12, 1, 0)
    duals = np.full(12, 40)
    full = GroupSearch(weights, apart, duals, 0, every=True, most=5)
    full.run(lambda: False)
    assert (len(full.groups), full.finished) == (5, False)
    cut = GroupSearch(weights, apart, duals, 0, every=False, most=13, root_work=1)
    cut.run(lambda: False)
    assert not cut.finished
    told = GroupSearch(weights, apart, duals, 0, every=True, most=5)
    told.run(lambda: True)
    assert (len(told.groups), told.finished) == (0, False)


def test_a_certificate_is_held_to_all_groups() -> None:
    weights, apart = some(8, 3, 0)
    low = GroupBound(np.zeros(8, dtype=np.int64), 0, 3)
    assert low.verify(PairCosts(weights), apart)
    assert low.steps == 0
    assert not low.verify(PairCosts(weights), apart, lambda: True)
    high = GroupBound(np.full(8, 31 * FINE), 0, 3)
    with pytest.raises(CheckError, match="costs less than the bound says"):
        high.verify(PairCosts(weights), apart)
    with pytest.raises(CheckError, match="must not be positive"):
        GroupBound(np.zeros(8, dtype=np.int64), 1, 3).verify(PairCosts(weights), apart)
    with pytest.raises(CheckError, match="7 duals do not fit 8 nodes"):
        GroupBound(np.zeros(7, dtype=np.int64), 0, 3).verify(PairCosts(weights), apart)
