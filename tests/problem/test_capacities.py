"""Sizes and capacities: what is refused when the problem is made, and what the checker holds to."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geocolor.errors import CheckError, InputError
from geocolor.graph import ConflictGraph
from geocolor.problem import PartitionProblem, check

GRAPH = ConflictGraph.from_edges(3, [(0, 1)], [2.0], labels="abc", sizes=[7.0, 7.0, 7.0])


def test_the_kind_tells_and_sizes_default_to_the_graphs() -> None:
    plain, capped = PartitionProblem(GRAPH, 2), PartitionProblem(GRAPH, 2, capacity=14)
    assert (plain.kind, plain.sizes, plain.capacity) == ("partition", None, None)
    assert (capped.kind, capped.capacity) == ("capacitated-partition", 14)
    assert capped.sizes.tolist() == [7, 7, 7]
    assert PartitionProblem(ConflictGraph.from_edges(2), 2, capacity=1).sizes.tolist() == [1, 1]
    sized = PartitionProblem(GRAPH, 2, np.array([1, 2, 3], dtype=np.uint8), np.int32(3))
    assert (sized.sizes.tolist(), sized.sizes.dtype, type(sized.capacity)) == (
        [1, 2, 3],
        np.int64,
        int,
    )
    assert not sized.sizes.flags.writeable


@pytest.mark.parametrize(
    ("sizes", "capacity", "message"),
    [
        ([1, 1, 1], None, "sizes say nothing without a capacity"),
        (None, 0, "capacity must be from 1"),
        (None, 1 << 60, "capacity must be from 1"),
        (None, 2.0, "capacity must be a whole number, not 2.0"),
        (None, True, "capacity must be a whole number, not True"),
        ([1, 1], 3, r"3 nodes, the sizes have shape \(2,\): give one size for each node"),
        ([[1, 1, 1]], 3, r"the sizes have shape \(1, 3\)"),
        ([1.0, 1.0, 1.0], 3, "whole numbers, not float64: scale and round"),
        ([True, True, True], 3, "whole numbers, not bool"),
        (["1", "2", "3"], 3, "whole numbers, not <U1"),
        ([1, 0, 1], 3, "node b has the size 0; sizes are whole numbers from 1"),
        ([1, 1, -1], 3, "node c has the size -1"),
        ([1, 4, 5], 3, "node b has the size 4, and no class holds more than 3"),
        ([1 << 53, 1, 1], 1 << 53, "add up to more than"),
        (np.array([1 << 63, 1, 1], dtype=np.uint64), 3, "no class holds more than 3"),
    ],
)
def test_what_is_refused(sizes: Any, capacity: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        PartitionProblem(GRAPH, 2, sizes, capacity)


@pytest.mark.parametrize(("size", "shown"), [(1.5, "1.5"), (2.0**60, r"1.15292e\+18")])
def test_sizes_of_a_graph_that_are_not_whole_are_refused(size: float, shown: str) -> None:
    graph = ConflictGraph.from_edges(2, labels="ab", sizes=[1.0, size])
    with pytest.raises(InputError, match=f"node b has the size {shown} in the graph"):
        PartitionProblem(graph, 2, capacity=40)


@given(
    st.lists(st.tuples(st.integers(1, 9), st.integers(0, 3)), min_size=1, max_size=12),
    st.integers(9, 30),
)
def test_the_checker_adds_up_every_class(nodes: list[tuple[int, int]], capacity: int) -> None:
    sizes, colors = zip(*nodes, strict=True)
    problem = PartitionProblem(ConflictGraph.from_edges(len(nodes)), 4, sizes, capacity)
    loads = {c: sum(s for s, color in nodes if color == c) for c in colors}
    if max(loads.values()) <= capacity:
        assert check(problem, colors).num_colors == len(loads)
    else:
        with pytest.raises(CheckError, match=f"in all, its capacity is {capacity}"):
            check(problem, colors)


def test_the_checker_says_which_class() -> None:
    problem = PartitionProblem(GRAPH, 3, [2, 3, 4], 6)
    assert check(problem, [5, 5, 0]).objective == 2.0
    with pytest.raises(CheckError, match="class 5 holds nodes of size 7 in all, its capacity is 6"):
        check(problem, [0, 5, 5])
