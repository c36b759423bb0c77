"""What every solver owes, whatever it is: held to the exhaustive answer and the checker."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from types import SimpleNamespace
from typing import Any

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geocolor.errors import InputError
from geocolor.graph import ConflictGraph, generators
from geocolor.problem import (
    ColoringProblem,
    CorrelationClusteringProblem,
    EquitableColoringProblem,
    GroupPartitionProblem,
    NormalizedPairSum,
    PartitionProblem,
    Problem,
    check,
)
from geocolor.solvers import SOLVERS, Status, StopReason, solve
from geocolor.solvers.search import Search
from geocolor.solvers.solve import answer

PAIRS = [(name, kind) for name, info in SOLVERS.items() for kind in sorted(info.kinds)]
COLORERS = sorted(name for name, kind in PAIRS if kind == "coloring")
PARTITIONERS = sorted(name for name, kind in PAIRS if kind == "partition")


def problem_of(kind: str, graph: ConflictGraph, k: int | None) -> Problem:
    if kind == "coloring":
        return ColoringProblem(graph, k)
    if kind == "equitable":
        return EquitableColoringProblem(graph, k)
    if kind == "partition":
        return PartitionProblem(graph, k or 3)
    if kind == "group-partition":
        return GroupPartitionProblem(graph, k or 3, NormalizedPairSum())
    if kind == "capacitated-partition":
        # Nearly full: a bit above what even classes would hold.
        sizes = 1 + np.arange(graph.num_nodes) * 7 % 5
        even = -(-int(sizes.sum()) // (k or 3))
        return PartitionProblem(graph, k or 3, sizes, max(5, even + even // 16))
    assert kind == "correlation"
    return CorrelationClusteringProblem(graph)


@pytest.mark.parametrize(
    ("name", "kind"), [pair for pair in PAIRS if pair[0] in ("auto", "cpsat", "sat")]
)
def test_prepared_for_a_kind_it_answers(name: str, kind: str) -> None:
    """As a benchmark does: what the solver's process needs is started before the clock is."""
    problem = problem_of(kind, generators.gnp(12, 0.5, seed=0), 8)
    prepared = SOLVERS[name].load().prepare(problem)
    search = Search(problem, started=time.monotonic(), time_limit=60, seed=0, workers=1)
    assert answer(SOLVERS[name], prepared, search).status is Status.OPTIMAL


