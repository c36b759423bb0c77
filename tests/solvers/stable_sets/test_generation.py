"""Fractional coloring against known values and exhaustive search; forged bounds are refused."""

from __future__ import annotations

from fractions import Fraction

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geocolor.errors import CheckError
from geocolor.graph import Adjacency, generators
from geocolor.solvers.stable_sets.certificate import StableSetBound
from geocolor.solvers.stable_sets.generation import ColumnGeneration

from .oracle import fractional_number, random_graph


def generated(adjacency: Adjacency, seed: int = 0) -> ColumnGeneration:
    count = adjacency.num_nodes
    bound = StableSetBound.of_clique(np.array([0]), count)
    generation = ColumnGeneration(adjacency, np.eye(count, dtype=np.bool_), bound, seed)
    generation.run(to_the_end=True)
    return generation


@pytest.mark.parametrize(
    ("graph", "value"),
    [(nx.cycle_graph(5), 2.5), (nx.petersen_graph(), 2.5), (nx.complete_graph(6), 6.0)],
)
def test_known_fractional_numbers(graph: nx.Graph, value: float) -> None:
    adjacency = Adjacency.from_edges(len(graph), list(graph.edges()))
    generation = generated(adjacency)
    assert generation.converged
    assert generation.relaxation.value == pytest.approx(value, abs=1e-5)
    assert value - 1e-4 < generation.bound.value <= Fraction(value)
    assert generation.bound.verify(adjacency)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.integers(1, 9), st.floats(0, 1), st.integers(0, 10_000))
def test_the_bound_is_safe_and_tight(count: int, density: float, seed: int) -> None:
    adjacency = random_graph(count, density, seed)
    exact = fractional_number(adjacency)
    generation = generated(adjacency, seed)
    assert exact - 1e-4 < float(generation.bound.value) < exact + 1e-9
    assert generation.bound.verify(adjacency)


def test_rounds_can_be_continued() -> None:
    adjacency = generators.queen(6, 6).conflicts
    bound = StableSetBound.of_clique(np.array([0]), 36)
    generation = ColumnGeneration(adjacency, np.eye(36, dtype=np.bool_), bound, 0)
    generation.run(max_rounds=2)
    assert generation.rounds == 2
    assert not generation.rounded
    generation.run()
    assert generation.rounded
    assert generation.bound.colors == 7


def test_forged_bounds_are_refused() -> None:
    pentagon = Adjacency.from_edges(5, [(i, (i + 1) % 5) for i in range(5)])
    ones = np.ones(5, dtype=np.int64)
    honest = StableSetBound(ones, 2)
    assert (honest.colors, honest.value) == (3, Fraction(5, 2))
    assert honest.verify(pentagon)
    assert not honest.verify(pentagon, stop=lambda: True)
    with pytest.raises(CheckError, match="weighs 2, more than the 1"):
        StableSetBound(ones, 1).verify(pentagon)
    with pytest.raises(CheckError, match="must not be negative"):
        StableSetBound(-ones, 2).verify(pentagon)
    with pytest.raises(CheckError, match="divisor below 1"):
        StableSetBound(ones, 0).verify(pentagon)
    with pytest.raises(CheckError, match="5 weights do not fit a graph of 4 nodes"):
        honest.verify(Adjacency.from_edges(4, [(0, 1)]))
