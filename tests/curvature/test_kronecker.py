"""The factors are the ones of the true Fisher information, and the model is put back."""

from __future__ import annotations

import copy
from dataclasses import replace
from types import SimpleNamespace

import pytest
import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from geocolor.curvature import collect_curvature
from geocolor.curvature.targets import target_generator
from geocolor.errors import ModelError
from geocolor.units import Side, Unit, find_units

REPEATS = 30_000


def rows(count: int, width: int, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(count, width, generator=generator, dtype=torch.float64)


def categorical_hessian(logits: Tensor) -> Tensor:
    p = logits.softmax(-1)
    return torch.diag(p) - torch.outer(p, p)


def unit(name: str, module: nn.Linear) -> Unit:
    shape = (module.out_features, module.in_features)
    return Unit(name, name, 0, shape, Side.READ, name)


def test_inputs_are_the_mean_second_moment_over_all_batches(mlp):
    x = rows(50, 4)
    # Batches of unequal size must not count equally.
    measured = collect_curvature(mlp, [x[:40], x[40:]], find_units(mlp))
    torch.testing.assert_close(measured.factors["0"].inputs, x.T @ x / 50)
    hidden = torch.tanh(mlp[0](x)).detach()
    torch.testing.assert_close(measured.factors["2"].inputs, hidden.T @ hidden / 50)
    assert (measured.tokens, measured.outputs) == (50, 50)


def test_gradients_of_the_samples_drawn_are_exact(mlp):
    x = rows(7, 4)
    factors = collect_curvature(mlp, [x], find_units(mlp), seed=5).factors
    # A unit Gaussian's gradient at its mean is the noise.
    noise = torch.randn(7, 3, generator=target_generator(5, 0), dtype=torch.float64)
    torch.testing.assert_close(factors["2"].gradients, noise.T @ noise / 7)
    slope = 1 - torch.tanh(mlp[0](x)).detach() ** 2
    back = (noise @ mlp[2].weight.detach()) * slope
    torch.testing.assert_close(factors["0"].gradients, back.T @ back / 7)


def test_expected_gradients_are_the_fisher_information_of_the_prediction(classifier):
    x = rows(1, 4, seed=2)
    measured = collect_curvature(classifier, [x.repeat(REPEATS, 1)], find_units(classifier))
    hessian = categorical_hessian(classifier(x).logits[0].detach())
    gradients = measured.factors["layers.2"].gradients
    assert float((gradients - hessian).abs().max()) < 0.02 * float(hessian.abs().max())


@pytest.mark.parametrize("name", ["layers.0", "layers.2"])
def test_for_one_sample_the_product_is_the_gauss_newton_matrix(classifier, name):
    x = rows(1, 4, seed=2)
    measured = collect_curvature(classifier, [x.repeat(REPEATS, 1)], find_units(classifier))
    weight = classifier.get_parameter(f"{name}.weight").detach()

    def logits(flat: Tensor) -> Tensor:
        changed = {f"{name}.weight": flat.reshape(weight.shape)}
        return torch.func.functional_call(classifier, changed, (x,)).logits[0]

    jacobian = torch.func.jacrev(logits)(weight.flatten()).detach()
    truth = jacobian.T @ categorical_hessian(logits(weight.flatten()).detach()) @ jacobian
    factors = measured.factors[name]
    # Row-major flattening: the output index is the slow one.
    product = torch.kron(factors.gradients, factors.inputs)
    assert float((product - truth).norm()) < 0.03 * float(truth.norm())


def test_with_unit_gaussian_output_expected_gradients_are_the_outer_jacobian(mlp):
    x = rows(1, 4, seed=4)
    measured = collect_curvature(mlp, [x.repeat(REPEATS, 1)], find_units(mlp))
    slope = 1 - torch.tanh(mlp[0](x)).detach()[0] ** 2
    jacobian = mlp[2].weight.detach() * slope
    truth = jacobian.T @ jacobian
    assert float((measured.factors["0"].gradients - truth).norm()) < 0.03 * float(truth.norm())


def test_tokens_are_averaged_but_gradients_are_per_scored_output():
    class Pooled(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layers = nn.ModuleList([nn.Linear(4, 3).double()])

        def forward(self, x: Tensor) -> Tensor:
            return self.layers[0](x).mean(1)

    model, x = Pooled(), rows(30, 4).reshape(5, 6, 4)
    measured = collect_curvature(model, [x], find_units(model), seed=9)
    noise = torch.randn(5, 3, generator=target_generator(9, 0), dtype=torch.float64)
    flat = x.reshape(-1, 4)
    torch.testing.assert_close(measured.factors["layers.0"].inputs, flat.T @ flat / 30)
    # Each of the 6 tokens of a sample gets a sixth of its gradient.
    expected = 6 * (noise / 6).T @ (noise / 6) / 5
    torch.testing.assert_close(measured.factors["layers.0"].gradients, expected)
    assert (measured.tokens, measured.outputs) == (30, 5)


def test_layers_that_read_one_tensor_hold_one_object(attention):
    x = rows(12, 5).reshape(3, 4, 5)
    factors = collect_curvature(attention, [x, x], find_units(attention)).factors
    q, k, v = (factors[f"layers.{i}"] for i in range(3))
    assert q.inputs is k.inputs is v.inputs
    assert factors["out.0"].inputs is not q.inputs
    assert q.gradients is not k.gradients
    torch.testing.assert_close(q.inputs, rows(12, 5).T @ rows(12, 5) / 12)


def test_padding_counts_neither_in_the_inputs_nor_in_the_score(attention):
    x = rows(12, 5).reshape(3, 4, 5)
    mask = torch.tensor([[1, 1, 0, 0], [1, 1, 1, 1], [0, 1, 1, 0]])
    units = find_units(attention)
    padded = collect_curvature(attention, [{"x": x, "attention_mask": mask}], units)
    alone = collect_curvature(attention, [x[mask.bool()]], units)
    assert (padded.tokens, padded.outputs) == (alone.tokens, alone.outputs) == (8, 8)
    for name, factors in alone.factors.items():
        torch.testing.assert_close(padded.factors[name].inputs, factors.inputs)
        torch.testing.assert_close(padded.factors[name].gradients, factors.gradients)


def test_a_batch_is_a_dict_a_tuple_a_list_or_a_tensor(attention):
    x, units = rows(6, 5), find_units(attention)
    results = [
        collect_curvature(attention, [batch], units).factors["out.0"].gradients
        for batch in (x, (x,), [x], {"x": x})
    ]
    assert all(torch.equal(result, results[0]) for result in results)


def test_the_seed_fixes_the_result_and_the_global_generator_is_not_touched(classifier):
    x, units = rows(20, 4), find_units(classifier)
    state = torch.get_rng_state()
    runs = [
        collect_curvature(classifier, [x], units, seed=seed).factors["layers.0"].gradients
        for seed in (1, 1, 2)
    ]
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.equal(runs[0], runs[1])
    assert not torch.equal(runs[0], runs[2])


def test_the_model_is_put_back(attention):
    attention.train()
    attention.out.eval()
    attention.layers[1].weight.requires_grad_(False)
    flags = {name: module.training for name, module in attention.named_modules()}
    state = copy.deepcopy(attention.state_dict())
    collect_curvature(attention, [rows(6, 5)], find_units(attention))
    assert {name: module.training for name, module in attention.named_modules()} == flags
    assert [p.requires_grad for p in attention.parameters()] == [
        name != "layers.1.weight" for name, _ in attention.named_parameters()
    ]
    assert all(parameter.grad is None for parameter in attention.parameters())
    assert not any(module._forward_hooks for module in attention.modules())
    assert all(torch.equal(value, state[name]) for name, value in attention.state_dict().items())


def test_the_model_is_put_back_when_a_batch_fails(attention):
    attention.train()
    with pytest.raises(ModelError, match="failed on a batch"):
        collect_curvature(attention, [rows(6, 5), rows(6, 9)], find_units(attention))
    assert attention.training
    assert all(parameter.requires_grad for parameter in attention.parameters())
    assert not any(module._forward_hooks for module in attention.modules())


def test_a_key_value_cache_is_off_during_the_pass_and_on_afterwards(tiny_llama):
    model, seen = tiny_llama(num_hidden_layers=1), []
    assert model.config.use_cache
    model.register_forward_pre_hook(lambda module, _: seen.append(module.config.use_cache))
    collect_curvature(model, [torch.arange(8)[None]], find_units(model))
    assert seen == [False]
    assert model.config.use_cache


def test_frozen_parameters_and_in_place_activations_change_nothing():
    torch.manual_seed(0)
    parts = [nn.Linear(4, 6), nn.ReLU(), nn.Linear(6, 6), nn.ReLU(), nn.Linear(6, 3)]
    plain = nn.Sequential(*parts).double()
    tricky = copy.deepcopy(plain).requires_grad_(False)
    tricky[1].inplace = tricky[3].inplace = True
    x = rows(9, 4)
    expected = collect_curvature(plain, [x], find_units(plain)).factors
    got = collect_curvature(tricky, [x], find_units(tricky)).factors
    for name, factors in expected.items():
        torch.testing.assert_close(got[name].inputs, factors.inputs)
        torch.testing.assert_close(got[name].gradients, factors.gradients)
    assert not any(parameter.requires_grad for parameter in tricky.parameters())


def test_dropout_is_off_and_on_again(mlp):
    dropped = nn.Sequential(mlp[0], nn.Dropout(0.5), mlp[1], mlp[2]).train()
    x = rows(9, 4)
    got = collect_curvature(dropped, [x], [unit("0", mlp[0]), unit("3", mlp[2])]).factors
    expected = collect_curvature(mlp, [x], find_units(mlp)).factors
    assert torch.equal(got["3"].inputs, expected["2"].inputs)
    assert dropped[1].training


def test_half_precision_gives_float32_factors_close_to_the_truth(mlp):
    x = rows(64, 4)
    units = find_units(mlp)
    truth = collect_curvature(mlp, [x], units).factors
    half = copy.deepcopy(mlp).bfloat16()
    factors = collect_curvature(half, [x.bfloat16()], units).factors
    for name in ("0", "2"):
        assert factors[name].inputs.dtype == factors[name].gradients.dtype == torch.float32
        error = (factors[name].inputs - truth[name].inputs).norm()
        assert float(error) < 0.03 * float(truth[name].inputs.norm())


def test_progress_counts_batches(mlp):
    done: list[int] = []
    collect_curvature(mlp, [rows(2, 4)] * 3, find_units(mlp), on_progress=done.append)
    assert done == [1, 2, 3]


class _HalfReached(nn.Module):
    """One of two uses leads nowhere."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(4, 4)])

    def forward(self, x: Tensor) -> Tensor:
        self.layers[0](2 * x)
        return self.layers[0](x)


class _Unreached(nn.Module):
    """One layer is never called; the other's output goes nowhere."""

    def __init__(self, *, call: bool) -> None:
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(4, 4), nn.Linear(4, 4)])
        self.call = call

    def forward(self, x: Tensor) -> Tensor:
        if self.call:
            self.layers[1](x)
        return self.layers[0](x)


