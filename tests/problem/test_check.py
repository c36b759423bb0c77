"""The independent checker accepts what holds and refuses every way to break it."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from geocolor.errors import CheckError, InputError
from geocolor.graph import ConflictGraph, gnp, layers, queen
from geocolor.problem import (
    Coloring,
    ColoringProblem,
    CorrelationClusteringProblem,
    EquitableColoringProblem,
    GroupPartitionProblem,
    NormalizedPairSum,
    PartitionProblem,
    check,
    problem_for,
)


def greedy(graph: ConflictGraph) -> list[int]:
    """Color each node with the first class that none of its earlier neighbors has."""
    colors: list[int] = []
    for node in range(graph.num_nodes):
        taken = {colors[v] for v in graph.conflicts.neighbors(node).tolist() if v < node}
        colors.append(next(c for c in range(node + 1) if c not in taken))
    return colors


@given(seed=st.integers(0, 10**6), p=st.floats(0.1, 0.9), data=st.data())
def test_mutations_of_a_valid_coloring_are_refused(
    seed: int, p: float, data: st.DataObject
) -> None:
    graph = gnp(15, p, seed)
    assume(graph.conflicts.num_edges > 0)
    problem = ColoringProblem(graph)
    colors = greedy(graph)
    report = check(problem, colors)
    assert report.objective == report.num_colors == len(set(colors))

    u, v = data.draw(st.sampled_from(graph.conflicts.edges().tolist()))
    same = [*colors]
    same[u] = colors[v]
    with pytest.raises(CheckError, match="conflict and both have color"):
        check(problem, same)
    with pytest.raises(CheckError, match="shape"):
        check(problem, colors[:-1])
    with pytest.raises(CheckError, match="shape"):
        check(problem, [*colors, 0])
    below = [*colors]
    below[u] = -1
    with pytest.raises(CheckError, match="negative color"):
        check(problem, below)
    with pytest.raises(CheckError, match="integers"):
        check(problem, [float(c) for c in colors])
    with pytest.raises(CheckError, match="at most"):
        check(ColoringProblem(graph, len(set(colors)) - 1), colors)


@given(seed=st.integers(0, 10**6), data=st.data())
def test_partition_objective_is_the_weight_inside(seed: int, data: st.DataObject) -> None:
    graph = layers(10, seed, conflict_share=0.0)
    colors = data.draw(st.lists(st.integers(0, 3), min_size=10, max_size=10))
    dense = graph.weights.to_dense()
    inside = [dense[u, v] for u in range(10) for v in range(u) if colors[u] == colors[v]]
    for problem in (PartitionProblem(graph, 4), CorrelationClusteringProblem(graph)):
        report = check(problem, colors)
        assert report.objective == math.fsum(inside)
        assert math.isclose(problem.objective(np.array(colors, dtype=np.int32)), report.objective)
        assert report.num_colors == len(set(colors))


def test_partition_limits_and_conflicts() -> None:
    graph = ConflictGraph.from_edges(3, [(0, 1)], [1.0], conflicts=[(1, 2)])
    assert check(PartitionProblem(graph, 2), [0, 0, 1]).objective == 1.0
    with pytest.raises(CheckError, match="3 colors, but at most 2"):
        check(PartitionProblem(graph, 2), [0, 1, 2])
    with pytest.raises(CheckError, match="nodes 1 and 2 conflict"):
        check(CorrelationClusteringProblem(graph), [0, 1, 1])


def test_sum_is_exactly_rounded() -> None:
    weights = [1e16, 1.0, -1e16]
    graph = ConflictGraph.from_edges(3, [(0, 1), (0, 2), (1, 2)], weights)
    assert check(CorrelationClusteringProblem(graph), [0, 0, 0]).objective == 1.0


def test_messages_use_labels() -> None:
    graph = ConflictGraph.from_edges(2, [(0, 1)], labels=["q_proj", "k_proj"])
    with pytest.raises(CheckError, match="nodes q_proj and k_proj conflict") as refused:
        check(ColoringProblem(graph), [3, 3])
    assert refused.value.edge == (0, 1)


def test_messages_about_one_node_use_its_label() -> None:
    graph = ConflictGraph.from_edges(3, labels=["q", "k", "v"])
    with pytest.raises(CheckError, match="node k has the negative color -3"):
        check(ColoringProblem(graph), [0, -3, -4])


def test_a_coloring_is_taken_as_it_numbers_its_classes() -> None:
    problem = ColoringProblem(queen(2, 2), fixed={0: 7})
    kept = Coloring.from_colors([7, 0, 2, 1], keep_numbers=True)
    assert check(problem, kept).num_colors == 4
    with pytest.raises(CheckError, match="fixed to color 7"):
        check(problem, Coloring.from_colors([7, 0, 2, 1]))


def test_any_kind_of_integer_is_a_color_and_nothing_else() -> None:
    problem = ColoringProblem(ConflictGraph.from_edges(2, [(0, 1)]))
    for kind in (np.uint8, np.int16, np.uint64):
        assert check(problem, np.array([0, 1], dtype=kind)).num_colors == 2
    for wrong in ([True, False], ["0", "1"], [0, 1j]):
        with pytest.raises(CheckError, match="colors must be integers, not"):
            check(problem, np.array(wrong))


def test_every_kind_of_problem_counts_the_classes() -> None:
    graph = ConflictGraph.from_edges(4, [(0, 1)], [1.0])
    for problem in (
        ColoringProblem(graph),
        EquitableColoringProblem(graph),
        PartitionProblem(graph, 3),
        PartitionProblem(graph, 3, capacity=2),
        GroupPartitionProblem(graph, 3, NormalizedPairSum()),
        CorrelationClusteringProblem(graph),
    ):
        assert check(problem, [5, 5, 0, 0]).num_colors == 2


def test_class_numbers_need_not_be_dense() -> None:
    graph = queen(2, 2)
    assert check(ColoringProblem(graph, 4), [9, 100, 2**40, 0]).num_colors == 4


def test_empty_graph() -> None:
    assert check(ColoringProblem(ConflictGraph.from_edges(0)), []).objective == 0.0


def test_what_is_no_coloring_is_refused() -> None:
    for wrong in ([[0, 1]], [0.5], ["a"]):
        with pytest.raises(InputError, match="colors must be integers of shape"):
            Coloring.from_colors(wrong)
    coloring = Coloring.from_colors([3, 1])
    assert repr(coloring) == "Coloring(num_nodes=2, num_colors=2)"
    assert coloring.by_node("ab") == {"a": 0, "b": 1}
    with pytest.raises(InputError, match="2 nodes were colored, but 3 are given"):
        coloring.by_node("abc")


@given(st.lists(st.integers(-(2**40), 2**40), max_size=20))
def test_coloring_numbers_by_first_appearance(colors: list[int]) -> None:
    coloring = Coloring.from_colors(colors)
    first: dict[int, int] = {}
    assert coloring.colors.tolist() == [first.setdefault(c, len(first)) for c in colors]
    assert coloring.num_colors == len(first)
    classes = [nodes.tolist() for nodes in coloring.classes()]
    assert sorted(node for nodes in classes for node in nodes) == list(range(len(colors)))
    assert all(len({colors[node] for node in nodes}) == 1 for nodes in classes)


@pytest.mark.parametrize("k", [0, -1, 1.5, True, "2"])
def test_wrong_k(k: Any) -> None:
    graph = queen(2, 2)
    with pytest.raises(InputError, match="number of classes"):
        ColoringProblem(graph, k)
    with pytest.raises(InputError, match="number of classes"):
        PartitionProblem(graph, k)


def test_problem_for() -> None:
    pair = [(0, 1)]
    assert isinstance(problem_for(ConflictGraph.from_edges(2, pair)), ColoringProblem)
    signed = ConflictGraph.from_edges(2, pair, [-1.0])
    assert isinstance(problem_for(signed), CorrelationClusteringProblem)
    with pytest.raises(InputError, match="only positive weights"):
        problem_for(ConflictGraph.from_edges(2, pair, [1.0]))


def test_a_palette_takes_no_memory() -> None:
    problem = ColoringProblem(queen(2, 2), 1 << 62, fixed={0: 7})
    assert check(problem, [7, 1, 2, (1 << 62) - 1]).num_colors == 4
    with pytest.raises(CheckError, match="not one of"):
        check(problem, [7, 1, 2, 1 << 62])
