"""What a search lets be called proven."""

import time

import numpy as np
import pytest

from geocolor import ConflictGraph, PartitionProblem, Status, solve
from geocolor.solvers.search import Search


def search_over(weights: list[float]) -> Search:
    pairs = [(i, i + 1) for i in range(len(weights))]
    graph = ConflictGraph.from_edges(len(weights) + 1, pairs, weights)
    problem = PartitionProblem(graph, 2)
    return Search(problem, started=time.monotonic(), time_limit=10.0, seed=0, workers=1)


@pytest.mark.parametrize(
    ("bound", "error", "proven"),
    [
        (2.0, 0.0, True),
        (2.0 - 1e-12, 0.0, True),
        (2.0 - 1e-6, 0.0, False),
        (2.0 - 1e-6, 1e-6, True),
        (1.0, 1.0, False),
    ],
)
def test_a_heavy_weight_or_a_coarse_scaling_proves_nothing(
    bound: float, error: float, proven: bool
) -> None:
    search = search_over([2.0, 1e12])
    search.scaling_error = error
    search.offer([0, 0, 1])
    search.raise_lower_bound(bound)
    assert search.objective == 2.0
    assert search.proven() is proven


def test_no_false_proof_beside_a_big_weight() -> None:
    rng = np.random.default_rng(1)
    pairs = [(i, j) for i in range(30) for j in range(i)]
    weights = rng.random(len(pairs))
    weights[:40] = 1e9
    problem = PartitionProblem(ConflictGraph.from_edges(30, pairs, weights), 12)
    result = solve(problem, time_limit=1.0)
    assert result.objective is not None
    assert result.lower_bound is not None
    near = result.objective <= result.lower_bound * (1 + 2e-6)
    assert (result.status is Status.OPTIMAL) == near
