"""Tabu search for partitions: its tables against tables made anew, its answers against all."""

from __future__ import annotations

import itertools

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from geocolor.graph import ConflictGraph
from geocolor.solvers.kernels.partition import (
    PartitionTables,
    partition_chunk,
    partition_start,
)
from geocolor.solvers.local_search import kernel_rows


def instance(seed: int, signed: bool) -> tuple[ConflictGraph, tuple]:
    rng = np.random.default_rng(seed)
    count = int(rng.integers(2, 8))
    dense = np.triu(rng.normal(size=(count, count)), 1)
    dense = dense if signed else np.abs(dense)
    hard = np.triu(rng.random((count, count)) < 0.2, 1)
    graph = ConflictGraph.from_dense(dense + dense.T, hard | hard.T)
    return graph, kernel_rows(graph.conflicts, graph.weights)


def cheapest(graph: ConflictGraph, k: int) -> float:
    hard, soft = graph.conflicts.edges(), graph.weights.edges()
    best = np.inf
    for colors in itertools.product(range(k), repeat=graph.num_nodes):
        given_colors = np.array(colors)
        if not (given_colors[hard[:, 0]] == given_colors[hard[:, 1]]).any():
            inside = given_colors[soft[:, 0]] == given_colors[soft[:, 1]]
            best = min(best, float(graph.weights.edge_values()[inside].sum()))
    return best


@given(st.integers(0, 10_000), st.booleans(), st.integers(2, 4), st.integers(1, 200))
def test_tables_are_kept_and_no_answer_is_missed(
    seed: int, signed: bool, k: int, iterations: int
) -> None:
    graph, arrays = instance(seed, signed)
    count = graph.num_nodes
    rng = np.random.default_rng(seed)
    colors = rng.integers(k, size=count).astype(np.int32)
    tables = PartitionTables.empty(count, k, (1.0, 1e-3, 100.0))
    partition_start(*arrays, colors, tables)
    random = rng.integers(1, 1 << 63, size=1, dtype=np.uint64)
    best, at = np.inf, 0
    best_colors = colors.copy()
    # In pieces, as a search does, and on to where every small instance is solved.
    for last in (iterations, iterations + 300, 2_000):
        at, _, best = partition_chunk(
            *arrays, colors, tables, random, best_colors, best, 1e-12, at, last, 1 << 60
        )
        assert at == last
        anew = PartitionTables.empty(count, k, tuple(tables.sums[1:]))
        partition_start(*arrays, colors, anew)
        assert np.allclose(tables.price, anew.price)
        assert np.array_equal(tables.clash, anew.clash)
        assert np.array_equal(tables.filled, anew.filled)
        assert tables.counts[2] == anew.counts[2]
        assert np.isclose(tables.sums[0], anew.sums[0])
        used = tables.used[: tables.counts[0]]
        assert set(used) == set(np.flatnonzero(tables.filled))
        for v in range(count):
            free = [c for c in used if c != colors[v] and tables.tabu[v, c] <= at]
            if free:
                # What became free in this very iteration is looked at in the next.
                free_long = [c for c in free if tables.tabu[v, c] < at]
                assert tables.alternative[v] >= tables.price[v, free].min() - 1e-9
                if free_long:
                    assert tables.alternative[v] <= tables.price[v, free_long].min() + 1e-9
    optimum = cheapest(graph, k)
    assert best == optimum or np.isclose(best, optimum)
