"""Experts of a mixture as layers of their own."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

import geocolor
from geocolor.units import find_units, split_experts, stacked_again, with_split_experts

transformers = pytest.importorskip("transformers")


def mixture(**options: Any) -> Any:
    config = transformers.MixtralConfig(
        vocab_size=64,
        hidden_size=24,
        intermediate_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=1,
        num_experts_per_tok=2,
        max_position_embeddings=32,
        initializer_range=0.3,
        **{"num_local_experts": 4, **options},
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return transformers.MixtralForCausalLM(config).eval()


def tokens(count: int = 6, length: int = 16) -> Tensor:
    return torch.randint(0, 64, (count, length), generator=torch.Generator().manual_seed(0))


@torch.no_grad()
def logits(model: Any, read: Tensor | None = None) -> Tensor:
    found: Tensor = model(input_ids=tokens() if read is None else read).logits
    return found


def test_split_experts_say_the_same_and_stack_again_to_the_same() -> None:
    model = mixture()
    before, state = logits(model), copy.deepcopy(model.state_dict())
    split = with_split_experts(model)
    torch.testing.assert_close(logits(split), before)
    assert all(torch.equal(value, model.state_dict()[name]) for name, value in state.items())
    names = [unit.name for unit in find_units(split)]
    assert "model.layers.1.mlp.experts.3.down_proj" in names
    assert len(names) == 2 * (4 + 4 * 3)
    again = stacked_again(split, split.state_dict())
    assert again.keys() == state.keys()
    assert all(torch.equal(again[name], value) for name, value in state.items())
    assert with_split_experts(split) is split


def test_only_stacks_that_units_lie_in_are_split() -> None:
    model = mixture()
    split_experts(model, list(model.state_dict()))
    assert not any("experts.0" in name for name in model.state_dict())
    split_experts(model, ["model.layers.1.mlp.experts.0.up_proj"])
    names = [name for name, _ in model.named_parameters() if "experts" in name]
    assert "model.layers.0.mlp.experts.gate_up_proj" in names
    assert "model.layers.1.mlp.experts.0.up_proj.weight" in names


def test_experts_stored_otherwise_stay() -> None:
    """With biases and transposed: gpt-oss."""
    config = transformers.GptOssConfig(
        vocab_size=64,
        hidden_size=16,
        intermediate_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        num_key_value_heads=1,
        head_dim=8,
        num_local_experts=2,
    )
    model = transformers.GptOssForCausalLM(config)
    assert with_split_experts(model) is model


def test_gradients_are_those_of_the_stacks() -> None:
    model = mixture()
    split = with_split_experts(model)
    for each in (model, split):
        each(input_ids=tokens()).logits.square().mean().backward()
    gradients = {name: p.grad for name, p in split.named_parameters()}
    again = stacked_again(split, gradients)
    for name, parameter in model.named_parameters():
        torch.testing.assert_close(again[name], parameter.grad, rtol=1e-4, atol=1e-7)


def test_a_compressed_mixture_is_loaded_shared_and_expanded(tmp_path: Path) -> None:
    model = mixture()
    compressed = geocolor.compress(model, [{"input_ids": tokens()}], keep=0.6)
    assert 0.595 <= compressed.report.kept <= 0.6
    said = logits(compressed.model)
    compressed.save(tmp_path / "shared")
    torch.testing.assert_close(logits(geocolor.load(tmp_path / "shared")), said)
    torch.testing.assert_close(logits(geocolor.load(tmp_path / "shared", mixture())), said)
    compressed.save(tmp_path / "whole", expanded=True)
    plain = transformers.MixtralForCausalLM.from_pretrained(tmp_path / "whole")
    torch.testing.assert_close(logits(plain), said, rtol=1e-3, atol=1e-3)


def test_inplace_splits_the_model_itself() -> None:
    model = mixture()
    compressed = geocolor.compress(model, [{"input_ids": tokens()}], keep=0.6, inplace=True)
    assert compressed.model is model


def test_experts_that_no_calibration_token_reached_stay_as_they_are(tmp_path: Path) -> None:
    model = mixture(num_local_experts=8)
    # Three tokens have two experts each, of eight.
    read = tokens(1, 3)
    split = with_split_experts(model)
    reached: set[str] = set()
    units = [unit.name for unit in find_units(split)]
    for name in units:
        split.get_submodule(name).register_forward_hook(
            lambda _module, _inputs, _output, name=name: reached.add(name)
        )
    logits(split, read)
    compressed = geocolor.compress(model, [{"input_ids": read}], keep=0.5)
    report = compressed.report
    assert report.unreached == len(units) - len(reached) > 0
    assert f"unreached   {report.unreached} matrices that" in str(report)
    assert {unit.name for unit in compressed.units} == reached
    for name in set(units) - reached:
        left = compressed.model.get_submodule(name).weight
        assert torch.equal(left, split.get_submodule(name).weight)
    compressed.save(tmp_path / "shared")
    said = logits(compressed.model)
    torch.testing.assert_close(logits(geocolor.load(tmp_path / "shared")), said)
