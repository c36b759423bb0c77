"""Correlation clustering proven by its pairs."""

from __future__ import annotations

import csv
import os
from pathlib import Path

import numpy as np
import pytest

from geocolor import read
from geocolor.graph import ConflictGraph
from geocolor.graph.generators import layers
from geocolor.problem import CorrelationClusteringProblem, check
from geocolor.solvers import Status, solve
from geocolor.solvers.edge_lp import solver as edge_solver


@pytest.mark.parametrize("integers", [True, False], ids=["whole", "broken"])
@pytest.mark.parametrize("seed", range(12))
def test_the_optimum_is_proven(oracle, seed: int, integers: bool) -> None:
    problem = CorrelationClusteringProblem(
        oracle.random_weighted(1 + seed % 9, seed, integers=integers)
    )
    result = solve(problem, "edge-lp", time_limit=20, workers=1)
    assert result.status is Status.OPTIMAL
    assert result.objective == pytest.approx(oracle.optimum(problem))


def random_signs(count: int, seed: int) -> CorrelationClusteringProblem:
    """Pairs that attract or repel at random: the relaxation is far from a clustering."""
    signs = np.triu(np.random.default_rng(seed).choice([-1.0, 1.0], (count, count)), 1)
    return CorrelationClusteringProblem(ConflictGraph.from_dense(signs + signs.T))


@pytest.mark.parametrize("seed", range(3))
def test_it_branches_where_cuts_do_not_suffice(seed: int, monkeypatch) -> None:
    monkeypatch.setattr(edge_solver, "_TAIL", 1)
    problem = random_signs(16, seed)
    result = solve(problem, "edge-lp", time_limit=60, workers=1)
    other = solve(problem, "cpsat", time_limit=60)
    assert result.status is other.status is Status.OPTIMAL
    assert result.objective == other.objective


def test_a_poor_start_is_mended(monkeypatch) -> None:
    monkeypatch.setattr(edge_solver, "improve", lambda problem, search, budget: None)
    problem = random_signs(12, 5)
    start = np.arange(12)
    result = solve(problem, "edge-lp", time_limit=60, initial=start)
    assert result.status is Status.OPTIMAL
    assert result.objective < check(problem, start).objective == 0.0


def test_without_a_start_nothing_is_claimed(monkeypatch) -> None:
    monkeypatch.setattr(edge_solver, "improve", lambda problem, search, budget: None)
    result = solve(random_signs(6, 1), "edge-lp", time_limit=5)
    assert result.status is Status.UNKNOWN
    assert "no clustering" in result.message


def test_auto_proves_by_pairs() -> None:
    # More than are settled by going through all subsets.
    result = solve(random_signs(22, 2), time_limit=60)
    assert result.status is Status.OPTIMAL
    assert "then pairs" in result.message


def test_hard_conflicts_are_kept() -> None:
    graph = layers(20, seed=4)
    rng = np.random.default_rng(0)
    weights = graph.weights.to_dense()
    signed = np.triu(np.where(rng.random((20, 20)) < 0.5, -weights, weights), 1)
    problem = CorrelationClusteringProblem(
        ConflictGraph.from_dense(signed + signed.T, graph.conflicts.matrix > 0)
    )
    result = solve(problem, "edge-lp", time_limit=30)
    assert result.status is Status.OPTIMAL
    assert solve(problem, "cpsat", time_limit=60).objective == pytest.approx(result.objective)


def test_the_time_limit_is_kept() -> None:
    result = solve(random_signs(60, 1), "edge-lp", time_limit=2)
    assert result.runtime < 4
    assert result.status is Status.FEASIBLE
    assert result.lower_bound < result.objective


def test_too_many_nodes_are_left_to_others(monkeypatch) -> None:
    monkeypatch.setattr(edge_solver, "LARGEST", 5)
    result = solve(random_signs(8, 1), "edge-lp", time_limit=5)
    assert result.coloring is not None
    assert "not listed" in result.message or result.status is Status.OPTIMAL


def cplib() -> list[tuple[str, int]]:
    """Instances of CP-Lib with a proven optimum, if a folder of them is given."""
    optima = Path(os.environ.get("GEOCOLOR_INSTANCES", "")) / "cplib" / "optima.csv"
    if "GEOCOLOR_INSTANCES" not in os.environ or not optima.exists():
        return []
    with optima.open(newline="") as file:
        rows = list(csv.DictReader(file))
    return [(row["instance"], int(row["proven_optimum"])) for row in rows if row["proven_optimum"]]


@pytest.mark.slow
@pytest.mark.skipif(not cplib(), reason="GEOCOLOR_INSTANCES names no folder with cplib/optima.csv")
@pytest.mark.parametrize(("name", "optimum"), cplib())
def test_known_optima_are_never_passed(name: str, optimum: int) -> None:
    path = Path(os.environ["GEOCOLOR_INSTANCES"]) / "cplib" / f"{name}.txt.gz"
    result = solve(CorrelationClusteringProblem(read(path)), time_limit=10)
    assert result.lower_bound <= -optimum <= result.objective
