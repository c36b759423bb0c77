"""Fixed colors and lists are read early, refused where they cannot hold, and checked."""

import copy
import pickle
from typing import Any

import numpy as np
import pytest

from geocolor.errors import CheckError, InputError, LimitError
from geocolor.graph import ConflictGraph
from geocolor.problem import Coloring, ColoringProblem, EquitableColoringProblem, check

PATH = ConflictGraph.from_edges(4, [(0, 1), (1, 2), (2, 3)], labels="abcd")


def test_nodes_go_by_number_or_label_and_arrays_leave_nodes_free() -> None:
    by_label = ColoringProblem(PATH, fixed={"a": 2, "d": 0})
    by_number = ColoringProblem(PATH, fixed={0: 2, np.int64(3): np.int32(0)})
    by_array = ColoringProblem(PATH, fixed=[2, -1, -1, 0])
    assert by_label.fixed == by_number.fixed == by_array.fixed == {0: 2, 3: 0}
    lists = ColoringProblem(PATH, allowed={"b": [1, 1, 4], 2: np.array([0])})
    assert lists.allowed == {1: {1, 4}, 2: {0}}
    assert lists.any_answers
    assert not by_label.any_answers


def test_no_restriction_is_a_plain_problem() -> None:
    problem = ColoringProblem(PATH, fixed=[-1] * 4, allowed={})
    assert (problem.fixed, problem.allowed, problem.is_restricted) == (None, None, False)
    assert ColoringProblem(ConflictGraph.from_edges(0), fixed=[]).fixed is None


def test_a_restricted_problem_can_be_copied_and_sent() -> None:
    problem = ColoringProblem(PATH, 5, {"a": 2}, {"b": [1, 4]})
    for other in (pickle.loads(pickle.dumps(problem)), copy.deepcopy(problem)):  # noqa: S301
        assert (other.k, other.fixed, other.allowed) == (5, {0: 2}, {1: {1, 4}})
        assert_unchangeable(other)


def assert_unchangeable(problem: Any) -> None:
    for held in (problem.fixed, problem.allowed):
        with pytest.raises(TypeError, match="does not support item assignment"):
            held[0] = 5


def test_what_was_checked_cannot_be_changed() -> None:
    fixed, allowed = {0: 2}, {1: [1, 4]}
    problem = ColoringProblem(PATH, fixed=fixed, allowed=allowed)
    fixed[1], allowed[0] = 2, [3]
    assert (problem.fixed, problem.allowed) == ({0: 2}, {1: {1, 4}})
    assert_unchangeable(problem)