class _ChangedInPlace(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(4, 4)])

    def forward(self, x: Tensor) -> Tensor:
        x = x.clone()
        return self.layers[0](x) + x.mul_(2)


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (_HalfReached(), "used 2 times .* depends on 1 of them"),
        (_Unreached(call=False), "layers.1 takes no part"),
        (_Unreached(call=True), "layers.1 takes no part"),
        (_ChangedInPlace(), "changed in place"),
    ],
    ids=["half reached", "never called", "leads nowhere", "input changed"],
)
def test_what_would_give_wrong_factors_is_refused(model, message):
    batches = [torch.randn(3, 4), torch.randn(3, 4)]
    with pytest.raises(ModelError, match=message):
        collect_curvature(model, batches, find_units(model))


class _Recomputed(nn.Module):
    """Drops what lies between its layers and computes it again for the backward pass."""

    def __init__(self, layers: nn.Sequential) -> None:
        super().__init__()
        self.layers = layers

    def forward(self, x: Tensor) -> Tensor:
        def block(x: Tensor) -> Tensor:
            return self.layers[2](self.layers[1](self.layers[0](x)))

        return checkpoint(block, checkpoint(block, x, use_reentrant=False), use_reentrant=False)


@pytest.mark.parametrize("samples", [1, 2])
def test_what_is_computed_again_for_the_backward_pass_is_not_counted_again(samples):
    layers = nn.Sequential(nn.Linear(4, 6), nn.Tanh(), nn.Linear(6, 4)).double()
    plain, again = nn.Sequential(layers), _Recomputed(layers)
    plain.forward = lambda x: layers(layers(x))
    batches = [rows(8, 4), rows(8, 4)]
    units = find_units(again)
    found = collect_curvature(again, batches, units, samples=samples)
    plain_units = [replace(unit, name=unit.name.replace("layers", "0")) for unit in units]
    expected = collect_curvature(plain, batches, plain_units, samples=samples)
    for unit, same in zip(units, plain_units, strict=True):
        for part in ("inputs", "gradients"):
            one = getattr(found.factors[unit.name], part)
            torch.testing.assert_close(one, getattr(expected.factors[same.name], part))


