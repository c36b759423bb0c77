"""Exhaustive answers for small graphs, as fixtures."""

from __future__ import annotations

from functools import cache
from types import SimpleNamespace

import networkx as nx
import numpy as np
import pytest
from numpy.typing import NDArray

from geocolor.graph import ConflictGraph
from geocolor.problem import (
    ColoringProblem,
    EquitableColoringProblem,
    GroupPartitionProblem,
    PartitionProblem,
    Problem,
)


@cache
def set_partitions(count: int) -> NDArray[np.int8]:
    """All partitions of `count` nodes as colors numbered by first appearance."""
    if count == 0:
        return np.zeros((1, 0), dtype=np.int8)
    shorter = set_partitions(count - 1)
    top = shorter.max(axis=1, initial=-1)
    rows = [
        np.column_stack([shorter[top >= color - 1], np.full(int((top >= color - 1).sum()), color)])
        for color in range(count)
    ]
    return np.concatenate(rows).astype(np.int8)


def optimum(problem: Problem) -> float | None:
    """Best objective over all partitions of the nodes; None if none holds."""
    graph = problem.graph
    partitions = set_partitions(graph.num_nodes)
    used = partitions.max(axis=1, initial=-1) + 1
    holds = used <= problem.max_colors
    for u, v in graph.conflicts.edges():
        holds &= partitions[:, u] != partitions[:, v]
    if isinstance(problem, EquitableColoringProblem):
        k = used if problem.k is None else np.full_like(used, problem.k)
        sizes = np.stack([(partitions == color).sum(axis=1) for color in range(max(used) + 1)])
        large = -(-graph.num_nodes // np.maximum(k, 1))
        small = graph.num_nodes // np.maximum(k, 1)
        counted = np.arange(len(sizes))[:, None] < np.minimum(k, len(sizes))
        holds &= (sizes <= large).all(axis=0) & (~counted | (sizes >= small)).all(axis=0)
    if isinstance(problem, PartitionProblem) and problem.capacity is not None:
        for color in range(max(used)):
            holds &= (partitions == color) @ problem.sizes <= problem.capacity
    if not holds.any():
        return None
    if isinstance(problem, ColoringProblem | EquitableColoringProblem):
        return float(used[holds].min())
    if isinstance(problem, GroupPartitionProblem):
        return min(
            sum(
                float(problem.cost.of(graph, (colors == color)[None])[0])
                for color in range(int(colors.max(initial=-1)) + 1)
            )
            for colors in partitions[holds]
        )
    cost = np.zeros(len(partitions))
    for (u, v), weight in zip(graph.weights.edges(), graph.weights.edge_values(), strict=True):
        cost += weight * (partitions[:, u] == partitions[:, v])
    return float(cost[holds].min())


def random_weighted(count: int, seed: int, *, integers: bool = False) -> ConflictGraph:
    """Signed weights on about two thirds of the pairs, hard conflicts of random density."""
    rng = np.random.default_rng(seed)
    weights = rng.integers(-5, 9, (count, count)).astype(float)
    if not integers:
        weights += rng.normal(size=(count, count))
    weights = np.triu(weights * (rng.random((count, count)) < 0.7), 1)
    conflicts = np.triu(rng.random((count, count)) < 0.6 * rng.random(), 1)
    return ConflictGraph.from_dense(weights + weights.T, conflicts | conflicts.T)


def plain(graph: nx.Graph) -> ConflictGraph:
    """Hard conflicts alone, nodes numbered."""
    numbered = nx.convert_node_labels_to_integers(graph)
    return ConflictGraph.from_edges(len(numbered), list(numbered.edges()))


def queen(size: int) -> ConflictGraph:
    """Squares of a board, in conflict if a queen moves between them."""
    row, column = np.divmod(np.arange(size * size), size)
    rows, columns = row[:, None] - row, column[:, None] - column
    attack = (rows == 0) | (columns == 0) | (abs(rows) == abs(columns))
    return ConflictGraph.from_edges(size * size, np.argwhere(np.triu(attack, 1)))


@pytest.fixture(scope="session")
def oracle() -> SimpleNamespace:
    return SimpleNamespace(
        optimum=optimum,
        partitions=set_partitions,
        random_weighted=random_weighted,
        plain=plain,
        queen=queen,
    )