@st.composite
def graphs(draw: st.DrawFn) -> ConflictGraph:
    """Empty, single, edgeless, complete, bipartite, disconnected, and anything between."""
    count = draw(st.integers(0, 8))
    pairs = [(i, j) for j in range(count) for i in range(j)]
    shape = draw(st.sampled_from(["any", "any", "any", "none", "complete", "bipartite", "parts"]))
    if shape == "complete":
        hard = pairs
    elif shape == "none":
        hard = []
    else:
        keep = {
            "any": lambda i, j: True,
            "bipartite": lambda i, j: (i - j) % 2 == 1,
            "parts": lambda i, j: (i < count // 2) == (j < count // 2),
        }[shape]
        hard = [pair for pair in pairs if keep(*pair) and draw(st.booleans())]
    weights = [draw(st.integers(-40, 60)) / 4 for _ in pairs]
    return ConflictGraph.from_edges(count, pairs, weights, conflicts=hard)


@pytest.mark.parametrize(("name", "kind"), PAIRS)
@settings(max_examples=60, deadline=None, derandomize=True)
@given(graph=graphs(), k=st.one_of(st.none(), st.integers(1, 6)), seed=st.integers(0, 99))
def test_holds_against_brute_force(
    name: str, kind: str, oracle: SimpleNamespace, graph: ConflictGraph, k: int | None, seed: int
) -> None:
    problem = problem_of(kind, graph, k)
    best = oracle.optimum(problem)
    result = solve(problem, name, time_limit=20, seed=seed, workers=1, max_iterations=3000)
    if best is None:
        assert result.status in (Status.INFEASIBLE, Status.UNKNOWN)
        assert result.coloring is None
    else:
        assert result.status is not Status.INFEASIBLE
        if result.lower_bound is not None:
            assert result.lower_bound <= best + 1e-9
    if result.coloring is not None:
        assert check(problem, result.coloring).objective == result.objective
        assert result.objective >= best - 1e-9
        if result.status is Status.OPTIMAL:
            assert result.objective == pytest.approx(best, abs=1e-9)
    if SOLVERS[name].exact and result.stop_reason is StopReason.COMPLETED:
        given_k = kind == "coloring" and k is not None
        assert (result.status is Status.INFEASIBLE) == (best is None)
        assert best is None or given_k or result.status is Status.OPTIMAL


@pytest.mark.parametrize(("name", "kind"), PAIRS)
def test_same_seed_same_answer(name: str, kind: str, oracle: SimpleNamespace) -> None:
    graph = oracle.random_weighted(14, 3)
    problem = problem_of(kind, graph, None if kind == "coloring" else 8)
    first, second = (
        solve(problem, name, seed=5, workers=1, max_iterations=2000, time_limit=60)
        for _ in range(2)
    )
    assert first.objective == second.objective
    assert np.array_equal(first.coloring.colors, second.coloring.colors)
    assert first.stop_reason is second.stop_reason


def test_the_seed_matters() -> None:
    weights = np.triu(np.random.default_rng(1).normal(size=(150, 150)), 1)
    problem = PartitionProblem(ConflictGraph.from_dense(weights + weights.T), 12)
    found = {
        solve(problem, "spectral", seed=seed, max_iterations=300).objective for seed in range(4)
    }
    assert len(found) > 1


@pytest.mark.parametrize("name", COLORERS)
def test_no_nodes_one_node_and_no_edges(name: str) -> None:
    for count, colors in ((0, 0), (1, 1), (5, 1)):
        result = solve(ConflictGraph.from_edges(count), name)
        assert (result.status, result.num_colors) == (Status.OPTIMAL, colors)


@pytest.mark.parametrize("name", COLORERS)
def test_complete_graph_and_too_few_classes(name: str) -> None:
    graph = ConflictGraph.from_edges(30, [(i, j) for j in range(30) for i in range(j)])
    result = solve(graph, name)
    assert (result.status, result.num_colors) == (Status.OPTIMAL, 30)
    result = solve(ColoringProblem(graph, 29), name)
    assert result.status is Status.INFEASIBLE
    assert result.stop_reason is StopReason.COMPLETED
    assert "30 nodes all conflict" in result.message


@pytest.mark.parametrize("name", PARTITIONERS)
def test_partitions_of_no_nodes_one_node_and_no_edges(name: str) -> None:
    for count in (0, 1, 5):
        result = solve(PartitionProblem(ConflictGraph.from_edges(count), 2), name)
        assert (result.status, result.objective) == (Status.OPTIMAL, 0.0)


@pytest.mark.parametrize("name", PARTITIONERS)
def test_a_complete_graph_cannot_be_partitioned_into_fewer(name: str) -> None:
    pairs = [(i, j) for j in range(12) for i in range(j)]
    graph = ConflictGraph.from_edges(12, pairs, [-1.0] * len(pairs), conflicts=pairs)
    assert solve(PartitionProblem(graph, 12), name).status is Status.OPTIMAL
    assert solve(PartitionProblem(graph, 11), name).status is Status.INFEASIBLE


def test_dsatur_with_too_few_classes_does_not_claim_more_than_it_knows(
    oracle: SimpleNamespace,
) -> None:
    result = solve(ColoringProblem(oracle.queen(8), 8), "dsatur")
    assert result.status is Status.UNKNOWN
    assert "8 were asked for" in result.message


def test_dsatur_is_exact_on_bipartite_graphs() -> None:
    graph = nx.convert_node_labels_to_integers(nx.grid_2d_graph(30, 40))
    result = solve(ConflictGraph.from_edges(1200, list(graph.edges())), "dsatur")
    assert (result.status, result.num_colors) == (Status.OPTIMAL, 2)


def test_spectral_finds_a_planted_partition_under_tight_conflicts() -> None:
    # Forty nodes in eight hidden classes of five; 80% of all other pairs conflict.
    rng = np.random.default_rng(2)
    hidden = rng.permutation(np.arange(40) % 8)
    conflicts = np.triu((hidden[:, None] != hidden) & (rng.random((40, 40)) < 0.8), 1)
    weights = np.triu(np.where(hidden[:, None] == hidden, 0.0, 1.0), 1)
    graph = ConflictGraph.from_dense(weights + weights.T, conflicts | conflicts.T)
    result = solve(PartitionProblem(graph, 8), "spectral")
    assert result.objective == 0.0
    assert result.status is Status.OPTIMAL


def test_spectral_says_unknown_where_no_partition_is_found(oracle: SimpleNamespace) -> None:
    # Myciel4 has no triangle, so no clique proves that four classes are too few.
    graph = oracle.plain(nx.mycielski_graph(5))
    result = solve(PartitionProblem(graph, 4), "spectral", max_iterations=20_000)
    assert result.status is Status.UNKNOWN
    assert result.coloring is None
    assert "may be none" in result.message


def test_tiny_weights_are_not_taken_for_rounding() -> None:
    weights = np.triu(np.random.default_rng(3).random((9, 9)), 1)
    scale = 2.0**-60
    big = ConflictGraph.from_dense(weights + weights.T)
    tiny = ConflictGraph.from_dense((weights + weights.T) * scale)
    first = solve(PartitionProblem(big, 3), "cpsat", time_limit=30)
    second = solve(PartitionProblem(tiny, 3), "cpsat", time_limit=30)
    assert first.status is second.status is Status.OPTIMAL
    assert second.objective == pytest.approx(first.objective * scale, rel=1e-9)


@pytest.mark.parametrize(("name", "kind"), PAIRS)
def test_the_limit_holds_on_a_huge_graph(name: str, kind: str, overtime: Any) -> None:
    rng = np.random.default_rng(0)
    edges = rng.integers(0, 50_000, (600_000, 2))
    edges = edges[edges[:, 0] != edges[:, 1]]
    graph = ConflictGraph.from_edges(
        50_000, edges[::2], rng.normal(size=len(edges[::2])), conflicts=edges[1::2]
    )
    problem = problem_of(kind, graph, None if kind == "coloring" else 40)
    with overtime(1.0) as beyond:
        result = solve(problem, name, time_limit=1.0, workers=1)
    assert beyond.seconds < 1.0
    if result.coloring is not None:
        check(problem, result.coloring)


INTERRUPTED = """
import json, os, signal, sys, threading
import numpy as np
from geocolor.graph import ConflictGraph, generators
from geocolor.problem import PartitionProblem
from geocolor.solvers import solve

weights = np.triu(np.random.default_rng(5).normal(size=(60, 60)), 1)
problem = PartitionProblem(ConflictGraph.from_dense(weights + weights.T), 6)
timer = []

def progress(point, coloring):
    if coloring is not None and not timer:
        timer.append(threading.Timer(1.0, os.kill, (os.getpid(), signal.SIGINT)))
        timer[0].daemon = True
        timer[0].start()

result = solve(problem, sys.argv[1], time_limit=100, workers=2, on_progress=progress)
print(json.dumps([result.stop_reason, result.status, result.objective, result.runtime,
                  "ortools" in sys.modules, "torch" in sys.modules]))
"""


@pytest.mark.parametrize("name", ["cpsat", "auto"])
def test_ctrl_c_keeps_the_incumbent(name: str) -> None:
    run = subprocess.run(
        [sys.executable, "-c", INTERRUPTED, name], capture_output=True, text=True, timeout=60
    )
    assert run.returncode == 0, run.stderr
    reason, status, objective, runtime, ortools, torch = json.loads(run.stdout)
    assert (reason, status) == ("INTERRUPT", "FEASIBLE")
    assert objective < 0
    assert runtime < 20
    assert not ortools
    assert not torch


def test_ctrl_c_in_a_kernel_returns_at_once() -> None:
    weights = np.triu(np.random.default_rng(5).normal(size=(400, 400)), 1)
    problem = PartitionProblem(ConflictGraph.from_dense(weights + weights.T), 40)
    solve(problem, "spectral", max_iterations=10)  # compile
    sent: list[float] = []

    def interrupt(point: object, coloring: object) -> None:
        if coloring is not None and not sent:
            sent.append(time.monotonic())
            signal.setitimer(signal.ITIMER_REAL, 0.3)

    previous = signal.signal(signal.SIGALRM, lambda *_: os.kill(os.getpid(), signal.SIGINT))
    try:
        result = solve(problem, "spectral", time_limit=60, on_progress=interrupt)
        returned = time.monotonic()
    finally:
        signal.signal(signal.SIGALRM, previous)
    assert result.stop_reason is StopReason.INTERRUPT
    assert result.status is Status.FEASIBLE
    assert returned - sent[0] < 1.3


def test_auto_without_an_integer_model_falls_back_on_the_heuristic() -> None:
    graph = ConflictGraph.from_edges(4, [(0, 1), (1, 2), (2, 3), (0, 2)], [1e-290, 5.0, -1.0, 2.0])
    result = solve(PartitionProblem(graph, 2), "auto")
    assert result.objective is not None
    assert result.status is Status.OPTIMAL or "too far apart" in result.message
    with pytest.raises(InputError, match="too far apart"):
        solve(PartitionProblem(graph, 1), "cpsat")
    normalized = solve(GroupPartitionProblem(graph, 2, NormalizedPairSum()), "auto", time_limit=2)
    assert normalized.status is Status.FEASIBLE
    assert normalized.objective == pytest.approx(-1.0, abs=1e-9)
    assert "too far apart" in normalized.message


def test_weights_out_of_range_say_so() -> None:
    graph = ConflictGraph.from_edges(3, [(0, 1), (1, 2)], [1e-290, 2e-290])
    with pytest.raises(InputError, match="out of an integer model's range; multiply them"):
        solve(PartitionProblem(graph, 1), "cpsat")
