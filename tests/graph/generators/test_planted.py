"""Graphs around a hidden coloring: it is one, and as much more as is said of them."""

from collections.abc import Callable
from typing import Any

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from geocolor.errors import InputError, LimitError
from geocolor.graph import ConflictGraph
from geocolor.graph.generators import flat, leighton, timetable
from geocolor.graph.generators.planted import hidden_classes
from geocolor.graph.generators.stream import stream_of

MAKERS: dict[str, Callable[[int, int, int], ConflictGraph]] = {
    "flat": lambda n, k, seed: flat(n, k, 0.5, seed),
    "leighton": lambda n, k, seed: leighton(n, k, 20, seed),
    "timetable": lambda n, k, seed: timetable(n, 20, k, (k + 1) // 2, seed),
}
FOREVER = {
    "flat": "2ce9ad9223f5df209a60f1a4eeb7fdeea663a5b3505695c562ed81328abccd62",
    "leighton": "1e605b50882a5f5bcedfcfbf61c83648b57a799145547f9895a3afd594c26e1f",
    "timetable": "d02a79ccfc4bee8d5ef3fe71549ca9d74448700f279350b177d8246d76c440b8",
}


def hidden_coloring(n: int, k: int, seed: int) -> NDArray[np.int64]:
    classes = hidden_classes(stream_of(seed), n, k)
    colors = np.full(n, -1)
    for color, nodes in enumerate(classes):
        colors[nodes[nodes >= 0]] = color
    return colors


@given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 100))
def test_classes_are_as_equal_as_can_be(n: int, k: int, seed: int) -> None:
    sizes = np.bincount(hidden_coloring(n, min(n, k), seed), minlength=min(n, k))
    assert sizes.sum() == n
    assert sizes.max() - sizes.min() <= 1


@pytest.mark.parametrize("name", MAKERS)
@given(st.integers(2, 40), st.integers(2, 12), st.integers(0, 100))
def test_the_hidden_coloring_is_one(name: str, n: int, k: int, seed: int) -> None:
    k = min(n, k)
    u, v = MAKERS[name](n, k, seed).conflicts.edges().T
    colors = hidden_coloring(n, k, seed)
    assert (colors[u] != colors[v]).all()


@pytest.mark.parametrize("name", MAKERS)
def test_they_are_fixed_forever(name: str) -> None:
    make = MAKERS[name]
    assert make(60, 7, 7).fingerprint == FOREVER[name]
    assert make(60, 7, 8).fingerprint != make(60, 7, 7).fingerprint


@pytest.mark.parametrize(
    ("n", "k", "p"), [(60, 6, 0.5), (64, 6, 0.5), (50, 3, 0.13), (99, 10, 0.9)]
)
def test_flat_graphs_are_flat(n: int, k: int, p: float) -> None:
    """Degrees into each other class differ by one, or two if a class has one node less."""
    graph = flat(n, k, p, seed=2)
    colors = hidden_coloring(n, k, seed=2)
    dense = graph.conflicts.to_dense()
    into = np.stack([dense[:, colors == color].sum(axis=1) for color in range(k)], axis=1)
    for color in range(k):
        others = np.delete(into[colors == color], color, axis=1)
        spread = others.max(axis=0) - others.min(axis=0)
        assert spread.max() <= (1 if n % k == 0 else 2)
    apart = np.triu(colors[:, None] != colors, 1).sum()
    assert graph.conflicts.num_edges == pytest.approx(p * apart, rel=0.05)


def test_flat_at_its_ends() -> None:
    assert flat(30, 7, 0.0).conflicts.num_edges == 0
    colors = hidden_coloring(30, 7, seed=0)
    expected = np.triu(colors[:, None] != colors, 1)
    np.testing.assert_array_equal(flat(30, 7, 1.0).conflicts.edges(), np.argwhere(expected))


def test_flat_treats_all_pairs_of_classes_alike() -> None:
    counts = sum(flat(12, 4, 0.5, seed=seed).conflicts.to_dense() for seed in range(400))
    assert isinstance(counts, np.ndarray)
    share = 0.5 * 9 / 11  # of a node's 11 others, 9 are in other classes
    upper = counts[np.triu_indices(12, 1)]
    assert abs(upper - 400 * share).max() < 5 * np.sqrt(400 * share * (1 - share))


@pytest.mark.parametrize(("n", "k"), [(50, 2), (60, 5), (40, 12), (9, 9)])
def test_leighton_graphs_have_a_clique_in_all_classes(
    n: int, k: int, as_networkx: Callable[[ConflictGraph], Any]
) -> None:
    cliques = nx.find_cliques(as_networkx(leighton(n, k, 30, seed=4)))
    assert max(len(clique) for clique in cliques) == k


def test_one_clique() -> None:
    assert leighton(30, 6, 1).conflicts.num_edges == 15
    assert timetable(30, 1, 6, 4).conflicts.num_edges == 6
    assert timetable(30, 0, 6, 4).conflicts.num_edges == 0
    assert timetable(30, 9, 6, 1).conflicts.num_edges == 0


def test_leighton_draws_all_sizes() -> None:
    """One clique besides the first, in so large a graph that they hardly meet."""
    sizes = {leighton(3000, 5, 2, seed).conflicts.num_edges - 10 for seed in range(60)}
    assert sizes == {1, 3, 6, 10}


def test_students_with_an_exam_in_each_period_are_cliques(
    as_networkx: Callable[[ConflictGraph], Any],
) -> None:
    cliques = nx.find_cliques(as_networkx(timetable(40, 10, 6, 6, seed=1)))
    assert max(len(clique) for clique in cliques) == 6


def test_few_exams_are_popular() -> None:
    classes = hidden_classes(stream_of(3), 200, 10)
    degrees = timetable(200, 150, 10, 3, seed=3).conflicts.to_dense().sum(axis=1)
    first, last = degrees[classes[:, :5]].mean(), degrees[classes[:, -5:]].mean()
    assert first > 1.5 * last


@pytest.mark.parametrize(
    "make",
    [
        lambda: flat(5, 6, 0.5),
        lambda: flat(5, 0, 0.5),
        lambda: flat(5, 3, 1.5),
        lambda: flat(5, 3, float("nan")),
        lambda: flat(5, 3, 0.5, seed=-1),
        lambda: leighton(5, 1, 5),
        lambda: leighton(5, 6, 5),
        lambda: leighton(5, 3, 0),
        lambda: leighton(5, 3, 5, seed=-1),
        lambda: timetable(5, 5, 6, 3),
        lambda: timetable(5, 5, 3, 4),
        lambda: timetable(5, 5, 3, 0),
        lambda: timetable(5, -1, 3, 3),
        lambda: timetable(5, 5, 3, 3, seed=-1),
    ],
)
def test_out_of_range(make: Callable[[], ConflictGraph]) -> None:
    with pytest.raises(InputError, match=r"needs|negative|finite"):
        make()


@pytest.mark.parametrize(
    "make",
    [
        lambda: flat(10**6, 10, 0.5),
        lambda: leighton(10**9, 10, 1),
        lambda: leighton(1000, 10, 10**6),
        lambda: timetable(10**9, 1, 2, 2),
        lambda: timetable(1000, 10**7, 10, 2),
    ],
)
def test_too_large(make: Callable[[], ConflictGraph]) -> None:
    with pytest.raises(LimitError, match="is too large"):
        make()
