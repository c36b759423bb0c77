"""Eigenpairs are those of the dense matrices that autograd gives."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch
from torch import Tensor, nn

from geocolor.curvature import EigenpairCurvature, Matrix, collect_eigenpairs
from geocolor.curvature.targets import sampled_loss, target_generator
from geocolor.errors import InputError, ModelError
from geocolor.units import Side, Unit, find_units


class Scored(nn.Module):
    def __init__(self, *layers: nn.Module, categorical: bool = True) -> None:
        super().__init__()
        self.layers = nn.Sequential(*layers)
        self.categorical = categorical

    def forward(self, x: Tensor) -> SimpleNamespace | Tensor:
        scores = self.layers(x)
        return SimpleNamespace(logits=scores) if self.categorical else scores


def transposed() -> nn.Module:
    from transformers.pytorch_utils import Conv1D

    return Conv1D(4, 3)


def used_twice() -> nn.Module:
    shared = nn.Linear(3, 3)
    return Scored(shared, nn.Tanh(), shared)


MODELS = {
    "Linear": (lambda: Scored(nn.Linear(3, 4), nn.SiLU(), nn.Linear(4, 3)), (5, 2, 3)),
    "Gaussian": (
        lambda: Scored(nn.Linear(3, 4), nn.SiLU(), nn.Linear(4, 3), categorical=False),
        (5, 2, 3),
    ),
    "Conv1D": (lambda: Scored(transposed(), nn.SiLU(), nn.Linear(4, 3)), (5, 2, 3)),
    "Conv2d": (
        lambda: Scored(nn.Conv2d(2, 3, 2), nn.SiLU(), nn.Flatten(), nn.Linear(12, 3)),
        (5, 2, 3, 3),
    ),
    "used twice": (used_twice, (5, 2, 3)),
}


def split(x: Tensor) -> list[Tensor]:
    return [x[:2], x[2:]]


def as_matrix(module: nn.Module, weight: Tensor) -> Tensor:
    return weight.T if type(module).__name__ == "Conv1D" else weight.flatten(1)


def dense(model: Scored, x: Tensor, matrix: Matrix) -> Tensor:
    """Of the first layer, per scored output."""
    layer = model.layers[0]
    flat = as_matrix(layer, layer.weight.detach()).flatten()

    def rows(flat: Tensor, batch: Tensor) -> Tensor:
        weight = (
            flat.reshape(layer.weight.T.shape).T
            if type(layer).__name__ == "Conv1D"
            else flat.reshape(layer.weight.shape)
        )
        # Without tying: with it, a module that has two names is left with another weight.
        output = torch.func.functional_call(
            model, {"layers.0.weight": weight}, (batch,), tie_weights=False
        )
        return (output.logits if model.categorical else output).flatten(0, -2)

    if matrix is Matrix.GAUSS_NEWTON:
        jacobian = torch.func.jacrev(rows)(flat, x).detach()
        p = rows(flat, x).detach().softmax(-1)
        outer = torch.diag_embed(p) - p[:, :, None] * p[:, None, :]
        if not model.categorical:
            outer = torch.eye(3, dtype=x.dtype).expand_as(outer)
        total = torch.einsum("oci,ocd,odj->ij", jacobian, outer, jacobian)
        return total / len(p)

    def loss(flat: Tensor) -> Tensor:
        return sum(
            sampled_loss(
                rows(flat, batch), target_generator(7, index), categorical=model.categorical
            )
            for index, batch in enumerate(split(x))
        )

    return torch.autograd.functional.hessian(loss, flat) / len(rows(flat, x))


@pytest.mark.parametrize("matrix", list(Matrix))
@pytest.mark.parametrize("kind", MODELS)
def test_eigenpairs_are_those_of_the_dense_matrix(kind, matrix):
    build, shape = MODELS[kind]
    torch.manual_seed(0)
    model = build().double()
    x = torch.randn(*shape, dtype=torch.float64)
    shape = tuple(as_matrix(model.layers[0], model.layers[0].weight).shape)
    unit = Unit("layers.0", "layers.0", 0, shape, Side.READ, "")
    state = torch.get_rng_state()
    measured = collect_eigenpairs(
        model, split(x), [unit], 3, matrix=matrix, seed=7, tolerance=1e-10
    )
    assert torch.equal(torch.get_rng_state(), state)
    form = measured.factors["layers.0"]
    truth = dense(model, x, matrix)
    values, vectors = torch.linalg.eigh(truth)
    torch.testing.assert_close(form.values, values[-3:].flip(0))
    found = form.vectors.flatten(1)
    torch.testing.assert_close(found @ found.T, torch.eye(3, dtype=torch.float64))
    torch.testing.assert_close(found @ truth, form.values[:, None] * found, atol=1e-7, rtol=1e-6)
    error = torch.randn(shape, dtype=torch.float64)
    expected = (values[-3:] * (vectors[:, -3:].T @ error.flatten()).square()).sum()
    assert form.energy(error) == pytest.approx(float(expected), rel=1e-5)
    places = {"Conv2d": 20, "used twice": 20}.get(kind, 10)
    assert (measured.tokens, measured.outputs) == (places, 5 if kind == "Conv2d" else 10)
    assert all(parameter.requires_grad for parameter in model.parameters())


def test_a_language_model_needs_no_special_attention(tiny_llama, tmp_path):
    torch.manual_seed(0)
    model = tiny_llama(num_hidden_layers=1)
    tokens = torch.arange(8)[None]
    batch = {"input_ids": tokens, "attention_mask": (tokens > 1).long()}
    units = [unit for unit in find_units(model) if unit.name.endswith(("q_proj", "down_proj"))]
    done: list[int] = []
    for matrix in Matrix:
        measured = collect_eigenpairs(
            model, [batch], units, 2, matrix=matrix, on_progress=done.append
        )
        assert (measured.tokens, measured.outputs) == (6, 6)
        for form in measured.factors.values():
            assert form.values.dtype == form.vectors.dtype == torch.float32
            assert float(form.values[0]) > float(form.values[1]) > 0
    assert done == [1, 2, 1, 2]
    assert model.config.use_cache
    measured.save(tmp_path / "pairs")
    loaded = EigenpairCurvature.load(tmp_path / "pairs")
    name = units[0].name
    assert torch.equal(loaded.factors[name].vectors, measured.factors[name].vectors)


@pytest.mark.parametrize("pairs", [0, 12, True, 1.5])
def test_a_number_of_pairs_out_of_range_is_refused(mlp, pairs):
    units = [Unit("2", "2", 0, (3, 6), Side.READ, ""), Unit("0", "0", 0, (6, 4), Side.READ, "")]
    pairs = 24 if pairs == 12 else pairs
    with pytest.raises(InputError, match="pairs must be from 1 to"):
        collect_eigenpairs(mlp, [torch.randn(2, 4).double()], units, pairs)


def test_what_has_no_curvature_is_zero_or_refused(mlp):
    unit = Unit("2", "2", 0, (3, 6), Side.READ, "")
    # Squared error is linear in the last weight once the target's noise is drawn.
    batches = [torch.randn(2, 4, dtype=torch.float64)]
    with pytest.raises(ModelError, match="no eigenpairs"):
        collect_eigenpairs(mlp, batches, [unit], 1, matrix=Matrix.HESSIAN)
    with pytest.raises(ModelError, match="not finite"):
        collect_eigenpairs(mlp, [torch.full((2, 4), torch.nan).double()], [unit], 1)
    with pytest.raises(ModelError, match="nothing to score"):
        collect_eigenpairs(mlp, [torch.zeros(0, 4).double()], [unit], 1)
