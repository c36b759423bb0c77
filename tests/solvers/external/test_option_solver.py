"""CP-SAT and HiGHS alone on sharing options, against all choices."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from geocolor.graph import SharingOptions
from geocolor.problem import BudgetedSharingProblem, check_sharing
from geocolor.solvers import Status, StopReason
from geocolor.solvers.budgeted import solve_budgeted
from geocolor.solvers.external.option_solver import solve_options_alone


def some_options(seed: int, units: int = 9) -> SharingOptions:
    rng = np.random.default_rng(seed)
    groups = [(unit,) for unit in range(units) for _ in range(3)]
    groups += [pair for pair in combinations(range(units), 2) if rng.random() < 0.4]
    sizes = rng.integers(1, 30, size=len(groups)) * 4
    return SharingOptions(map(str, range(units)), groups, rng.normal(1, 1, len(groups)), sizes)


@pytest.mark.parametrize("engine", ["cpsat", "highs"])
def test_the_same_optimum_as_ours(engine: str) -> None:
    for seed in range(4):
        options = some_options(seed)
        for budget in (200, 320, 1_000):
            problem = BudgetedSharingProblem(options, budget)
            found = solve_options_alone(problem, engine, time_limit=60, workers=2, seed=seed)
            ours = solve_budgeted(problem)
            assert found.status is ours.status
            assert found.stop_reason is StopReason.COMPLETED
            if ours.cost is not None:
                assert found.status is Status.OPTIMAL
                assert found.cost == pytest.approx(ours.cost, rel=1e-6)
                assert found.lower_bound <= found.cost
                report = check_sharing(problem, found.chosen)
                assert (report.cost, report.size) == (found.cost, found.size)


@pytest.mark.parametrize("engine", ["cpsat", "highs"])
def test_nothing_that_small(engine: str) -> None:
    problem = BudgetedSharingProblem(some_options(0), 3)
    found = solve_options_alone(problem, engine, time_limit=60)
    assert (found.status, found.chosen, found.cost) == (Status.INFEASIBLE, None, None)
