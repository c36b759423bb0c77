"""What a search lets be called proven."""

import threading
import time
from typing import Any

import numpy as np
import pytest

from geocolor import ColoringProblem, ConflictGraph, PartitionProblem, Status, solve
from geocolor.errors import InputError
from geocolor.graph import generators
from geocolor.solvers.compiling import compile_kernels
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


@pytest.mark.parametrize(("bound", "proven"), [(-1e-13, True), (-1e-11, False)])
def test_an_objective_that_cancels_out_is_proven_within_its_rounding(
    bound: float, proven: bool
) -> None:
    search = search_over([0.1, 0.2, -0.3])
    search.offer([0, 0, 0, 0])
    assert search.objective == pytest.approx(0, abs=1e-16)
    search.raise_lower_bound(bound)
    assert search.proven() is proven


def test_weights_outside_classes_leave_no_room_to_a_proof() -> None:
    search = search_over([0.1, 1e12, -0.1])
    search.offer([0, 0, 1, 1])
    assert search.objective == 0
    search.raise_lower_bound(-1e-6)
    assert not search.proven()


def test_a_partition_of_nothing_is_proven_at_once() -> None:
    rng = np.random.default_rng(0)
    pairs = [(i, j) for i in range(20) for j in range(i)]
    weights = np.round(rng.random(len(pairs)), 1)
    weights[-1] -= weights.sum()  # all in one class add up to nothing but rounding
    problem = PartitionProblem(ConflictGraph.from_edges(20, pairs, weights), 1)
    result = solve(problem, time_limit=None)
    assert result.status is Status.OPTIMAL
    assert result.gap == 0


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"time_limit": "5"}, "time limit must be positive, not '5'"),
        ({"time_limit": True}, "time limit must be positive, not True"),
        ({"time_limit": 10**400}, "time limit is beyond what float64 can hold"),
        ({"time_limit": 0}, "time limit must be positive, not 0"),
        ({"time_limit": float("nan")}, "time limit must be positive, not nan"),
        ({"seed": None}, "seed must be a whole number, not None"),
        ({"seed": True}, "seed must be a whole number, not True"),
        ({"seed": -1}, "seed must not be negative: -1"),
        ({"workers": True}, "number of workers must be a whole number, not True"),
        ({"workers": 0}, "at least one worker is needed, not 0"),
        ({"max_iterations": True}, "number of iterations must be a whole number, not True"),
        ({"max_iterations": 0}, "at least one iteration is needed, not 0"),
        ({"on_progress": 5}, "on_progress must be callable, not 5"),
        ({"checkpoint": 5}, "a checkpoint is a path, not 5"),
        ({"seed": 1.5}, "seed must be a whole number, not 1.5"),
        ({"workers": 1.0}, "number of workers must be a whole number, not 1.0"),
        ({"max_iterations": "9"}, "number of iterations must be a whole number, not '9'"),
        ({"initial": [[0], [1, 2]]}, "initial coloring does not hold: the colors are no array"),
    ],
)
def test_arguments_that_are_no_numbers_are_refused(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        solve(ColoringProblem(generators.queen(3, 3)), "dsatur", **wrong)


def test_no_false_proof_beside_a_big_weight() -> None:
    rng = np.random.default_rng(1)
    pairs = [(i, j) for i in range(30) for j in range(i)]
    weights = rng.random(len(pairs))
    weights[:40] = 1e9
    problem = PartitionProblem(ConflictGraph.from_edges(30, pairs, weights), 12)
    compile_kernels("auto", "partition")  # which may take longer than the limit
    result = solve(problem, time_limit=1.0)
    assert result.objective is not None
    assert result.lower_bound is not None
    near = result.objective <= result.lower_bound * (1 + 2e-6)
    assert (result.status is Status.OPTIMAL) == near


def coloring_search(graph: ConflictGraph, k: int | None = None) -> Search:
    problem = ColoringProblem(graph, k)
    return Search(problem, started=time.monotonic(), time_limit=10.0, seed=0, workers=1)


def test_what_is_found_within_counts_outside() -> None:
    # A pentagon with a pendant node, which takes any color but its neighbor's.
    whole = coloring_search(
        ConflictGraph.from_edges(6, [(0, 1), (1, 2), (2, 3), (3, 4), (4, 0), (0, 5)])
    )
    pentagon = ColoringProblem(whole.problem.graph.induced([0, 1, 2, 3, 4]))
    inner = whole.within(
        pentagon, lambda colors: [*colors, 0 if colors[0] else 1], lift_bound=lambda bound: bound
    )
    inner.offer([5, 6, 5, 6, 7])
    assert whole.coloring is not None
    assert whole.coloring.colors.tolist() == [0, 1, 0, 1, 2, 1]
    assert not inner.answered()
    inner.raise_lower_bound(3)
    assert whole.proven()
    assert [(point.objective, point.lower_bound) for point in whole.trace] == [(3, None), (3, 3)]


def test_an_inner_search_ends_with_the_outer_one() -> None:
    whole = coloring_search(ConflictGraph.from_edges(3, [(0, 1)]))
    inner = whole.within(ColoringProblem(whole.problem.graph), lambda colors: colors)
    inner.raise_lower_bound(2)
    assert whole.lower_bound is None
    whole.offer([0, 1, 0])
    whole.raise_lower_bound(2)
    assert inner.answered()
    assert not inner.out_of_time()
    whole.call_off()
    assert inner.out_of_time()
    assert inner.remaining() == 0.0


def test_threads_may_report_at_once() -> None:
    search = coloring_search(generators.gnp(40, 0.2, seed=1))
    best = solve(search.problem, "dsatur").coloring
    assert best is not None

    def report(seed: int) -> None:
        random = np.random.default_rng(seed)
        for extra in range(100, 0, -1):
            colors = best.colors + best.num_colors * random.integers(extra, size=40)
            search.offer(colors)
            search.raise_lower_bound(1 + random.integers(2))

    threads = [threading.Thread(target=report, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = [point.objective for point in search.trace if point.objective is not None]
    assert found == sorted(found, reverse=True)
    assert search.objective == best.num_colors
