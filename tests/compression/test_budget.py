"""Forms and ranks within a budget, against trying everything."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from math import inf
from typing import NamedTuple

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from geocolor.compression.budget import allocate, private_price
from geocolor.criterion import Form, GroupCosts, oriented_views
from geocolor.curvature import Curvature, KroneckerFactors
from geocolor.errors import BudgetError
from geocolor.units import Side, Unit

GROUPS = [("u0",), ("u1",), ("u2", "u3")]
TOTAL = 4 * 12


def random_costs(
    seed: int, forms: tuple[Form, ...] = tuple(Form), gradients: float = 1.0
) -> GroupCosts:
    generator = torch.Generator().manual_seed(seed)

    def random(*shape: int) -> torch.Tensor:
        return torch.randn(*shape, generator=generator, dtype=torch.float64)

    base = random(3, 4)
    units = [Unit(f"u{i}", "role", i, (3, 4), Side.READ, "s") for i in range(4)]
    factors = {
        unit.name: KroneckerFactors(
            (a := random(4, 9)) @ a.T, gradients * (g := random(3, 9)) @ g.T
        )
        for unit in units
    }
    scale = 10 ** float(random(1))
    weights = {unit.name: scale * (base + 0.2 * random(3, 4)) for unit in units}
    return GroupCosts(oriented_views(units, weights, Curvature(factors, 1, 1)), forms)


class Point(NamedTuple):
    cost: float
    parameters: int


def points(costs: GroupCosts, group: tuple[str, ...]) -> Iterator[Point]:
    """Every form and rank of a group that is no hidden layer."""
    for form in (Form.DENSE, Form.BASIS, Form.TIED):
        if form is Form.TIED and len(group) == 1:
            continue
        curve = costs.curve(form, group)
        for rank, cost in enumerate(curve.costs):
            yield Point(float(cost), int(curve.sizes[rank]))


def optimum(costs: GroupCosts, budget: int) -> float:
    combinations = product(*(list(points(costs, group)) for group in GROUPS))
    return min(
        (
            sum(p.cost for p in combo)
            for combo in combinations
            if sum(p.parameters for p in combo) <= budget
        ),
        default=inf,
    )


@settings(max_examples=60)
@given(seed=st.integers(0, 10**4), budget=st.integers(0, TOTAL))
def test_bound_optimum_and_cost_are_in_order_and_the_budget_is_met(seed, budget):
    costs = random_costs(seed)
    allocation = allocate(GROUPS, costs, budget)
    best = optimum(costs, budget)
    scale = sum(costs.curve(Form.BASIS, group).costs[0] for group in GROUPS)
    assert allocation.size <= budget
    assert allocation.lower_bound <= best + 1e-9 * scale
    assert best <= allocation.cost + 1e-9 * scale
    assert allocation.groups == tuple(GROUPS)


@settings(max_examples=60)
@given(seed=st.integers(0, 10**4), budget=st.integers(0, TOTAL - 1))
def test_no_rank_that_would_help_is_left_unbought(seed, budget):
    allocation = allocate(GROUPS, random_costs(seed), budget)
    left = budget - allocation.size
    for group, choice in zip(allocation.groups, allocation.choices, strict=True):
        curve = choice.curve
        if choice.rank + 1 < len(curve.costs):
            helps = curve.costs[choice.rank + 1] < curve.costs[choice.rank]
            smaller = curve.sizes[choice.rank + 1] < 12 * len(group)
            assert not (helps and smaller and curve.sizes[1] - curve.sizes[0] <= left)


@pytest.mark.parametrize("budget", [30, 40, 47])
def test_for_most_budgets_the_bound_is_near(budget):
    gaps = []
    for seed in range(10):
        costs = random_costs(seed)
        allocation = allocate(GROUPS, costs, budget)
        gaps.append(allocation.cost / max(optimum(costs, budget), 1e-12))
    # Four tiny matrices, so one rank is a tenth of everything; heuristic, but never far off.
    assert np.median(gaps) < 1.5


def test_the_whole_budget_buys_everything_at_no_price():
    allocation = allocate(GROUPS, random_costs(0), TOTAL)
    assert (allocation.price, allocation.cost, allocation.lower_bound) == (0, 0, 0)
    assert all(choice.curve.form is Form.DENSE for choice in allocation.choices)


def test_a_smaller_budget_costs_more():
    costs = random_costs(3)
    found = [allocate(GROUPS, costs, budget) for budget in range(0, TOTAL + 1, 6)]
    prices = [allocation.price for allocation in found]
    bounds = [allocation.lower_bound for allocation in found]
    assert prices == sorted(prices, reverse=True)
    assert bounds == sorted(bounds, reverse=True)


@pytest.mark.parametrize("scale", [1e-12, 1e12])
def test_the_search_finds_prices_of_any_size(scale):
    plain = allocate(GROUPS, random_costs(4), 30)
    found = allocate(GROUPS, random_costs(4, gradients=scale), 30)
    assert [c.rank for c in found.choices] == [c.rank for c in plain.choices]
    assert found.cost == pytest.approx(plain.cost * scale)
    assert found.lower_bound == pytest.approx(plain.lower_bound * scale, rel=1e-4)


def test_a_budget_that_no_form_meets_is_refused():
    with pytest.raises(BudgetError, match=r"less than 1 of the whole, 0\.9792 was asked") as told:
        allocate(GROUPS, random_costs(0, (Form.DENSE,)), 47)
    assert told.value.least == 1


def test_the_private_price_is_the_price_of_units_on_their_own():
    costs = random_costs(5)
    names = ["u0", "u1", "u2", "u3"]
    price = private_price(names, costs, 30)
    assert price > 0
    assert sum(costs.best((name,), price).size for name in names) <= 30
    assert sum(costs.best((name,), price * 0.999).size for name in names) > 30
