"""Mixtures of experts block by block, however their files have the experts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

import geocolor
from geocolor.compression import analyze, analyze_streamed
from geocolor.compression.streaming.folder_model import FolderModel
from geocolor.compression.streaming.stored import StoredTensors

transformers = pytest.importorskip("transformers")

SHAPES = {
    "vocab_size": 61,
    "hidden_size": 24,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "num_key_value_heads": 1,
    "num_experts_per_tok": 2,
    "max_position_embeddings": 32,
    "initializer_range": 0.3,
}


def mixtral(experts: int = 4) -> Any:
    config = transformers.MixtralConfig(intermediate_size=32, num_local_experts=experts, **SHAPES)
    return transformers.MixtralForCausalLM(config)


def qwen(experts: int = 4) -> Any:
    config = transformers.Qwen3MoeConfig(
        moe_intermediate_size=32, intermediate_size=32, head_dim=12, num_experts=experts, **SHAPES
    )
    return transformers.Qwen3MoeForCausalLM(config)


def saved(make: Callable[..., Any], folder: Path, *, stacked: bool, experts: int = 4) -> Any:
    """Save a mixture, and give it as it is loaded."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = make(experts)
    model.save_pretrained(folder, max_shard_size="40KB", save_original_format=not stacked)
    assert len(list(folder.glob("*.safetensors"))) > 2
    return type(model).from_pretrained(folder).eval()


@pytest.mark.parametrize(
    ("make", "stacked", "inside"),
    [
        (mixtral, False, "model.layers.0.block_sparse_moe.experts.3.w1.weight"),
        (qwen, False, "model.layers.0.mlp.experts.3.gate_proj.weight"),
        (qwen, True, "model.layers.0.mlp.experts.gate_up_proj"),
    ],
)
def test_the_result_is_that_of_a_compression_in_memory(
    make: Callable[..., Any],
    stacked: bool,
    inside: str,
    batches: list[Tensor],
    tmp_path: Path,
) -> None:
    folder, output = tmp_path / "model", tmp_path / "out"
    original = saved(make, folder, stacked=stacked)
    assert inside in StoredTensors(folder)._files
    expected = analyze(original, batches[:3], evaluation=batches[3:], seed=3).compress(
        0.6, "private"
    )
    with analyze_streamed(folder, batches[:3], evaluation=batches[3:], seed=3) as streamed:
        record = streamed.compress(0.6, output)
    assert record.plan == expected.plan
    assert record.matrices == expected.matrices
    assert replace(record.report, seconds=0.0) == replace(expected.report, seconds=0.0)
    assert record.origin == expected.origin
    state = geocolor.load(output).state_dict()
    for name, tensor in expected.model.state_dict().items():
        torch.testing.assert_close(state[name], tensor, rtol=1e-5, atol=1e-7)
    shared = [group for group in record.plan.groups if group.form != "dense"]
    assert any(".experts." in member for group in shared for member in group.members)


def test_experts_that_no_calibration_token_reached_stay_as_they_are(tmp_path: Path) -> None:
    folder, output = tmp_path / "model", tmp_path / "out"
    original = saved(mixtral, folder, stacked=False, experts=8)
    # Three tokens have two experts each, of eight.
    read = [torch.arange(3)[None]]
    expected = geocolor.compress(original, read, keep=0.6, preset="private")
    record = geocolor.compress_streamed(folder, read, output, keep=0.6)
    assert record.report.unreached == expected.report.unreached >= 2 * 2 * 3
    assert record.plan == expected.plan
    state = geocolor.load(output).state_dict()
    for name, tensor in expected.model.state_dict().items():
        torch.testing.assert_close(state[name], tensor, rtol=1e-5, atol=1e-7)


def test_experts_of_a_block_are_those_of_the_folder(tmp_path: Path) -> None:
    """From stacks and from matrices, of which Mixtral has other names."""
    for make, stacked in ((mixtral, False), (mixtral, True), (qwen, False), (qwen, True)):
        folder = tmp_path / f"{make.__name__}-{stacked}"
        original = saved(make, folder, stacked=stacked)
        with FolderModel(folder).block(1, folded=False) as block:
            for number, expert in enumerate(block.mlp.experts):
                stacks = original.model.layers[1].mlp.experts
                rows = torch.cat([expert.gate_proj.weight, expert.up_proj.weight])
                assert torch.equal(rows, stacks.gate_up_proj[number])
                assert torch.equal(expert.down_proj.weight, stacks.down_proj[number])
