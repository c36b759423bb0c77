"""Orientation and damping."""

from __future__ import annotations

import pytest
import torch

from geocolor.criterion import Damping, Metric, oriented_views
from geocolor.curvature import Curvature, KroneckerFactors
from geocolor.errors import ModelError
from geocolor.units import Side, Unit

NO_DAMPING = Damping(0.0, 0.0)


def random(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def one_unit(side: Side, weight: torch.Tensor, **options):
    m, n = weight.shape
    factors = KroneckerFactors(
        random(n, n, seed=1).T @ random(n, n, seed=1), random(m, m, seed=2).T @ random(m, m, seed=2)
    )
    unit = Unit("u", "role", 0, (m, n), side, "space")
    view = oriented_views([unit], {"u": weight}, Curvature({"u": factors}, 1, 1), **options)["u"]
    return view, factors


@pytest.mark.parametrize("side", list(Side))
def test_oriented_cost_is_the_cost_of_the_perturbation_as_stored(side, cost_of):
    weight, error = random(3, 5), random(3, 5, seed=7)
    view, factors = one_unit(side, weight, damping=NO_DAMPING)
    stored = weight + error
    expected = 0.5 * float(torch.trace(factors.gradients @ error @ factors.inputs @ error.T))
    assert cost_of(view, stored if side is Side.READ else stored.T) == pytest.approx(expected)
    assert view.inner.shape[0] == (5 if side is Side.READ else 3)
    torch.testing.assert_close(view.moment, view.weight.T @ view.outer @ view.weight)


@pytest.mark.parametrize("side", list(Side))
def test_damping_is_relative_to_each_input_and_to_the_mean_gradient(side):
    view, factors = one_unit(side, random(3, 5), damping=Damping(inputs=0.1, gradients=0.3))
    inputs = factors.inputs + 0.1 * factors.inputs.diagonal().diag()
    gradients = factors.gradients + 0.3 * factors.gradients.diagonal().mean() * torch.eye(3)
    inner, outer = (inputs, gradients) if side is Side.READ else (gradients, inputs)
    torch.testing.assert_close(view.inner, inner)
    torch.testing.assert_close(view.outer, outer)


@pytest.mark.parametrize("side", list(Side))
def test_spent_curvature_is_damped_in_place(side):
    kept, factors = one_unit(side, random(3, 5))
    spent, own = one_unit(side, random(3, 5), spend=True)
    assert torch.equal(spent.inner, kept.inner)
    assert torch.equal(spent.outer, kept.outer)
    assert {id(spent.inner), id(spent.outer)} == {id(own.inputs), id(own.gradients)}
    assert not torch.equal(factors.inputs, own.inputs)


def test_an_input_that_is_never_there_keeps_the_metric_definite():
    weight, inputs = random(3, 4), random(4, 9)
    inputs[1] = 0
    factors = KroneckerFactors(inputs @ inputs.T, torch.eye(3, dtype=torch.float64))
    unit = Unit("u", "role", 0, (3, 4), Side.READ, "s")
    view = oriented_views([unit], {"u": weight}, Curvature({"u": factors}, 1, 1))["u"]
    assert float(view.inner[1, 1]) > 0
    assert int(torch.linalg.cholesky_ex(view.inner).info) == 0


@pytest.mark.parametrize("side", list(Side))
@pytest.mark.parametrize("metric", list(Metric))
def test_the_floor_is_below_every_eigenvalue_of_the_outer_metric(side, metric):
    view, _ = one_unit(side, random(3, 5), metric=metric)
    assert 0 < view.outer_floor <= float(torch.linalg.eigvalsh(view.outer)[0]) * (1 + 1e-12)


def test_metrics_leave_factors_out():
    for side in Side:
        view, factors = one_unit(side, random(3, 5), metric=Metric.ACTIVATIONS, damping=NO_DAMPING)
        inputs, other = (view.inner, view.outer) if side is Side.READ else (view.outer, view.inner)
        torch.testing.assert_close(inputs, factors.inputs)
        assert torch.equal(other, torch.eye(3, dtype=torch.float64))
        view, _ = one_unit(side, random(3, 5), metric=Metric.WEIGHTS)
        for part in (view.inner, view.outer):
            assert torch.equal(part, torch.eye(len(part), dtype=torch.float64))


def test_units_that_read_one_tensor_keep_one_metric():
    shared = torch.eye(4, dtype=torch.float64)
    units = [Unit(name, name, 0, (3, 4), Side.READ, "s") for name in "qk"]
    factors = {name: KroneckerFactors(shared, random(3, 3).T @ random(3, 3)) for name in "qk"}
    views = oriented_views(units, {n: random(3, 4) for n in "qk"}, Curvature(factors, 1, 1))
    assert views["q"].inner is views["k"].inner
    assert views["q"].outer is not views["k"].outer


def test_weights_take_the_dtype_of_the_curvature():
    view, _ = one_unit(Side.READ, random(3, 5).bfloat16())
    assert view.weight.dtype == torch.float64


def test_a_unit_without_factors_and_a_weight_that_is_not_finite_are_refused():
    unit = Unit("u", "u", 0, (3, 5), Side.READ, "s")
    with pytest.raises(ModelError, match="no factors for u"):
        oriented_views([unit], {"u": random(3, 5)}, Curvature({}, 1, 1))
    with pytest.raises(ModelError, match="weight of u is not finite"):
        one_unit(Side.READ, random(3, 5) / 0)
