"""Hidden layers with fewer hidden units."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from geocolor.criterion import Form, GroupCosts
from geocolor.criterion.narrow import interpolated, narrow
from geocolor.errors import InputError
from geocolor.units import Chain, Side


def regression_cost(view, kept):
    """Least cost of a reader that sees the kept hidden units only, by least squares."""
    read = view.unit.side is Side.READ
    weight = view.weight if read else view.weight.T
    inputs, gradients = (view.inner, view.outer) if read else (view.outer, view.inner)
    root = torch.linalg.cholesky(inputs)
    # min over X of || (W - X P) root ||, the columns of the kept ones free.
    fitted = torch.linalg.lstsq(root[kept].T, (weight @ root).T).solution.T
    error = weight.clone()
    error[:, kept] -= fitted
    cost = 0.5 * float(torch.trace(gradients @ error @ inputs @ error.T))
    return cost, fitted


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10**4), side=st.sampled_from(list(Side)), width=st.integers(2, 40))
def test_costs_and_columns_are_those_of_a_regression(family, seed, side, width):
    # On the read side a matrix reads its width; on the write side its other dimension.
    outers, inner = ((5,), width) if side is Side.READ else ((width,), 5)
    view = family(seed, side, outers=outers, width=inner)["u0"]
    found = narrow(view)
    assert sorted(found.order.tolist()) == list(range(width))
    scale = found.costs[0]
    assert found.costs[-1] == 0
    assert (np.diff(found.costs) <= 1e-9 * scale).all()
    for count in {1, width // 2, width - 1}:
        kept = found.kept(count)
        assert kept.tolist() == sorted(found.order[width - count :].tolist())
        cost, columns = regression_cost(view, kept)
        assert found.costs[count] == pytest.approx(cost, rel=1e-6, abs=1e-9 * scale)
        torch.testing.assert_close(interpolated(view, kept), columns, rtol=1e-5, atol=1e-7)


def test_the_order_is_near_the_best_choice(family):
    ratios = []
    for seed in range(20):
        view = family(seed, outers=(5,), width=8)["u0"]
        best = min(regression_cost(view, list(kept))[0] for kept in combinations(range(8), 4))
        ratios.append(narrow(view).costs[4] / best)
    assert min(ratios) >= 1 - 1e-9
    assert np.median(ratios) < 1.1


def test_a_hidden_unit_that_another_repeats_is_free(family):
    view = family(0, outers=(5,), width=6)["u0"]
    # Hidden unit 5 is twice hidden unit 2.
    mix = torch.eye(6, dtype=torch.float64)
    mix[5] = 2 * mix[2]
    view.inner.copy_(mix @ view.inner @ mix.T + 1e-12 * torch.eye(6, dtype=torch.float64))
    found = narrow(view)
    assert int(found.order[0]) in (2, 5)
    assert found.costs[5] < 1e-9 * found.costs[0]


def hidden_layer(family):
    """A matrix that writes 6 hidden units from 4 inputs, and one that reads them."""
    views = family(1, outers=(6,), width=4)
    reader = family(2, Side.READ, outers=(4,), width=6)["u0"]
    views["reader"] = replace(reader, unit=replace(reader.unit, name="reader", space="hidden"))
    return views, Chain(("u0",), "reader", 6)


def test_a_hidden_layer_is_a_group_and_its_price_is_paid_once(family):
    views, chain = hidden_layer(family)
    costs = GroupCosts(views, tuple(Form), chains=(chain,))
    curve = costs.curve(Form.NARROW, chain.members)
    assert list(curve.sizes) == [(4 + 4) * count for count in range(7)]
    assert curve.costs.tolist() == narrow(views["reader"]).costs.tolist()
    assert costs.best(chain.members, 0.0).rank == 6
    assert costs.best(chain.members, 1e9).rank == 0
    kept, columns = costs.fit_narrow(chain.members, 3)
    assert (kept.shape, columns.shape) == ((3,), (4, 3))


def test_only_hidden_layers_and_only_where_allowed(family):
    views, chain = hidden_layer(family)
    assert GroupCosts(views, (Form.DENSE, Form.BASIS), chains=(chain,)).chains == {}
    with pytest.raises(InputError, match="u0, reader are no hidden layer"):
        GroupCosts(views, tuple(Form)).curve(Form.NARROW, chain.members)
