"""Predicted increases against measured divergence."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch
from torch import Tensor, nn

from geocolor.compression.divergence import Divergence
from geocolor.criterion import predicted_increase
from geocolor.curvature import (
    Curvature,
    KroneckerFactors,
    collect_curvature,
    collect_eigenpairs,
    collect_rescaled,
)
from geocolor.units import find_units


class Categorical(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.layers = nn.ModuleList([nn.Linear(4, 3).double()])

    def forward(self, x: Tensor) -> SimpleNamespace:
        return SimpleNamespace(logits=self.layers[0](x))


def random(*shape: int, seed: int) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, generator=generator, dtype=torch.float64)


def measured_and_predicted(size: float, curvature: Curvature, x: Tensor) -> tuple[float, float]:
    model = Categorical()
    before = model.layers[0].weight.detach().clone()
    divergence = Divergence(model, [x])
    with torch.no_grad():
        model.layers[0].weight += size * random(3, 4, seed=5)
    name = "layers.0"
    after = {name: model.layers[0].weight.detach()}
    return divergence.of(model), predicted_increase({name: before}, after, curvature)


def test_for_one_sample_the_prediction_is_the_divergence_to_second_order():
    x = random(1, 4, seed=1)
    p = Categorical()(x).logits[0].detach().softmax(-1)
    exact = KroneckerFactors(x.T @ x, torch.diag(p) - torch.outer(p, p))
    curvature = Curvature({"layers.0": exact}, 1, 1)
    errors = []
    for size in (1e-1, 1e-2, 1e-3):
        measured, predicted = measured_and_predicted(size, curvature, x)
        errors.append(abs(measured / predicted - 1))
    # The relative error falls in proportion to the perturbation.
    assert errors[1] < errors[0] / 5
    assert errors[2] < errors[1] / 5
    assert errors[2] < 1e-3


def test_with_sampled_targets_it_is_so_within_their_noise():
    x = random(1, 4, seed=1)
    model = Categorical()
    curvature = collect_curvature(model, [x.repeat(30_000, 1)], find_units(model))
    measured, predicted = measured_and_predicted(1e-3, curvature, x)
    assert predicted == pytest.approx(measured, rel=0.05)


def test_for_a_unit_gaussian_output_of_one_layer_it_is_exact_for_any_change():
    x, error = random(20, 4, seed=1), random(3, 4, seed=2)
    model = nn.Sequential(nn.Linear(4, 3).double())
    before = model[0].weight.detach().clone()
    divergence = Divergence(model, [x[:15], x[15:]])
    curvature = Curvature(
        {"0": KroneckerFactors(x.T @ x / 20, torch.eye(3, dtype=torch.float64))}, 20, 20
    )
    with torch.no_grad():
        model[0].weight += error
    predicted = predicted_increase({"0": before}, {"0": before + error}, curvature)
    assert divergence.of(model) == pytest.approx(predicted)
    assert predicted == pytest.approx(0.5 * float((x @ error.T).square().sum()) / 20)


def test_increases_of_units_add_up_and_unchanged_ones_count_nothing():
    a, b = random(3, 3, seed=1), random(2, 2, seed=2)
    factors = {
        "a": KroneckerFactors(a @ a.T, a.T @ a),
        "b": KroneckerFactors(b @ b.T, b.T @ b),
    }
    curvature = Curvature(factors, 1, 1)
    originals = {"a": random(3, 3, seed=3), "b": random(2, 2, seed=4)}
    stored = {name: 2 * weight for name, weight in originals.items()}
    parts = [predicted_increase(originals, {n: stored[n]}, curvature) for n in "ab"]
    assert predicted_increase(originals, stored, curvature) == pytest.approx(sum(parts))
    assert all(part > 0 for part in parts)
    assert predicted_increase(originals, originals, curvature) == 0
    assert predicted_increase(originals, {}, curvature) == 0


def test_every_kind_of_curvature_predicts_on_one_scale():
    x = random(1, 4, seed=1)
    model = Categorical()
    units = find_units(model)
    kronecker = collect_curvature(model, [x], units, samples=None)
    # Exact for one place of one sample, and so is what is diagonal in its eigenbasis.
    rescaled = collect_rescaled(model, [x], units, kronecker, samples=None)
    pairs = collect_eigenpairs(model, [x], units, 3, tolerance=1e-10)
    _, expected = measured_and_predicted(1e-2, kronecker, x)
    for kind in (rescaled, pairs):
        measured, predicted = measured_and_predicted(1e-2, kind, x)
        assert predicted == pytest.approx(expected, rel=1e-8)
        assert predicted == pytest.approx(measured, rel=0.05)