def test_a_layer_without_gradients_is_named():
    class Frozen(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.body, self.head = nn.Linear(4, 4), nn.Linear(4, 4)

        def forward(self, x: Tensor) -> Tensor:
            with torch.no_grad():
                x = self.body(x)
            return self.head(x)

    model = Frozen().double()
    with pytest.raises(ModelError, match=r"body is called under torch\.no_grad"):
        collect_curvature(model, [rows(3, 4)], find_units(model))


def test_an_output_that_depends_on_no_unit_is_refused(mlp):
    with pytest.raises(ModelError, match="does not depend on any unit"):
        collect_curvature(mlp, [rows(3, 4)], [])


def test_numbers_that_are_not_finite_are_refused(mlp):
    with pytest.raises(ModelError, match="not finite"):
        collect_curvature(
            mlp, [torch.full((3, 4), float("nan"), dtype=torch.float64)], find_units(mlp)
        )
    with pytest.raises(ModelError, match="nothing to score"):
        collect_curvature(mlp, [torch.zeros(0, 4, dtype=torch.float64)], find_units(mlp))


def test_a_model_on_tuples_of_outputs_is_scored_by_the_first():
    class Two(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layers = nn.ModuleList([nn.Linear(4, 3)])

        def forward(self, x: Tensor) -> tuple[Tensor, SimpleNamespace]:
            return self.layers[0](x), SimpleNamespace()

    model = Two()
    measured = collect_curvature(model, [torch.randn(5, 4)], find_units(model))
    assert measured.outputs == 5
