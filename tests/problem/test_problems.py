"""Questions are of a conflict graph, and say so of what is none."""

from collections.abc import Callable
from typing import Any

import networkx as nx
import numpy as np
import pytest
import scipy.sparse as sp

import geocolor
from geocolor.errors import InputError
from geocolor.graph import ConflictGraph
from geocolor.problem import (
    ColoringProblem,
    CorrelationClusteringProblem,
    EquitableColoringProblem,
    GroupPartitionProblem,
    NormalizedPairSum,
    PartitionProblem,
    check,
    problem_for,
)

POSED: dict[str, Callable[[Any], Any]] = {
    "coloring": ColoringProblem,
    "equitable": EquitableColoringProblem,
    "partition": lambda graph: PartitionProblem(graph, 2),
    "group-partition": lambda graph: GroupPartitionProblem(graph, 2, NormalizedPairSum()),
    "correlation": CorrelationClusteringProblem,
    "bare": problem_for,
    "solved": geocolor.solve,
}


@pytest.mark.parametrize("kind", POSED)
@pytest.mark.parametrize(
    ("given", "message"),
    [
        (None, "a ConflictGraph is needed, not a NoneType: ConflictGraph.from_edges("),
        ("x", "not a str: ConflictGraph.from_edges("),
        ([1], "not a list: ConflictGraph.from_edges("),
        (ConflictGraph, "not a type: ConflictGraph.from_edges("),
        (nx.path_graph(3), "not a Graph: ConflictGraph.from_networkx(graph)"),
        (np.eye(2), "not a ndarray: ConflictGraph.from_dense("),
        (sp.csr_array(np.eye(2)), "not a csr_array: ConflictGraph.from_scipy("),
    ],
)
def test_what_is_no_conflict_graph_is_told_how_to_become_one(
    kind: str, given: Any, message: str
) -> None:
    with pytest.raises(InputError) as caught:
        POSED[kind](given)
    assert message in str(caught.value)


@pytest.mark.parametrize("k", [True, 2.0, "2", None, np.float64(2)])
def test_a_number_of_classes_is_whole(k: Any) -> None:
    with pytest.raises(InputError, match="number of classes must be a whole number"):
        PartitionProblem(ConflictGraph.from_edges(2), k)


def test_the_checker_takes_problems_only() -> None:
    not_a_problem: Any = ConflictGraph.from_edges(2)
    with pytest.raises(InputError, match="takes a problem and its answer, not a ConflictGraph"):
        check(not_a_problem, [0, 1])
