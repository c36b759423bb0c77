"""Points and ranges, drawn again and compared one by one."""

import math
from collections.abc import Callable
from itertools import combinations
from typing import Any

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geocolor.errors import InputError, LimitError
from geocolor.graph import ConflictGraph
from geocolor.graph.generators import edges, geometric, intervals
from geocolor.graph.generators.stream import stream_of, uniform


def test_they_are_fixed_forever() -> None:
    assert (
        geometric(60, 0.3, seed=7).fingerprint
        == "38408248ee57f25f57fbfcd72e86ecfd0151b3e6e6dda894947dbddab98d84da"
    )
    assert (
        intervals(60, 0.2, seed=7).fingerprint
        == "1080f8bb17e7c661eda76fbdd60ed65dcfc1ca65840ce2b592e9970033e08fce"
    )
    assert geometric(60, 0.3, seed=8).fingerprint != geometric(60, 0.3, seed=7).fingerprint
    assert intervals(60, 0.2, seed=8).fingerprint != intervals(60, 0.2, seed=7).fingerprint


@pytest.mark.parametrize("chunk", [1, 100, 1 << 22])
def test_geometric_by_its_definition(chunk: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(edges, "CHUNK", chunk)
    points = uniform(stream_of(3), 2, 40).T.tolist()
    near = {(u, v) for u, v in combinations(range(40), 2) if math.dist(points[u], points[v]) < 0.3}
    every = set(combinations(range(40), 2))
    found = geometric(40, 0.3, seed=3).conflicts.edges().tolist()
    others = geometric(40, 0.3, seed=3, complement=True).conflicts.edges().tolist()
    assert {(u, v) for u, v in found} == near
    assert {(u, v) for u, v in others} == every - near


def test_geometric_fills_the_square() -> None:
    """The expected share of close pairs is known: that of the disc, less at the border."""
    r = 0.25
    share = geometric(800, r, seed=1).conflicts.num_edges / (800 * 799 / 2)
    assert share == pytest.approx(math.pi * r**2 - 8 / 3 * r**3 + r**4 / 2, rel=0.05)


@given(st.integers(0, 40), st.floats(0.0, 2.0), st.integers(0, 1000))
def test_intervals_by_their_definition(n: int, length: float, seed: int) -> None:
    start, drawn = uniform(stream_of(seed), 2, n)
    end = start + 4.0 * length * drawn**3
    expected = {
        (u, v)
        for u, v in combinations(range(n), 2)
        if max(start[u], start[v]) < min(end[u], end[v]) - 1e-12
    }
    touching = {
        (u, v)
        for u, v in combinations(range(n), 2)
        if abs(max(start[u], start[v]) - min(end[u], end[v])) <= 1e-12
    }
    found = {(u, v) for u, v in intervals(n, length, seed).conflicts.edges().tolist()}
    assert found - touching == expected


def test_intervals_need_as_many_colors_as_are_live_at_one_time(
    chromatic_number: Callable[[ConflictGraph], int],
    as_networkx: Callable[[ConflictGraph], Any],
) -> None:
    graph = intervals(40, 0.1, seed=1)
    start, drawn = uniform(stream_of(1), 2, 40)
    live = (start <= start[:, None]) & (start[:, None] < start + 0.4 * drawn**3)
    assert nx.is_chordal(as_networkx(graph))
    assert chromatic_number(graph) == live.sum(axis=1).max() > 3


def test_intervals_have_the_mean_length_asked_for() -> None:
    """Two ranges that start at x and y overlap if the first of them is longer than y - x."""
    counts = [intervals(500, 0.02, seed).conflicts.num_edges for seed in range(20)]
    assert np.mean(counts) == pytest.approx(500 * 499 / 2 * 2 * 0.02, rel=0.1)


@pytest.mark.parametrize(
    "make",
    [
        lambda: geometric(-1, 0.5),
        lambda: geometric(5, -0.5),
        lambda: geometric(5, math.nan),
        lambda: geometric(5, math.inf),
        lambda: geometric(5, 0.5, seed=-1),
        lambda: intervals(-1, 0.5),
        lambda: intervals(5, -0.5),
        lambda: intervals(5, math.nan),
        lambda: intervals(5, 0.5, seed=-1),
    ],
)
def test_out_of_range(make: Callable[[], ConflictGraph]) -> None:
    with pytest.raises(InputError, match=r"negative|finite"):
        make()


@pytest.mark.parametrize(
    "make",
    [
        lambda: geometric(10**9, 0.0),
        lambda: geometric(20_000, 0.5),
        lambda: geometric(20_000, 0.0, complement=True),
        lambda: intervals(10**9, 0.0),
        lambda: intervals(20_000, 1.0),
    ],
)
def test_too_large(make: Callable[[], ConflictGraph]) -> None:
    with pytest.raises(LimitError, match="is too large"):
        make()


def test_empty_and_tiny() -> None:
    assert [geometric(n, 2.0).conflicts.num_edges for n in (0, 1, 2)] == [0, 0, 1]
    assert [intervals(n, 1e9).conflicts.num_edges for n in (0, 1, 2)] == [0, 0, 1]
    assert intervals(50, 0.0).conflicts.num_edges == 0
