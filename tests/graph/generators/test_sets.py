"""Kneser graphs by their definition and by Lovász's theorem."""

from collections.abc import Callable
from itertools import combinations
from typing import Any

import networkx as nx
import pytest

from geocolor.errors import InputError, LimitError
from geocolor.graph import ConflictGraph
from geocolor.graph.generators import edges, kneser


@pytest.mark.parametrize(("n", "k"), [(1, 1), (5, 1), (5, 2), (6, 4), (7, 3), (63, 1)])
def test_kneser_by_its_definition(n: int, k: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(edges, "CHUNK", 50)  # a few rows of pairs at a time
    subsets = [set(chosen) for chosen in combinations(range(n), k)]
    expected = [
        [u, v] for u, v in combinations(range(len(subsets)), 2) if not subsets[u] & subsets[v]
    ]
    graph = kneser(n, k)
    assert graph.num_nodes == len(subsets)
    assert graph.conflicts.edges().tolist() == expected


def test_petersen(as_networkx: Callable[[ConflictGraph], Any]) -> None:
    assert nx.is_isomorphic(as_networkx(kneser(5, 2)), nx.petersen_graph())


@pytest.mark.parametrize(("n", "k"), [(4, 1), (4, 2), (5, 2), (6, 2), (7, 3)])
def test_kneser_needs_what_lovasz_says(
    n: int, k: int, chromatic_number: Callable[[ConflictGraph], int]
) -> None:
    assert chromatic_number(kneser(n, k)) == n - 2 * k + 2


@pytest.mark.parametrize(("n", "k"), [(5, 0), (2, 3), (-1, 1)])
def test_out_of_range(n: int, k: int) -> None:
    with pytest.raises(InputError, match="1 <= k <= n"):
        kneser(n, k)


@pytest.mark.parametrize(("n", "k"), [(64, 1), (60, 30), (63, 3), (30, 9)])
def test_too_large(n: int, k: int) -> None:
    with pytest.raises(LimitError, match=r"elements|is too large"):
        kneser(n, k)
