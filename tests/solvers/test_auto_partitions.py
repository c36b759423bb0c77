"""Large clusterings by `auto`: bounds by cycles beside the search, and what they prove."""

from __future__ import annotations

import numpy as np
import pytest

from geocolor.bounds import weight_lower_bound
from geocolor.graph import ConflictGraph
from geocolor.problem import CorrelationClusteringProblem, PartitionProblem
from geocolor.solvers import Status, solve


def chain_of_squares(squares: int) -> ConflictGraph:
    """Squares of three gains and a cost, each sharing a corner with the next: no triangle."""
    at = 3 * np.arange(squares)[:, None]
    tails, heads = np.array([0, 1, 2, 0]), np.array([1, 2, 3, 3])
    pairs = np.stack([at + tails, at + heads], axis=2).reshape(-1, 2)
    return ConflictGraph.from_edges(
        3 * squares + 1, pairs, np.tile([-3.0, -4.0, -3.0, 2.0], squares)
    )


@pytest.mark.parametrize("workers", [1, 2])
def test_cycles_prove_what_triangles_cannot(workers: int) -> None:
    graph = chain_of_squares(150)
    assert weight_lower_bound(graph) == -1500.0
    result = solve(CorrelationClusteringProblem(graph), workers=workers, time_limit=300)
    assert result.status is Status.OPTIMAL
    assert result.objective == result.lower_bound == -1200.0
    assert "a bound that meets it" in result.message


def test_costs_alone_leave_the_bound_to_others() -> None:
    rng = np.random.default_rng(0)
    pairs = np.argwhere(np.triu(rng.random((1100, 1100)) < 0.1, 1))
    graph = ConflictGraph.from_edges(1100, pairs, rng.random(len(pairs)))
    result = solve(PartitionProblem(graph, 100), workers=2, max_iterations=20, time_limit=60)
    assert result.status in (Status.FEASIBLE, Status.OPTIMAL)
    assert result.lower_bound == 0.0
