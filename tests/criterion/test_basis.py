"""Low rank and shared bases against plain linear algebra."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from geocolor.criterion import GroupCosts, View
from geocolor.criterion.basis import BasisFitter
from geocolor.criterion.curves import Form
from geocolor.errors import ModelError
from geocolor.units import Side

SIDES = pytest.mark.parametrize("side", list(Side))


def square_root(metric: torch.Tensor) -> np.ndarray:
    """The symmetric root; the package uses Cholesky factors."""
    values, vectors = np.linalg.eigh(metric.numpy())
    return (vectors * np.sqrt(values)) @ vectors.T


def tails(whitened: np.ndarray) -> np.ndarray:
    """``1/2 sum of squared singular values beyond r``, for every r."""
    energy = np.linalg.svd(whitened, compute_uv=False) ** 2
    return 0.5 * np.append(energy[::-1].cumsum()[::-1], 0.0)


def fitted_cost(group: list[View], fitter: BasisFitter, rank: int, cost_of) -> float:
    fitted = fitter.fit(group, rank)
    assert fitted.basis.shape == (group[0].inner.shape[0], rank)
    return sum(
        cost_of(view, fitted.coefficients[view.unit.name] @ fitted.basis.T) for view in group
    )


@SIDES
@pytest.mark.parametrize("outer", [4, 6, 9])
def test_a_private_curve_is_the_tail_of_the_weighted_svd(family, side, outer):
    (view,) = family(outer, side, outers=(outer,), width=6).values()
    stored = view.weight if side is Side.READ else view.weight.T
    # The whole metric, on the matrix as it is stored and flattened row by row.
    inputs, gradients = (view.inner, view.outer) if side is Side.READ else (view.outer, view.inner)
    whitened = square_root(gradients) @ stored.numpy() @ square_root(inputs)
    curve = BasisFitter().curve([view])
    np.testing.assert_allclose(curve.costs, tails(whitened), atol=1e-10)
    flat = stored.numpy().ravel()
    kron = np.kron(gradients.numpy(), inputs.numpy())
    assert curve.costs[0] == pytest.approx(0.5 * flat @ kron @ flat)
    assert curve.form is Form.BASIS
    assert curve.sizes[3] == 3 * sum(view.unit.shape)


@SIDES
def test_with_a_common_metric_the_curve_is_the_svd_of_the_stack(family, side, cost_of):
    group = list(family(1, side, outers=(5, 3, 4), common=True).values())
    # Equal metrics must also be recognised as one object, as q, k and v give it.
    assert all(view.inner is group[0].inner for view in group)
    root = square_root(group[0].inner)
    stack = np.vstack([square_root(v.outer) @ v.weight.numpy() @ root for v in group])
    fitter = BasisFitter()
    curve = fitter.curve(group)
    np.testing.assert_allclose(curve.costs, tails(stack), atol=1e-10)
    assert curve.sizes[2] == 2 * (6 + 5 + 3 + 4)
    for rank in range(7):
        assert fitted_cost(group, fitter, rank, cost_of) == pytest.approx(
            curve.costs[rank], abs=1e-9
        )


@given(seed=st.integers(0, 10**6), size=st.sampled_from([1e-3, 1e-1, 1.0]))
def test_with_a_common_metric_no_other_factors_cost_less(family, cost_of, seed, size):
    group = list(family(5, outers=(5, 3), common=True).values())
    fitted = BasisFitter().fit(group, 2)
    generator = torch.Generator().manual_seed(seed)

    def moved(factor: torch.Tensor) -> torch.Tensor:
        noise = torch.randn(factor.shape, generator=generator, dtype=factor.dtype)
        return factor + size * factor.norm() * noise / noise.norm()

    basis = moved(fitted.basis)
    perturbed = sum(cost_of(v, moved(fitted.coefficients[v.unit.name]) @ basis.T) for v in group)
    best = sum(cost_of(v, fitted.coefficients[v.unit.name] @ fitted.basis.T) for v in group)
    assert perturbed >= best * (1 - 1e-9)


@SIDES
@pytest.mark.parametrize("outers", [(5, 4), (2, 1), (7, 7, 7)])
def test_with_different_metrics_the_curve_is_the_cost_of_what_is_fitted(
    family, side, outers, cost_of
):
    group = list(family(2, side, outers=outers).values())
    fitter = BasisFitter()
    curve = fitter.curve(group)
    assert len(curve.costs) == min(6, sum(outers)) + 1
    for rank, cost in enumerate(curve.costs):
        assert fitted_cost(group, fitter, rank, cost_of) == pytest.approx(cost, abs=1e-9)


@SIDES
def test_coefficients_are_the_best_for_their_basis(family, side, cost_of):
    for common in (True, False):
        group = list(family(3, side, outers=(5, 4), common=common).values())
        fitted = BasisFitter().fit(group, 2)
        for view in group:
            own = fitted.coefficients[view.unit.name].clone().requires_grad_()
            error = own @ fitted.basis.T - view.weight
            cost = 0.5 * torch.trace(view.outer @ error @ view.inner @ error.T)
            (slope,) = torch.autograd.grad(cost, own)
            assert float(slope.abs().max()) < 1e-8


@SIDES
@pytest.mark.parametrize("seed", range(3))
def test_refit_costs_less_than_the_projection_in_the_pooled_metric(family, side, seed, cost_of):
    group = list(family(seed, side, outers=(5, 4, 6)).values())
    energy = [float((view.moment * view.inner).sum()) for view in group]
    pooled = sum(e / sum(energy) * view.inner for e, view in zip(energy, group, strict=True))
    curve, gains = BasisFitter().curve(group), 0
    for rank in range(1, 6):
        basis = BasisFitter().fit(group, rank).basis
        onto = pooled @ basis @ torch.linalg.inv(basis.T @ pooled @ basis) @ basis.T
        raw = sum(cost_of(view, view.weight @ onto) for view in group)
        assert curve.costs[rank] <= raw * (1 + 1e-9)
        gains += curve.costs[rank] < raw * 0.999
    assert gains > 0


def test_without_refit_basis_and_coefficients_are_those_of_the_mean_metric(family):
    group = list(family(4, outers=(5, 4)).values())
    mean = torch.stack([view.inner for view in group]).mean(0)
    pooled = [dataclasses.replace(view, inner=mean) for view in group]
    published, common = BasisFitter(refit=False), BasisFitter()
    np.testing.assert_allclose(published.curve(group).costs, common.curve(pooled).costs, atol=1e-10)
    raw, best = published.fit(group, 3), common.fit(pooled, 3)
    for name, own in raw.coefficients.items():
        torch.testing.assert_close(own @ raw.basis.T, best.coefficients[name] @ best.basis.T)


@SIDES
@settings(max_examples=40)
@given(seed=st.integers(0, 10**6), members=st.integers(1, 3), common=st.booleans())
def test_curves_fall_from_the_whole_energy_to_nothing(family, side, seed, members, common):
    group = list(family(seed, side, outers=(5, 4, 7)[:members], common=common).values())
    curve = BasisFitter().curve(group)
    energy = sum(float((view.moment * view.inner).sum()) for view in group) / 2
    assert curve.costs[0] == pytest.approx(energy)
    assert (np.diff(curve.costs) <= 1e-10 * energy).all()
    assert curve.costs[-1] == pytest.approx(0, abs=1e-9 * energy)


def test_members_that_matter_more_shape_the_common_basis(family):
    first, second = family(6, outers=(5, 5)).values()
    # A member with hardly any curvature must not cost the other its own best basis.
    faint = dataclasses.replace(second, outer=second.outer * 1e-9, moment=second.moment * 1e-9)
    alone, both = BasisFitter().curve([first]), BasisFitter().curve([first, faint])
    np.testing.assert_allclose(both.costs[:6], alone.costs, atol=1e-6 * alone.costs[0])


@SIDES
def test_zero_matrices_cost_nothing_and_end(family, side):
    group = [
        dataclasses.replace(v, weight=v.weight * 0, moment=v.moment * 0)
        for v in family(7, side, outers=(5, 4)).values()
    ]
    fitter = BasisFitter()
    np.testing.assert_array_equal(fitter.curve(group).costs, np.zeros(7))
    for own in fitter.fit(group, 2).coefficients.values():
        assert not bool(own.any())


def test_a_metric_of_no_sample_ends(family):
    (view,) = family(7, outers=(5,)).values()
    dead = dataclasses.replace(view, inner=view.inner * 0)
    np.testing.assert_allclose(BasisFitter().curve([dead]).costs, 0, atol=1e-12)


def test_a_metric_that_overflows_is_refused(family):
    (view,) = family(7, outers=(5,)).values()
    with pytest.raises(ModelError, match="too large"):
        BasisFitter().curve([dataclasses.replace(view, inner=view.inner / 0)])


def test_a_rank_deficient_metric_is_lifted_by_hardly_anything(family):
    (view,) = family(8, outers=(5,)).values()
    inner = view.inner.clone()
    inner[0] = inner[:, 0] = 0  # an input that is never seen, undamped
    inner[1, 1] -= float(torch.linalg.eigvalsh(inner[1:, 1:])[0]) + 1e-15  # indefinite by rounding
    curve = BasisFitter().curve([dataclasses.replace(view, inner=inner)])
    energy = float((view.moment * inner).sum()) / 2
    assert curve.costs[0] == pytest.approx(energy, rel=1e-6)


def test_group_costs_give_the_factors_behind_their_curves(family, cost_of):
    views = family(9, outers=(5, 4))
    costs = GroupCosts(views, tuple(Form))
    fitted = costs.fit_basis(("u0", "u1"), 3)
    cost = sum(cost_of(views[n], fitted.coefficients[n] @ fitted.basis.T) for n in views)
    assert costs.curve(Form.BASIS, ("u0", "u1")).costs[3] == pytest.approx(cost, abs=1e-9)
