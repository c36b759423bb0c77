"""One matrix and low-rank differences, against decompositions in explicit square roots."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from geocolor.criterion import GroupCosts, View
from geocolor.criterion.curves import Form
from geocolor.criterion.residual import SharedMatrix, fit_residual, residual_curve
from geocolor.criterion.tie import merge, tie_cost
from geocolor.units import Side

CASES = {
    "seed": st.integers(0, 10**4),
    "side": st.sampled_from(Side),
    "outer": st.sampled_from([4, 5, 8]),
    "members": st.integers(2, 3),
}


def root(metric: Tensor) -> np.ndarray:
    values, vectors = np.linalg.eigh(metric.numpy())
    return vectors @ np.diag(np.sqrt(values)) @ vectors.T


def tails(view: View, matrix: Tensor) -> np.ndarray:
    """What is left of the difference from a matrix at every rank, by its SVD in the metric."""
    seen = root(view.outer) @ (view.weight - matrix).numpy() @ root(view.inner)
    energy = np.linalg.svd(seen, compute_uv=False) ** 2
    return np.append(energy[::-1].cumsum()[::-1], 0.0) / 2


def stored(fitted: SharedMatrix, name: str) -> Tensor:
    second, first = fitted.differences[name]
    return fitted.matrix + second @ first


@given(**CASES)
def test_the_curve_is_the_tail_of_every_members_spectrum(family, seed, side, outer, members):
    group = list(family(seed, side, outers=(outer,) * members, width=5, spread=0.3).values())
    matrix = merge(group)
    curve = residual_curve(group)
    expected = np.sum([tails(view, matrix) for view in group], axis=0)[: len(curve.costs)]
    scale = tie_cost(group, matrix)
    assert curve.costs == pytest.approx(expected, abs=1e-9 * scale)
    assert curve.costs[0] == pytest.approx(scale)
    assert curve.sizes[0] == outer * 5
    assert curve.sizes[-1] < members * outer * 5
    assert len(curve.costs) > 5 or curve.sizes[-1] + members * (outer + 5) >= members * outer * 5


@given(**CASES, rank=st.integers(0, 5))
def test_the_fit_costs_no_more_than_the_curve_says(
    family, cost_of, seed, side, outer, members, rank
):
    group = list(family(seed, side, outers=(outer,) * members, width=5, spread=0.3).values())
    rank = min(rank, outer)
    fitted = fit_residual(group, rank)
    cost = sum(cost_of(view, stored(fitted, view.unit.name)) for view in group)
    matrix = merge(group)
    curve = sum(tails(view, matrix)[rank] for view in group)
    assert cost <= curve * (1 + 1e-6) + 1e-8
    for second, first in fitted.differences.values():
        assert second.shape == (outer, rank)
        assert first.shape == (rank, 5)
    if rank == min(outer, 5):
        assert cost < 1e-6 * tie_cost(group, matrix)


def test_taking_turns_finds_more_than_differences_from_the_tie(family, cost_of):
    views = family(3, outers=(6, 6, 6), width=6, common=True, spread=0.0)
    generator = torch.Generator().manual_seed(0)
    for name, view in views.items():
        change = torch.outer(*torch.randn(2, 6, generator=generator, dtype=torch.float64))
        views[name] = type(view)(**{**vars(view), "weight": view.weight + change})
    group = list(views.values())
    fitted = fit_residual(group, 1)
    cost = sum(cost_of(view, stored(fitted, view.unit.name)) for view in group)
    assert cost < 0.7 * residual_curve(group).costs[1]


def test_near_copies_have_a_rank_that_grows_as_parameters_get_cheaper(family):
    views = family(1, outers=(24,) * 3, width=24, spread=1e-2)
    costs, names = GroupCosts(views, tuple(Form)), tuple(views)
    chosen = [costs.best(names, 10.0**power) for power in (-4, -6.2, -6.33, -9)]
    forms = [choice.curve.form for choice in chosen]
    assert forms == [Form.RESIDUAL, Form.RESIDUAL, Form.RESIDUAL, Form.DENSE]
    assert 0 == chosen[0].rank < chosen[1].rank <= chosen[2].rank
