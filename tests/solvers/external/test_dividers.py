"""Peers for partitions and clusterings: exact ones on textbook models, and heuristics."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geocolor.errors import InputError, LimitError
from geocolor.graph import ConflictGraph, generators
from geocolor.problem import CorrelationClusteringProblem, PartitionProblem, Problem, check
from geocolor.solvers import Status, StopReason, find_solver, solve
from geocolor.solvers.external import catalogue
from geocolor.solvers.external.adjacent import Adjacent
from geocolor.solvers.external.pair_programs import build_pairs, count_rows
from geocolor.solvers.external.pair_solvers import MOST_ROWS
from geocolor.solvers.external.scipy_linkage import ScipyLinkage
from geocolor.solvers.search import Search

INFOS = {
    info.name: info
    for info in (getattr(catalogue, name) for name in catalogue.__all__)
    if "coloring" not in info.kinds
}
PAIRS = [(name, kind) for name, info in INFOS.items() for kind in sorted(info.kinds)]
EXACT = [pair for pair in PAIRS if INFOS[pair[0]].exact]
HEURISTIC = [pair for pair in PAIRS if not INFOS[pair[0]].exact]
TRIANGLE = ConflictGraph.from_edges(
    3, [(0, 1), (1, 2), (0, 2)], [-1.0, -2.0, -3.0], conflicts=[(0, 1), (1, 2), (0, 2)]
)


@pytest.fixture(autouse=True)
def installed(request: pytest.FixtureRequest) -> None:
    for library in ("igraph", "gcol"):
        if library in request.node.name:
            pytest.importorskip(library)


def problem_of(kind: str, graph: ConflictGraph, k: int) -> Problem:
    return (
        PartitionProblem(graph, k) if kind == "partition" else CorrelationClusteringProblem(graph)
    )


@st.composite
def questions(draw: st.DrawFn, parts: int = 1) -> tuple[ConflictGraph, int]:
    """Signed weights and conflicts on any of the pairs, some on both; any number of classes."""
    count = draw(st.integers(1, 7))
    pairs = [(i, j) for j in range(count) for i in range(j)]
    hard = [pair for pair in pairs if draw(st.integers(0, 2)) == 0]
    weighted = [pair for pair in pairs if draw(st.booleans())]
    weights = [draw(st.integers(-40, 60)) / parts for _ in weighted]
    graph = ConflictGraph.from_edges(count, weighted, weights, conflicts=hard)
    return graph, draw(st.integers(1, count))


def test_every_peer_is_offered_under_its_own_name() -> None:
    assert len(INFOS) >= 9
    for name, info in INFOS.items():
        assert find_solver(name) == info


@pytest.mark.parametrize(("name", "kind"), EXACT)
@settings(max_examples=20, deadline=None, derandomize=True)
@given(question=questions())
def test_exact_ones_hold_against_brute_force(
    name: str, kind: str, oracle: SimpleNamespace, question: tuple[ConflictGraph, int]
) -> None:
    problem = problem_of(kind, *question)
    best = oracle.optimum(problem)
    result = solve(problem, name, time_limit=60, workers=1)
    assert result.stop_reason is StopReason.COMPLETED
    if best is None:
        assert result.status is Status.INFEASIBLE
    else:
        assert result.status is Status.OPTIMAL
        assert check(problem, result.coloring).objective == pytest.approx(best, abs=1e-9)
        assert result.lower_bound == pytest.approx(best, abs=1e-6)


@pytest.mark.parametrize(("name", "kind"), HEURISTIC)
@settings(max_examples=20, deadline=None, derandomize=True)
@given(question=questions(parts=4), seed=st.integers(0, 9))
def test_heuristics_never_claim_more_than_holds(
    name: str, kind: str, oracle: SimpleNamespace, question: tuple[ConflictGraph, int], seed: int
) -> None:
    problem = problem_of(kind, *question)
    best = oracle.optimum(problem)
    result = solve(problem, name, seed=seed, time_limit=60, max_iterations=20)
    if result.coloring is None:
        assert result.status is Status.UNKNOWN
        assert result.message
        assert kind == "partition"
    else:
        assert best is not None
        assert check(problem, result.coloring).objective == result.objective >= best - 1e-9
        assert result.lower_bound is None or result.lower_bound <= best + 1e-9


@pytest.mark.parametrize(("name", "kind"), PAIRS)
def test_no_nodes_one_node_and_no_edges(name: str, kind: str) -> None:
    for count in (0, 1, 5):
        problem = problem_of(kind, ConflictGraph.from_edges(count), 2)
        result = solve(problem, name, max_iterations=10)
        assert result.objective == 0.0
        assert result.coloring is not None
        assert len(result.coloring.colors) == count


@pytest.mark.parametrize("name", [name for name, kind in PAIRS if kind == "partition"])
def test_too_few_classes_are_no_answer(name: str) -> None:
    result = solve(PartitionProblem(TRIANGLE, 2), name, time_limit=20, max_iterations=10)
    assert result.coloring is None
    expected = Status.INFEASIBLE if INFOS[name].exact else Status.UNKNOWN
    assert result.status is expected


@pytest.mark.parametrize(("name", "kind"), PAIRS)
def test_same_seed_same_answer(name: str, kind: str) -> None:
    problem = problem_of(kind, generators.layers(12, seed=1), 6)
    runs = [
        solve(problem, name, seed=3, workers=1, max_iterations=50, time_limit=60) for _ in range(2)
    ]
    assert runs[0].objective == runs[1].objective
    assert runs[0].coloring is not None
    assert runs[1].coloring is not None
    assert np.array_equal(runs[0].coloring.colors, runs[1].coloring.colors)


@pytest.mark.parametrize("formulation", ["edges", "assignment"])
@pytest.mark.parametrize("k", [1, 2, 3, 4])
def test_the_points_of_a_program_are_the_partitions(
    formulation: str, k: int, oracle: SimpleNamespace
) -> None:
    """Each partition that holds is a feasible point with its cost, and there are no others."""
    graph = ConflictGraph.from_edges(
        5, [(0, 1), (1, 2), (0, 3), (3, 4)], [3.0, -2.0, 5.0, -1.0], conflicts=[(1, 3), (0, 4)]
    )
    weights = zip(graph.weights.edges().tolist(), graph.weights.edge_values(), strict=True)
    program = build_pairs(
        {
            "formulation": formulation,
            "num_nodes": 5,
            "k": k,
            "weights": [[*pair, int(weight)] for pair, weight in weights],
            "conflicts": graph.conflicts.edges().tolist(),
        }
    )
    assert program.matrix.shape[0] <= count_rows(formulation, 5, k, 4, 2)
    open_ = np.flatnonzero(program.allowed)
    points = np.zeros((1 << len(open_), len(program.costs)), dtype=bool)
    points[:, open_] = np.arange(len(points))[:, None] >> np.arange(len(open_)) & 1
    left = points.astype(np.int64) @ program.matrix.T.toarray()
    inside = points[((program.lower <= left) & (left <= program.upper)).all(axis=1)]
    problem = PartitionProblem(graph, k)
    found: dict[tuple[int, ...], set[int]] = {}
    for x in inside:
        colors = np.unique(program.answer(x), return_inverse=True)[1]
        check(problem, colors)
        least = int(program.costs @ x)
        first = {color: min(np.flatnonzero(colors == color)) for color in colors}
        found.setdefault(tuple(int(first[c]) for c in colors), set()).add(least)
        assert problem.objective(colors.astype(np.int32)) <= least
    holding = [
        colors
        for colors in oracle.partitions(5)
        if colors.max() < k and all(colors[u] != colors[v] for u, v in ((1, 3), (0, 4)))
    ]
    assert len(found) == len(holding)
    best = oracle.optimum(problem)
    assert min((min(costs) for costs in found.values()), default=None) == best


@pytest.mark.parametrize("name", ["cpsat-edges", "highs-edges"])
def test_too_many_triangles_are_refused(name: str) -> None:
    graph = ConflictGraph.from_edges(200, [(0, 1)], [1.0])
    with pytest.raises(LimitError, match=r"the edges model .* has 3,960,301 rows; the limit is"):
        solve(PartitionProblem(graph, 3), name, time_limit=5)
    assert count_rows("edges", 128, 32, 8128, 1219) <= MOST_ROWS


def test_linkage_refuses_what_needs_too_large_a_matrix() -> None:
    with pytest.raises(LimitError, match="all pairs of 6,000 nodes"):
        solve(PartitionProblem(ConflictGraph.from_edges(6_000), 3), "scipy-average")


@pytest.mark.parametrize("name", ["cpsat-edges", "cpsat-assignment", "highs-edges"])
def test_weights_too_far_apart_are_refused(name: str) -> None:
    graph = ConflictGraph.from_edges(3, [(0, 1), (1, 2)], [1e-290, 5.0])
    with pytest.raises(InputError, match="too far apart"):
        solve(PartitionProblem(graph, 1), name)


@pytest.mark.parametrize("name", ["cpsat-edges", "highs-edges"])
def test_the_limit_holds_while_the_model_is_built(name: str, overtime: Any) -> None:
    rng = np.random.default_rng(0)
    weights = np.triu(rng.normal(size=(120, 120)), 1)
    problem = PartitionProblem(ConflictGraph.from_dense(weights + weights.T), 30)
    with overtime(0.5) as beyond:
        result = solve(problem, name, time_limit=0.5)
    assert beyond.seconds < 1.5
    assert result.stop_reason is StopReason.TIME
    assert result.status in (Status.UNKNOWN, Status.FEASIBLE)


def test_bounds_in_floating_point_leave_room() -> None:
    """Weights of 40 bits: HiGHS is optimal within 1e-6 of the objective, or says FEASIBLE."""
    weights = np.triu(np.random.default_rng(3).random((8, 8)), 1)
    problem = PartitionProblem(ConflictGraph.from_dense(weights + weights.T), 3)
    found = solve(problem, "highs-edges", time_limit=60)
    proven = solve(problem, "cpsat-edges", time_limit=60)
    assert proven.status is found.status is Status.OPTIMAL
    assert found.objective == proven.objective
    assert found.lower_bound is not None
    assert found.objective is not None
    assert 0 < found.objective - found.lower_bound < 1e-6 * found.objective


INTERRUPTED = """
import json, os, signal, sys, threading
import numpy as np
from geocolor.graph import ConflictGraph
from geocolor.problem import PartitionProblem
from geocolor.solvers import solve