@pytest.mark.parametrize("length", [10_000_001, 10**9, 10**30])
def test_lists_without_end_are_refused_before_memory_is(length: int) -> None:
    with pytest.raises(LimitError, match="up to that of node b have more than 10,000,000 entries"):
        ColoringProblem(PATH, allowed={"a": [0], "b": range(length)})


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"fixed": {"a": 1, "b": 1}}, "nodes a and b conflict and are both fixed to color 1"),
        ({"fixed": {"x": 1}}, "no node is called 'x'"),
        ({"fixed": {4: 1}}, "node 4, outside the nodes 0 to 3"),
        ({"fixed": {True: 1}}, "the node True"),
        ({"fixed": {"a": 1, 0: 1}}, "fixed names node a twice"),
        ({"fixed": {"a": -1}}, "node a is fixed to color -1; colors are whole numbers from 0"),
        ({"fixed": {"a": 1.5}}, "node a is fixed to 1.5"),
        ({"fixed": {"a": 1 << 31}}, "whole numbers from 0 to 2147483647"),
        ({"fixed": {"a": 3}, "k": 3}, "color 3; 3 classes have the colors 0 to 2"),
        ({"fixed": [0, -1]}, "4 integers"),
        ({"fixed": [0, -2, -1, -1]}, "node b is fixed to color -2"),
        ({"fixed": [0.0, 1.0, 0.0, 1.0]}, "not float64"),
        ({"allowed": {"a": []}}, "node a has an empty list"),
        ({"allowed": {"a": [0, 7]}, "k": 3}, "node a is allowed color 7; 3 classes"),
        ({"allowed": {"a": "01"}}, "node a needs a list of colors"),
        ({"allowed": {"a": b"01"}}, "node a needs a list of colors"),
        ({"allowed": {"a": np.array(1)}}, "node a needs a list of colors"),
        ({"fixed": [[0], [1, 2], [0], [0]]}, "fixed must be an array"),
        ({"allowed": {"a": 1}}, "node a needs a list of colors"),
        ({"allowed": [[0], [1], [0], [1]]}, "must map nodes"),
        ({"allowed": {"a": [0, 1]}, "fixed": {"a": 2}}, "color 2, which is not in its list"),
    ],
)
def test_refused_early(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError) as caught:
        ColoringProblem(PATH, **arguments)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("arguments", "colors", "message"),
    [
        ({"fixed": {"a": 2}}, [0, 1, 0, 1], "node a has color 0, but is fixed to color 2"),
        ({"allowed": {"b": [1, 2]}}, [1, 0, 1, 0], "node b has color 0, but is allowed only 1, 2"),
        (
            {"allowed": {"b": [1, 2]}},
            [1, 2, 3, 2],
            "node c has color 3, which is not one of the 2 colors of the palette",
        ),
        (
            {"fixed": {"a": 0}, "k": 2},
            [0, 5, 0, 5],
            "node b has color 5, which is not one of the 2 colors of the palette",
        ),
        ({"allowed": {"b": range(20)}}, [0, 20, 0, 1], "only 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, ..."),
        ({"allowed": {"b": range(11)}}, [0, 20, 0, 1], "only 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, ..."),
        ({"allowed": {"b": range(10)}}, [0, 20, 0, 1], "only 0, 1, 2, 3, 4, 5, 6, 7, 8, 9"),
    ],
)
def test_the_checker_names_node_and_color(
    arguments: dict[str, Any], colors: list[int], message: str
) -> None:
    with pytest.raises(CheckError) as caught:
        check(ColoringProblem(PATH, **arguments), colors)
    assert str(caught.value).endswith(message)


def test_the_checker_takes_what_holds() -> None:
    assert check(ColoringProblem(PATH, fixed={"a": 7}), [7, 90, 7, 1]).objective == 3
    problem = ColoringProblem(PATH, fixed={"a": 7}, allowed={"b": [3], "c": [3, 5]})
    assert check(problem, [7, 3, 5, 7]).num_colors == 3


def test_numbers_are_kept_where_they_mean_something() -> None:
    kept = Coloring.from_colors([7, 2, 7, 90], keep_numbers=True)
    assert kept.colors.tolist() == [7, 2, 7, 90]
    assert kept.num_colors == 3
    assert [nodes.tolist() for nodes in kept.classes()] == [[1], [0, 2], [3]]
    with pytest.raises(InputError, match="numbers from 0"):
        Coloring.from_colors([-1], keep_numbers=True)
    assert Coloring.from_colors([], keep_numbers=True).classes() == []


@pytest.mark.parametrize(
    ("k", "colors", "message"),
    [
        (None, [0, 1, 0, 0], None),
        (None, [0, 1, 0, 2], "class 0 has 2 nodes"),
        (2, [0, 1, 0, 1], ""),
        (2, [0, 1, 2, 0], "at most 2"),
        (3, [0, 1, 0, 1], "only 2 of 3 classes are used"),
        (3, [5, 1, 2, 5], ""),
        (2, [0, 1, 1, 1], "class 1 has 3 nodes, class 0 has 1"),
        (9, [0, 1, 2, 3], ""),
        (9, [0, 1, 2, 0], "only 3 of 9 classes are used"),
    ],
)
def test_equitable_classes(k: int | None, colors: list[int], message: str | None) -> None:
    graph = ConflictGraph.from_edges(4)
    problem = EquitableColoringProblem(graph, k)
    if message is None:
        message = "not equitable: class 0 has 3 nodes, class 1 has 1"
    if message == "" or (k is None and colors == [0, 1, 0, 2]):
        assert check(problem, colors).objective == len(set(colors))
        return
    with pytest.raises(CheckError) as caught:
        check(problem, colors)
    assert message in str(caught.value)


def test_no_classes_are_equitable() -> None:
    for k in (None, 3):
        report = check(EquitableColoringProblem(ConflictGraph.from_edges(0), k), [])
        assert (report.objective, report.num_colors) == (0.0, 0)
