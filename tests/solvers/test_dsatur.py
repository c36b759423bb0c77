"""DSATUR against its definition, node by node."""

from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geocolor.graph import Adjacency, generators
from geocolor.problem import ColoringProblem
from geocolor.solvers import dsatur as module
from geocolor.solvers.dsatur import dsatur
from geocolor.solvers.search import Search


def search_of(limit: float | None = None) -> Search:
    problem = ColoringProblem(generators.gnp(1, 0.5, seed=0))
    return Search(problem, started=time.monotonic(), time_limit=limit, seed=0, workers=1)


def by_definition(adjacency: Adjacency) -> tuple[list[int], list[int]]:
    """Most colors beside, then most uncolored neighbors, then most neighbors, then the first."""
    colors = [-1] * adjacency.num_nodes
    order = []

    def beside(v: int) -> set[int]:
        return {colors[u] for u in adjacency.neighbors(v) if colors[u] >= 0}

    def uncolored(v: int) -> int:
        return sum(colors[u] < 0 for u in adjacency.neighbors(v))

    while -1 in colors:
        left = [v for v in range(adjacency.num_nodes) if colors[v] < 0]
        v = max(left, key=lambda v: (len(beside(v)), uncolored(v), len(adjacency.neighbors(v)), -v))
        colors[v] = next(c for c in range(len(colors)) if c not in beside(v))
        order.append(v)
    return colors, order


@given(
    count=st.integers(0, 40),
    density=st.floats(0.0, 1.0),
    seed=st.integers(0, 1 << 20),
    chunk=st.sampled_from([1, 50, 300_000]),
)
def test_follows_the_definition(count: int, density: float, seed: int, chunk: int) -> None:
    pairs = np.stack(np.triu_indices(count, 1), axis=1)
    drawn = np.random.default_rng(seed).random(len(pairs)) < density
    adjacency = Adjacency.from_edges(count, pairs[drawn])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_CHUNK", chunk)
        colors, order = dsatur(adjacency, search_of())
    assert (colors.tolist(), order.tolist()) == by_definition(adjacency)


def test_more_colors_than_a_word_has_bits() -> None:
    adjacency = generators.gnp(200, 0.97, seed=1).conflicts
    colors, order = dsatur(adjacency, search_of())
    assert colors.max() >= 64
    assert (colors.tolist(), order.tolist()) == by_definition(adjacency)


def test_gives_nothing_when_the_time_is_over() -> None:
    assert dsatur(generators.gnp(20, 0.5, seed=1).conflicts, search_of(0.0)) is None
