"""Norm scales move into their readers without changing the function."""

from __future__ import annotations

import copy
from collections.abc import Callable

import pytest
import torch
from torch import nn

from geocolor.units import fold_norms

TOKENS = torch.arange(24).reshape(2, 12)


def test_folding_leaves_the_logits_unchanged(tiny_llama):
    model = tiny_llama().double()
    folded = copy.deepcopy(model)
    fold_norms(folded)
    with torch.no_grad():
        before, after = model(TOKENS).logits, folded(TOKENS).logits
    assert float(before.std()) > 0.1
    torch.testing.assert_close(after, before, rtol=1e-12, atol=1e-12)


def test_the_scales_are_returned_and_taken_out_of_the_norms(tiny_llama):
    model = tiny_llama()
    folded = copy.deepcopy(model)
    scales = fold_norms(folded)
    readers = ("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj")
    assert len(scales) == 4 * 5
    for i in range(4):
        before, after = model.model.layers[i], folded.model.layers[i]
        assert bool((after.input_layernorm.weight == 1).all())
        assert bool((after.post_attention_layernorm.weight == 1).all())
        for reader in readers:
            scale = scales[f"model.layers.{i}.{reader}"]
            assert torch.equal(scale, before.input_layernorm.weight)
            weight = f"{reader}.weight"
            assert torch.equal(after.get_parameter(weight), before.get_parameter(weight) * scale)
        for reader in ("mlp.gate_proj", "mlp.up_proj"):
            scale = scales[f"model.layers.{i}.{reader}"]
            assert torch.equal(scale, before.post_attention_layernorm.weight)


def test_the_last_norm_and_the_writers_are_not_touched(tiny_llama):
    model = tiny_llama()
    folded = copy.deepcopy(model)
    fold_norms(folded)
    assert torch.equal(folded.model.norm.weight, model.model.norm.weight)
    for name in ("self_attn.o_proj.weight", "mlp.down_proj.weight"):
        assert torch.equal(
            folded.model.layers[0].get_parameter(name), model.model.layers[0].get_parameter(name)
        )


def test_an_unlisted_architecture_is_left_alone(tiny_llama):
    model = tiny_llama()
    model.config.model_type = "gemma"  # scales by 1 + weight
    before = copy.deepcopy(model.state_dict())
    assert fold_norms(model) == {}
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert fold_norms(nn.Sequential(nn.Linear(2, 2))) == {}


class Adapted(nn.Linear):
    """As a low-rank adapter that is a subclass has it."""

    def __init__(self, layer: nn.Linear) -> None:
        super().__init__(layer.in_features, layer.out_features, bias=False, dtype=torch.float64)
        self.weight = layer.weight
        self.down = nn.Linear(layer.in_features, 2, bias=False, dtype=torch.float64)
        self.up = nn.Linear(2, layer.out_features, bias=False, dtype=torch.float64)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(x) + self.up(self.down(x))


class Around(nn.Module):
    """As a low-rank adapter around a layer has it."""

    def __init__(self, layer: nn.Linear) -> None:
        super().__init__()
        self.base_layer = layer
        self.beside = nn.Linear(layer.in_features, layer.out_features, dtype=torch.float64)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.base_layer(x) + self.beside(x)


class AroundWithWeight(Around):
    @property
    def weight(self) -> nn.Parameter:
        return self.base_layer.weight


def tied_readers(layers: nn.ModuleList) -> None:
    for layer in layers[1:]:
        layer.self_attn.q_proj.weight = layers[0].self_attn.q_proj.weight


def one_reader(layers: nn.ModuleList) -> None:
    layers[1].self_attn.q_proj = layers[0].self_attn.q_proj


def one_scale(layers: nn.ModuleList) -> None:
    layers[1].input_layernorm.weight = layers[0].input_layernorm.weight


def one_norm(layers: nn.ModuleList) -> None:
    layers[1].input_layernorm = layers[0].input_layernorm


def scale_used_again(layers: nn.ModuleList) -> None:
    layers[1].self_attn.extra = nn.Module()
    layers[1].self_attn.extra.weight = layers[1].input_layernorm.weight
    layers[1].self_attn.q_proj.register_forward_hook(
        lambda _module, _inputs, output: output + layers[1].self_attn.extra.weight.sum()
    )


def another_class(kind: type[nn.Module]) -> Callable[[nn.ModuleList], None]:
    def change(layers: nn.ModuleList) -> None:
        layers[1].self_attn.v_proj = kind(layers[1].self_attn.v_proj)

    return change


def normalised(layers: nn.ModuleList) -> None:
    nn.utils.parametrizations.weight_norm(layers[1].self_attn.k_proj)


def hooked_norm(layers: nn.ModuleList) -> None:
    layers[1].input_layernorm.register_forward_hook(lambda _module, _inputs, output: output + 0.5)


def patched_reader(layers: nn.ModuleList) -> None:
    layer = layers[1].self_attn.q_proj
    layer.forward = lambda x: nn.functional.linear(x + 1, layer.weight)


def shifted_norm(layers: nn.ModuleList) -> None:
    layers[1].input_layernorm = nn.LayerNorm(32, dtype=torch.float64)
    nn.init.normal_(layers[1].input_layernorm.weight)
    nn.init.normal_(layers[1].input_layernorm.bias)


@pytest.mark.parametrize(
    ("change", "left"),
    [
        (tied_readers, 4),
        (one_reader, 2),
        (one_scale, 2),
        (one_norm, 2),
        (scale_used_again, 1),
        (another_class(Adapted), 1),
        (another_class(Around), 1),
        (another_class(AroundWithWeight), 1),
        (normalised, 1),
        (hooked_norm, 1),
        (patched_reader, 1),
        (shifted_norm, 1),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_norm_whose_scale_cannot_be_moved_keeps_it(tiny_llama, change, left):
    model = tiny_llama().double()
    torch.manual_seed(0)
    change(model.model.layers)
    with torch.no_grad():
        before = model(TOKENS).logits
        scales = fold_norms(model)
        torch.testing.assert_close(model(TOKENS).logits, before, rtol=1e-12, atol=1e-12)
    assert len(scales) == 4 * 5 - 3 * left


def test_weights_that_another_model_holds_too_are_left_alone(tiny_llama):
    models = nn.ModuleList([tiny_llama(), tiny_llama(1)])
    models[1].model.layers[2].mlp.up_proj = models[0].model.layers[2].mlp.up_proj
    assert len(fold_norms(models[0], within=models)) == 4 * 5 - 2
    assert len(fold_norms(models[1])) == 4 * 5


def said(model: nn.Module) -> torch.Tensor:
    return model(TOKENS).logits


def test_a_model_that_uses_a_weight_unseen_is_found_out_and_left_as_it_was(tiny_llama):
    model = tiny_llama()
    reader = model.model.layers[1].self_attn.q_proj
    model.model.layers[2].mlp.register_forward_hook(
        lambda _module, inputs, output: output + 1e-3 * (inputs[0] @ reader.weight.mT)
    )
    before = copy.deepcopy(model.state_dict())
    assert fold_norms(model, run=said) == {}
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


def test_trying_it_changes_nothing_of_what_is_folded(tiny_llama):
    tried, untried = tiny_llama(), tiny_llama()
    assert fold_norms(tried, run=said).keys() == fold_norms(untried).keys()
    values = untried.state_dict()
    assert all(torch.equal(value, values[name]) for name, value in tried.state_dict().items())
