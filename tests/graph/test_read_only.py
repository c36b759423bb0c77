"""Copies of what cannot be changed cannot be changed either."""

import copy
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from geocolor.graph import Adjacency, ConflictGraph, SharingOptions, generators
from geocolor.graph.adjacency import frozen
from geocolor.io import Solution
from geocolor.problem import (
    Coloring,
    ColoringProblem,
    GroupOracle,
    GroupPartitionProblem,
    PartitionProblem,
)

GRAPH = generators.layers(9, 1)
HELD: dict[str, Any] = {
    "graph": GRAPH,
    "adjacency": GRAPH.conflicts,
    "coloring": Coloring.from_colors([0, 1, 0]),
    "options": SharingOptions(["a", "b"], [["a"], ["b"]], [0.0, 1.0], [4, 4]),
    "problem": ColoringProblem(GRAPH, fixed={0: 1}),
    "capacities": PartitionProblem(GRAPH, 3, capacity=4),
    "floors": GroupPartitionProblem(GRAPH, 2, GroupOracle(len, np.zeros(9))),
    "solution": Solution(frozen(np.arange(3))),
}
ROUND_TRIPS: dict[str, Callable[[Any], Any]] = {
    "itself": lambda held: held,
    "pickle": lambda held: pickle.loads(pickle.dumps(held)),  # noqa: S301
    "pickle 2": lambda held: pickle.loads(pickle.dumps(held, 2)),  # noqa: S301
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "twice": lambda held: pickle.loads(pickle.dumps(copy.deepcopy(held))),  # noqa: S301
}


def arrays_of(held: Any) -> dict[str, np.ndarray]:
    """All arrays that an object of ours holds, or that is held by one it holds."""
    found = {}
    for name, value in vars(held).items():
        if isinstance(value, np.ndarray):
            found[name] = value
        elif type(value).__module__.startswith("geocolor"):
            found |= {f"{name}.{inner}": array for inner, array in arrays_of(value).items()}
    return found


@pytest.mark.parametrize("way", ROUND_TRIPS)
@pytest.mark.parametrize("held", HELD)
def test_arrays_stay_read_only(held: str, way: str) -> None:
    before, after = arrays_of(HELD[held]), arrays_of(ROUND_TRIPS[way](HELD[held]))
    assert before
    assert before.keys() == after.keys()
    for name, array in after.items():
        assert not array.flags.writeable, name
        assert (array.dtype, array.flags.c_contiguous) == (before[name].dtype, True)
        np.testing.assert_array_equal(array, before[name])


@pytest.mark.parametrize("way", ROUND_TRIPS)
def test_a_copy_of_a_graph_is_the_same_graph(way: str) -> None:
    for known in (False, True):  # the fingerprint, before it is copied
        graph = ConflictGraph.from_edges(3, [(0, 1)], [2.0], conflicts=[(1, 2)], labels="abc")
        expected = graph.fingerprint if known else GRAPH_OF_THREE.fingerprint
        other = ROUND_TRIPS[way](graph)
        assert other.fingerprint == expected
        assert (other.labels, other.node("c")) == (("a", "b", "c"), 2)


GRAPH_OF_THREE = ConflictGraph.from_edges(3, [(0, 1)], [2.0], conflicts=[(1, 2)])


def test_what_was_computed_once_stays_read_only_too() -> None:
    path = Adjacency.from_edges(3, [(0, 1), (1, 2)])
    assert path.matrix.sum() == 4
    assert not copy.deepcopy(path).matrix.flags.writeable
