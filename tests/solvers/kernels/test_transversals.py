"""Stable sets that meet all cliques, and disjoint sets, held to all there are."""

from __future__ import annotations

from itertools import combinations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from geocolor.graph import gnp
from geocolor.graph.bits import pack_rows, unpack_rows
from geocolor.solvers.kernels.transversals import disjoint_chunk, transversals_chunk


def transversals(
    matrix: NDArray[np.bool_], cliques: NDArray[np.bool_], most: int, work: int
) -> list[tuple[int, ...]]:
    count = len(matrix)
    near, members, of = pack_rows(matrix), pack_rows(cliques), pack_rows(cliques.T)
    free = np.zeros((len(cliques) + 2, near.shape[1]), dtype=np.uint64)
    free[0] = pack_rows(np.ones((1, count), dtype=bool))[0]
    met = np.zeros((len(free), of.shape[1]), dtype=np.uint64)
    todo, chosen = np.zeros_like(free), np.zeros(len(free), dtype=np.int32)
    widths = np.zeros(len(free), dtype=np.int64)
    found = np.zeros((most, near.shape[1]), dtype=np.uint64)
    depth, fresh, filled, sets = 0, True, 0, []
    while depth >= 0:
        depth, fresh, filled = transversals_chunk(
            near, members, of, free, met, todo, widths, chosen, depth, fresh, found, filled, work
        )
        if filled == most or depth < 0:
            sets += [
                tuple(np.flatnonzero(row).tolist()) for row in unpack_rows(found[:filled], count)
            ]
            filled = 0
    return sets


@given(st.integers(1, 70), st.integers(0, 1000), st.integers(1, 200))
@settings(max_examples=40, deadline=None)
def test_each_transversal_is_listed_once(count: int, seed: int, work: int) -> None:
    count = min(count, 9) if seed % 2 else count
    graph = gnp(count, 0.5 if count < 10 else 0.85, seed=seed).conflicts
    matrix = graph.matrix.astype(bool) | np.eye(count, dtype=bool)
    edges = graph.edges()[:5]
    cliques = np.zeros((max(1, len(edges)), count), dtype=bool)
    for row, edge in zip(cliques, edges, strict=False):
        row[edge] = True
    if not len(edges):
        cliques[0, 0] = True
    listed = transversals(matrix, cliques, 7, work)
    wanted = set()
    # Each node of a set meets a clique of its own, so that no set is larger.
    inside = np.flatnonzero(cliques.any(axis=0))
    for size in range(1, len(cliques) + 1):
        for nodes in combinations(inside.tolist(), size):
            apart = not (matrix[np.ix_(nodes, nodes)].sum() > size)
            if apart and cliques[:, list(nodes)].any(axis=1).all():
                wanted.add(nodes)
    assert len(listed) == len(set(listed))
    # Nodes outside the cliques are for the caller to avoid.
    assert set(listed) == wanted


def covers(traces: NDArray[np.bool_], work: int) -> list[int] | None:
    members, depths = pack_rows(traces), traces.shape[1] + 2
    left = np.zeros(len(traces) * depths, dtype=np.int32)
    left[: len(traces)] = np.arange(len(traces))
    starts, at = np.zeros(depths + 1, dtype=np.int64), np.full(depths, -1, dtype=np.int64)
    starts[1] = len(traces)
    node_at, chosen = np.zeros((2, depths), dtype=np.int32)
    covered = np.zeros((depths, members.shape[1]), dtype=np.uint64)
    counts = np.zeros(traces.shape[1], dtype=np.int64)
    depth, whole = 0, False
    while depth >= 0 and not whole:
        depth, whole, _ = disjoint_chunk(
            members, left, starts, node_at, at, covered, chosen, counts, depth, work
        )
    return chosen[:depth].tolist() if whole else None


@given(st.integers(1, 7), st.integers(1, 9), st.integers(0, 1000), st.integers(1, 30))
@settings(max_examples=200, deadline=None)
def test_disjoint_sets_are_found_where_there_are_some(
    nodes: int, sets: int, seed: int, work: int
) -> None:
    traces = np.random.default_rng(seed).random((sets, nodes)) < 0.4
    traces = traces[traces.any(axis=1)]
    if not len(traces):
        return
    found = covers(traces, work)
    if found is not None:
        np.testing.assert_array_equal(traces[found].sum(axis=0), 1)
    possible = any(
        (traces[list(some)].sum(axis=0) == 1).all()
        for size in range(1, len(traces) + 1)
        for some in combinations(range(len(traces)), size)
    )
    assert (found is not None) == possible
