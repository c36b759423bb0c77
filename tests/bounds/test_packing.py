"""The bound on classes by sizes, against packings; pairs too large, against all pairs."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geocolor.bounds import packing as packing_module
from geocolor.bounds import packing_bound, with_size_conflicts
from geocolor.graph import ConflictGraph
from geocolor.problem import PartitionProblem


def fewest_bins(sizes: list[int], capacity: int) -> int:
    """Least number of classes, by trying all packings."""
    least = len(sizes)

    def place(at: int, loads: list[int]) -> None:
        nonlocal least
        if at == len(sizes):
            least = min(least, len(loads))
            return
        for load in sorted(set(loads)):
            if load + sizes[at] <= capacity:
                rest = [*loads]
                rest.remove(load)
                place(at + 1, [*rest, load + sizes[at]])
        if len(loads) + 1 < least:
            place(at + 1, [*loads, sizes[at]])

    place(0, [])
    return least


@st.composite
def packings(draw: st.DrawFn) -> tuple[list[int], int]:
    capacity = draw(st.integers(1, 30))
    return draw(st.lists(st.integers(1, capacity), max_size=8)), capacity


@given(packings())
def test_between_the_volume_and_the_fewest(asked: tuple[list[int], int]) -> None:
    sizes, capacity = asked
    bound = packing_bound(np.array(sizes, dtype=np.int64), capacity)
    assert -(-sum(sizes) // capacity) <= bound <= fewest_bins(sizes, capacity)


@given(packings())
def test_as_its_authors_define_it(asked: tuple[list[int], int]) -> None:
    sizes, capacity = asked
    best = 0
    for least in [0, *(size for size in sizes if 2 * size <= capacity)]:
        alone = [s for s in sizes if s > capacity - least]
        large = [s for s in sizes if capacity - least >= s > capacity / 2]
        small = [s for s in sizes if capacity / 2 >= s >= least]
        over = sum(small) - (len(large) * capacity - sum(large))
        best = max(best, len(alone) + len(large) + max(0, -(-over // capacity)))
    assert packing_bound(np.array(sizes, dtype=np.int64), capacity) == best


def test_it_sees_what_the_volume_does_not() -> None:
    assert packing_bound(np.full(6, 51), 100) == 6
    assert packing_bound(np.array([60, 60, 40, 40, 40, 40]), 99) == 4
    assert packing_bound(np.array([], dtype=np.int64), 3) == 0
    assert packing_bound(np.ones(10, dtype=np.int64), 3) == 4


@given(packings(), st.integers(0, 10**6))
def test_pairs_too_large_become_conflicts(asked: tuple[list[int], int], seed: int) -> None:
    sizes, capacity = asked
    count = len(sizes)
    rng = np.random.default_rng(seed)
    hard = np.triu(rng.random((count, count)) < 0.2, 1)
    graph = ConflictGraph.from_edges(count, np.argwhere(hard))
    tighter = with_size_conflicts(PartitionProblem(graph, 3, sizes, capacity))
    expected = [
        [i, j]
        for i in range(count)
        for j in range(i + 1, count)
        if hard[i, j] or sizes[i] + sizes[j] > capacity
    ]
    assert tighter.graph.conflicts.edges().tolist() == expected
    assert (tighter.k, tighter.capacity, tighter.sizes.tolist()) == (3, capacity, sizes)


def test_what_stays_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    graph = ConflictGraph.from_edges(5)
    plain = PartitionProblem(graph, 3)
    assert with_size_conflicts(plain) is plain
    loose = PartitionProblem(graph, 3, capacity=2)
    assert with_size_conflicts(loose) is loose
    monkeypatch.setattr(packing_module, "_MOST_PAIRS", 9)
    many = PartitionProblem(graph, 5, capacity=1)
    assert with_size_conflicts(many) is many
