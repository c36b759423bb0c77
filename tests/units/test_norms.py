"""Norm scales move into their readers without changing the function."""

from __future__ import annotations

import copy

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
