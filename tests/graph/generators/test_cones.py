"""Mycielski's construction and its generalizations."""

from collections.abc import Callable
from typing import Any

import networkx as nx
import pytest

from geocolor.errors import InputError, LimitError
from geocolor.graph import ConflictGraph
from geocolor.graph.generators import full_insertions, insertions, mycielski


@pytest.mark.parametrize("k", [1, 2, 3, 4, 5])
def test_mycielski_against_networkx(k: int, as_networkx: Callable[[ConflictGraph], Any]) -> None:
    assert nx.is_isomorphic(as_networkx(mycielski(k)), nx.mycielski_graph(k + 1))
    assert insertions(0, k).fingerprint == mycielski(k).fingerprint


@pytest.mark.parametrize("k", [0, 1, 2, 7])
def test_one_step_of_insertions_is_an_odd_cycle(
    k: int, as_networkx: Callable[[ConflictGraph], Any]
) -> None:
    assert nx.is_isomorphic(as_networkx(insertions(k, 2)), nx.cycle_graph(2 * k + 5))


@pytest.mark.parametrize(("k", "m"), [(0, 3), (1, 1), (1, 2), (1, 3)])
def test_insertions_need_one_color_more_with_each_step(
    k: int,
    m: int,
    chromatic_number: Callable[[ConflictGraph], int],
    as_networkx: Callable[[ConflictGraph], Any],
) -> None:
    graph = insertions(k, m)
    assert chromatic_number(graph) == m + 1
    assert not any(nx.triangles(as_networkx(graph)).values())


@pytest.mark.parametrize(("k", "m"), [(1, 2), (2, 2), (5, 2), (1, 3)])
def test_full_insertions_need_as_many_as_both_numbers(
    k: int, m: int, chromatic_number: Callable[[ConflictGraph], int]
) -> None:
    assert chromatic_number(full_insertions(k, m)) == k + m


@pytest.mark.parametrize(
    "make",
    [
        lambda: mycielski(0),
        lambda: insertions(-1, 3),
        lambda: insertions(1, 0),
        lambda: full_insertions(0, 3),
        lambda: full_insertions(1, 0),
    ],
)
def test_out_of_range(make: Callable[[], ConflictGraph]) -> None:
    with pytest.raises(InputError, match="at least"):
        make()


@pytest.mark.parametrize(
    "make",
    [lambda: mycielski(10**9), lambda: insertions(10**9, 3), lambda: full_insertions(3, 30)],
)
def test_too_large(make: Callable[[], ConflictGraph]) -> None:
    with pytest.raises(LimitError, match="is too large"):
        make()
