"""The greedy partition crossover, held to its definition."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from geocolor.solvers.kernels.crossover import greedy_partition_crossover


def by_definition(
    first: NDArray[np.int32],
    second: NDArray[np.int32],
    k: int,
    ties: NDArray[np.float64],
    rest: NDArray[np.int32],
) -> list[int]:
    child: dict[int, int] = {}
    for color in range(k):
        parent = (first, second)[color % 2]
        classes = [
            {v for v in range(len(parent)) if parent[v] == c and v not in child} for c in range(k)
        ]
        chosen = max(range(k), key=lambda c: (len(classes[c]), ties[color, c]))
        child.update(dict.fromkeys(classes[chosen], color))
    return [child.get(v, int(rest[v])) for v in range(len(first))]


@given(st.integers(1, 6), st.integers(1, 14), st.integers(0, 10_000))
def test_takes_the_largest_class_left_of_each_parent_in_turn(k: int, count: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    first, second, rest = rng.integers(k, size=(3, count), dtype=np.int32)
    ties = rng.random((k, k))
    child = np.empty(count, dtype=np.int32)
    greedy_partition_crossover(first, second, k, ties, rest, child)
    assert child.tolist() == by_definition(first, second, k, ties, rest)