weights = np.triu(np.random.default_rng(5).normal(size=(40, 40)), 1)
problem = PartitionProblem(ConflictGraph.from_dense(weights + weights.T), 6)
timer = []

def progress(point, coloring):
    if coloring is not None and not timer:
        timer.append(threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)))
        timer[0].daemon = True
        timer[0].start()

result = solve(problem, sys.argv[1], time_limit=100, workers=1, on_progress=progress)
print(json.dumps([result.stop_reason, result.status, result.runtime,
                  sorted({"ortools", "highspy", "torch"} & sys.modules.keys())]))
"""


@pytest.mark.parametrize("name", ["cpsat-edges", "highs-edges"])
def test_ctrl_c_keeps_the_incumbent(name: str) -> None:
    run = subprocess.run(
        [sys.executable, "-c", INTERRUPTED, name], capture_output=True, text=True, timeout=120
    )
    assert run.returncode == 0, run.stderr
    reason, status, runtime, loaded = json.loads(run.stdout)
    assert (reason, status) == ("INTERRUPT", "FEASIBLE")
    assert runtime < 90
    assert loaded == []


def divided(solver: object, problem: Problem) -> list[int]:
    search = Search(problem, started=time.monotonic(), time_limit=None, seed=0, workers=1)
    colors = np.asarray(solver.divider_of(problem)(search))  # type: ignore[attr-defined]
    first: dict[int, int] = {}
    return [first.setdefault(int(color), len(first)) for color in colors]


def test_adjacent_cuts_into_equal_runs() -> None:
    graph = ConflictGraph.from_edges(7)
    assert divided(Adjacent(), PartitionProblem(graph, 3)) == [0, 0, 0, 1, 1, 2, 2]
    assert divided(Adjacent(), PartitionProblem(graph, 9)) == [0, 1, 2, 3, 4, 5, 6]


def test_adjacent_moves_what_conflicts_where_it_costs_least() -> None:
    pairs = [(1, 2), (1, 3), (1, 4), (1, 5)]
    graph = ConflictGraph.from_edges(6, pairs, [1.0, 1.0, 0.5, 0.5], conflicts=[(0, 1)])
    assert divided(Adjacent(), PartitionProblem(graph, 3)) == [0, 1, 2, 2, 1, 1]
    nowhere = ConflictGraph.from_edges(6, conflicts=[(0, 1), (1, 2), (1, 4)])
    result = solve(PartitionProblem(nowhere, 3), "adjacent")
    assert result.coloring is None
    assert "1 conflicting pairs together" in result.message


def test_linkage_joins_the_nearest_and_what_attracts() -> None:
    # 0 and 1 attract, 2 and 3 are near, 4 is far from all but must go somewhere.
    weights = np.full((5, 5), 2.0)
    weights[[0, 1], [1, 0]], weights[[2, 3], [3, 2]], weights[4], weights[:, 4] = -1, 0.5, 9, 9
    np.fill_diagonal(weights, 0)
    graph = ConflictGraph.from_dense(weights)
    for method in ("average", "complete"):
        linkage = ScipyLinkage(method)
        assert divided(linkage, PartitionProblem(graph, 3)) == [0, 0, 1, 1, 2]
        assert divided(linkage, PartitionProblem(graph, 2)) == [0, 0, 0, 0, 1]
        assert divided(linkage, PartitionProblem(graph, 5)) == [0, 0, 1, 2, 3]
        assert divided(linkage, CorrelationClusteringProblem(graph)) == [0, 0, 1, 2, 3]


def test_threshold_is_the_least_that_does() -> None:
    # A path of weights 1, 2, 3, 4 and nothing else: with 2 classes no pair need be together.
    path = ConflictGraph.from_edges(5, [(i, i + 1) for i in range(4)], [1.0, 2.0, 3.0, 4.0])
    assert solve(PartitionProblem(path, 2), "networkx-threshold").objective == 0.0
    weights = np.array([[0, 1, 5, 6], [1, 0, 7, 8], [5, 7, 0, 2], [6, 8, 2, 0]], dtype=float)
    square = ConflictGraph.from_dense(weights)
    assert solve(PartitionProblem(square, 2), "networkx-threshold").objective == 3.0
    assert solve(PartitionProblem(square, 4), "networkx-threshold").objective == 0.0


def test_leiden_finds_what_is_planted_and_keeps_the_generator() -> None:
    pytest.importorskip("igraph")
    hidden = np.arange(30) % 3
    weights = np.where(hidden[:, None] == hidden, -1.0, 1.0)
    np.fill_diagonal(weights, 0)
    problem = CorrelationClusteringProblem(ConflictGraph.from_dense(weights))
    before = random.getstate()
    result = solve(problem, "igraph-leiden")
    assert result.objective == -3 * 45
    assert random.getstate() == before


def test_gcol_says_what_it_does_not_take() -> None:
    pytest.importorskip("gcol")
    for weight, k in ((-1.0, 2), (1.0, 1)):
        graph = ConflictGraph.from_edges(2, [(0, 1)], [weight])
        result = solve(PartitionProblem(graph, k), "gcol-min-cost")
        assert result.status is Status.UNKNOWN
        assert result.message == "gcol takes no negative weights and needs two classes"


def test_gcol_ends_by_the_clock_or_with_nothing_inside() -> None:
    pytest.importorskip("gcol")
    problem = PartitionProblem(generators.layers(24, seed=1), 6)
    result = solve(problem, "gcol-min-cost", time_limit=0.5)
    assert (result.status, result.stop_reason) == (Status.FEASIBLE, StopReason.TIME)
    free = PartitionProblem(ConflictGraph.from_edges(4, [(0, 1), (2, 3)], [1.0, 1.0]), 2)
    assert solve(free, "gcol-min-cost", time_limit=20).status is Status.OPTIMAL


@pytest.mark.parametrize(
    ("name", "library"), [("gcol-min-cost", "gcol"), ("igraph-leiden", "igraph")]
)
def test_what_is_not_installed_says_what_to_install(
    name: str, library: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(InputError, match=f"pip install {library}"):
        INFOS[name].load()
