"""The best form and rank of a group, and what is never considered."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from geocolor.criterion import GroupCosts, Metric
from geocolor.criterion.curves import Form
from geocolor.criterion.tie import merge, tie_cost
from geocolor.errors import InputError
from geocolor.units import Side

ALL = tuple(Form)
PRICES = st.floats(-6, 2).map(lambda power: 10.0**power)


@given(
    seed=st.integers(0, 10**4),
    price=PRICES,
    side=st.sampled_from(Side),
    members=st.integers(1, 3),
    spread=st.sampled_from([0.01, 0.1, 0.3]),
)
def test_best_is_the_argmin_over_forms_and_ranks(family, seed, price, side, members, spread):
    views = family(seed, side, outers=(4,) * members, width=5, spread=spread)
    costs, names = GroupCosts(views, ALL), tuple(views)
    group = list(views.values())
    basis = costs.curve(Form.BASIS, names)
    values = {
        (Form.BASIS, rank): cost + price * rank * (5 + 4 * members)
        for rank, cost in enumerate(basis.costs)
    }
    values[Form.DENSE, 0] = price * 20 * members
    if members > 1:
        residual = costs.curve(Form.RESIDUAL, names)
        assert residual.costs[0] == pytest.approx(tie_cost(group, merge(group)))
        values |= {
            (Form.RESIDUAL, rank): cost + price * (20 + rank * 9 * members)
            for rank, cost in enumerate(residual.costs)
        }
    choice = costs.best(names, price)
    assert choice.value == pytest.approx(min(values.values()), rel=1e-9, abs=1e-12)
    assert values[choice.curve.form, choice.rank] == pytest.approx(choice.value)
    assert choice.value == pytest.approx(choice.cost + price * choice.size)


@pytest.mark.parametrize("form", [Form.BASIS, Form.DENSE])
def test_forms_that_are_not_allowed_are_not_chosen(family, form):
    views = family(1, outers=(4, 4), width=5, spread=1e-3)
    for price in (1e-6, 1e-3, 1.0):
        assert GroupCosts(views, [form]).best(tuple(views), price).curve.form is form


@pytest.mark.parametrize("members", [2, 3])
def test_near_copies_are_tied_and_the_price_decides(family, members):
    views = family(1, outers=(4,) * members, width=5, spread=1e-3)
    costs = GroupCosts(views, (Form.DENSE, Form.BASIS, Form.TIED))
    assert costs.best(tuple(views), 1e-3).curve.form is Form.TIED
    assert costs.best(tuple(views), 0.0).curve.form is Form.DENSE
    assert costs.best(tuple(views), 1e3).size == 0


def test_the_bound_leaves_a_tie_of_three_its_chance(family):
    # With equal curvature three cost 2/3 of their pairs' sum; the sum itself would be no bound.
    views = family(2, outers=(4,) * 3, width=5, common=True, spread=1e-2, metric=Metric.ACTIVATIONS)
    names, costs = tuple(views), GroupCosts(views, (Form.DENSE, Form.TIED))
    pairs = sum(costs.curve(Form.TIED, pair).costs[0] for pair in combinations(names, 2))
    cost = costs.curve(Form.TIED, names).costs[0]
    assert cost == pytest.approx(2 / 3 * pairs, rel=1e-6)
    # At this price a tie may cost 0.8 of the sum before three dense matrices are better.
    price = 0.8 * pairs / (2 * 20)
    fresh = GroupCosts(views, (Form.DENSE, Form.TIED))
    assert fresh.best(names, price).curve.form is Form.TIED
    assert fresh.best(names, price * 0.8).curve.form is Form.DENSE


def test_one_unit_is_never_tied(family):
    views = family(1, outers=(4,), width=5)
    costs = GroupCosts(views, ALL)
    assert all(
        costs.best(("u0",), price).curve.form in (Form.DENSE, Form.BASIS)
        for price in (0, 1e-4, 1e-2, 1)
    )


def test_matrices_that_point_apart_are_outside_the_trust_region(family):
    views = family(1, outers=(4, 4, 4), width=5, spread=1e-3)
    views["u2"] = type(views["u2"])(
        **{**vars(views["u2"]), "weight": -views["u2"].weight, "moment": views["u2"].moment}
    )
    # At this price a tie would be worth any cost, were it looked at.
    costs, price = GroupCosts(views, (Form.DENSE, Form.TIED)), 1e3
    assert costs.best(("u0", "u1"), price).curve.form is Form.TIED
    for names in (("u0", "u2"), ("u0", "u1", "u2")):
        assert costs.curve(Form.TIED, names).best(price).value < 20 * len(names) * price
        fresh = GroupCosts(views, (Form.DENSE, Form.TIED))
        assert fresh.best(names, price).curve.form is Form.DENSE


def test_matrices_of_different_shape_share_a_basis_but_are_not_tied(family):
    views = family(1, outers=(4, 3), width=5)
    costs = GroupCosts(views, ALL)
    assert costs.curve(Form.DENSE, tuple(views)).sizes[0] == 35
    assert costs.best(tuple(views), 1e-2).curve.form in (Form.DENSE, Form.BASIS)


@pytest.mark.parametrize("form", [Form.DENSE, Form.BASIS, Form.TIED, Form.RESIDUAL])
def test_units_of_different_families_are_refused(family, form):
    views = family(1, Side.READ, outers=(4,), width=4)
    views["w"] = family(2, Side.WRITE, outers=(4,), width=4)["u0"]
    costs = GroupCosts(views, ALL)
    with pytest.raises(InputError, match="u0, w do not share a space"):
        costs.curve(form, ("u0", "w"))
    with pytest.raises(InputError, match="do not share a space"):
        costs.best(("u0", "w"), 1e-3)


def test_curves_are_computed_once(family):
    views = family(1, outers=(4, 4), width=5)
    costs = GroupCosts(views, ALL)
    curve = costs.curve(Form.BASIS, tuple(views))
    assert costs.curve(Form.BASIS, tuple(views)) is curve


def test_without_refit_the_fitter_is_the_published_one(family):
    views = family(1, outers=(4, 4), width=5)
    raw, refit = (
        GroupCosts(views, ALL, refit=refit).curve(Form.BASIS, tuple(views)).costs
        for refit in (False, True)
    )
    assert not np.allclose(raw, refit, rtol=1e-3)


def test_a_lossless_smaller_form_wins_at_price_zero(family):
    views = family(1, outers=(8,), width=8)
    zero = torch.zeros(8, 8, dtype=torch.float64)
    views["u0"] = type(views["u0"])(**{**vars(views["u0"]), "weight": zero, "moment": zero})
    assert GroupCosts(views, ALL).best(("u0",), 0.0).size == 0
