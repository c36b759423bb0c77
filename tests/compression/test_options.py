"""The exact choice among all priced groups, against trying everything."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from math import inf

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geocolor.compression import options as module
from geocolor.compression.budget import allocate
from geocolor.compression.options import choose, priced_options
from geocolor.criterion import Form, GroupCosts
from geocolor.errors import InputError
from geocolor.problem import BudgetedSharingProblem
from geocolor.solvers import StopReason
from geocolor.solvers.budgeted import SharingResult, solve_budgeted
from tests.compression.test_budget import TOTAL, random_costs

UNITS = ["u0", "u1", "u2", "u3"]
SINGLES = [(name,) for name in UNITS]
SHARED = [("u0", "u1"), ("u1", "u2"), ("u2", "u3"), ("u1", "u2", "u3")]
PARTITIONS = [
    SINGLES,
    [("u0", "u1"), ("u2",), ("u3",)],
    [("u0", "u1"), ("u2", "u3")],
    [("u0",), ("u1", "u2"), ("u3",)],
    [("u0",), ("u1",), ("u2", "u3")],
    [("u0",), ("u1", "u2", "u3")],
]


def optimum(costs: GroupCosts, price: float, budget: int) -> float:
    best = inf
    for groups in PARTITIONS:
        points = [
            [
                (float(cost), int(curve.sizes[rank]))
                for curve in costs.curves(group, price)
                for rank, cost in enumerate(curve.costs)
            ]
            for group in groups
        ]
        within = (
            sum(cost for cost, _ in chosen)
            for chosen in product(*points)
            if sum(size for _, size in chosen) <= budget
        )
        best = min(best, min(within, default=inf))
    return best


@settings(max_examples=25)
@given(seed=st.integers(0, 10**4), budget=st.integers(0, TOTAL - 1))
def test_no_groups_forms_and_ranks_cost_less(seed, budget):
    costs = random_costs(seed)
    start = allocate(SINGLES, costs, budget)
    priced = priced_options(UNITS, SINGLES + SHARED, costs, start.price)
    found = choose(priced, budget, start, 10.0)
    best = optimum(costs, start.price, budget)
    assert found.size <= budget
    assert sorted(name for group in found.groups for name in group) == UNITS
    assert found.cost == pytest.approx(best, rel=1e-6, abs=1e-12)
    assert found.cost * (1 - 1e-5) <= found.lower_bound <= found.cost * (1 + 1e-12)
    assert found.candidates == len(SINGLES + SHARED)
    for group, choice in zip(found.groups, found.choices, strict=True):
        same = costs.curve(choice.curve.form, group)
        assert (same.costs[choice.at], same.sizes[choice.at]) == (
            choice.cost,
            choice.size,
        )


def test_each_option_is_cheaper_than_the_smaller_ones_of_its_group():
    costs = random_costs(3)
    priced = priced_options(UNITS, SINGLES + SHARED + SHARED, costs, 1e-3)
    options = priced.options
    for group in set(options.groups):
        at = [i for i, other in enumerate(options.groups) if other == group]
        assert (np.diff(options.sizes[at]) > 0).all()
        assert (np.diff(options.costs[at]) < 0).all()
        if len(group) > 1:
            assert options.sizes[at].max() < 12 * len(group)
            assert "dense" not in {options.forms[i] for i in at}
    assert {"dense", "basis 1"} <= set(options.forms)


def test_wide_matrices_have_fewer_ranks_to_choose_from(monkeypatch):
    costs = random_costs(3, (Form.BASIS, Form.DENSE))
    every = priced_options(UNITS, SINGLES, costs, 1e-3)
    monkeypatch.setattr(module, "_MOST_RANKS", 2)
    some = priced_options(UNITS, SINGLES, costs, 1e-3)
    assert len(some.options) < len(every.options)
    assert set(zip(some.options.groups, some.options.forms, strict=True)) < set(
        zip(every.options.groups, every.options.forms, strict=True)
    )


def test_without_time_the_start_is_kept_and_nothing_is_claimed():
    costs = random_costs(1)
    start = allocate(SINGLES, costs, 30)
    priced = priced_options(UNITS, SINGLES + SHARED, costs, start.price)
    found = choose(priced, 30, start, 1e-9)
    assert (found.groups, found.choices) == (start.groups, start.choices)
    assert found.lower_bound == 0


def test_an_interrupt_while_choosing_ends_the_compression(monkeypatch):
    def interrupted(problem: BudgetedSharingProblem, time_limit: float) -> SharingResult:
        found = solve_budgeted(problem, time_limit=time_limit)
        return replace(found, stop_reason=StopReason.INTERRUPT)

    costs = random_costs(1)
    start = allocate(SINGLES, costs, 30)
    priced = priced_options(UNITS, SINGLES, costs, start.price)
    monkeypatch.setattr(module, "solve_budgeted", interrupted)
    with pytest.raises(KeyboardInterrupt):
        choose(priced, 30, start, 10.0)


def test_a_unit_that_is_in_no_group_is_refused():
    with pytest.raises(InputError, match="u3 is in no option"):
        priced_options(UNITS, SINGLES[:3], random_costs(0), 1e-3)
