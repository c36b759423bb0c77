"""The solver: proves what cliques cannot, and ends when told."""

from __future__ import annotations

import numpy as np
import pytest

from geocolor.graph import generators
from geocolor.problem import ColoringProblem
from geocolor.solvers import Status, StopReason, solve
from geocolor.solvers.stable_sets import promising
from geocolor.solvers.stable_sets.master import Master


def test_fractional_coloring_proves_queen8() -> None:
    result = solve(generators.queen(8, 8), "columns", time_limit=60, workers=1)
    assert (result.status, result.objective) == (Status.OPTIMAL, 9.0)


def test_branch_and_price_proves_what_fractions_do_not() -> None:
    # The Grötzsch graph has a fractional coloring of 2.9 and needs 4.
    result = solve(generators.mycielski(3), "columns", time_limit=60, workers=1)
    assert (result.status, result.objective) == (Status.OPTIMAL, 4.0)
    assert result.message == "proven by branch and price"
    too_few = ColoringProblem(generators.mycielski(3), 3)
    result = solve(too_few, "columns", time_limit=60, workers=1)
    assert result.status is Status.INFEASIBLE
    assert "3 classes proven impossible" in result.message


def test_iterations_are_linear_programs() -> None:
    result = solve(generators.queen(8, 8), "columns", max_iterations=3, time_limit=60)
    assert result.stop_reason is StopReason.ITERATIONS
    assert result.lower_bound == 8.0


def test_the_integer_master_finds_a_coloring_or_nothing() -> None:
    master = Master(5)
    pairs = [(0, 2), (2, 4), (4, 1), (1, 3), (3, 0)]
    sets = np.zeros((5, 5), dtype=np.bool_)
    for row, pair in zip(sets, pairs, strict=True):
        row[list(pair)] = True
    assert master.add(sets) == 5
    assert master.add(sets) == 0
    assert master.coloring(2, 10.0) is None
    colors = master.coloring(3, 10.0)
    assert colors is not None
    assert all(colors[i] != colors[(i + 1) % 5] for i in range(5))
    assert master.solve(10.0).value == pytest.approx(2.5)
    assert master.solve(0.0) is None


def test_promising_wants_small_graphs_or_dense_ones_of_small_classes() -> None:
    assert promising(generators.queen(8, 8).conflicts, 9)
    assert promising(generators.gnp(300, 0.9, seed=0).conflicts, 85)
    assert promising(generators.gnp(250, 0.5, seed=0).conflicts, 28)
    assert not promising(generators.gnp(500, 0.5, seed=0).conflicts, 48)
    assert not promising(generators.gnp(1500, 0.5, seed=0).conflicts, 120)
    assert not promising(generators.gnp(300, 0.05, seed=0).conflicts, 8)
