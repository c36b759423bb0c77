"""What is kept whole is the model that was given, whatever was done to it before."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from geocolor.compression import analyze, analyze_streamed, compress, load
from geocolor.errors import ModelError


def divergence(before: Any, after: Any, batches: list[dict[str, Tensor]]) -> float:
    """Mean over tokens, in float32, without the package's help."""
    total, count = 0.0, 0
    with torch.no_grad():
        for batch in batches:
            p = before(**batch).logits.float().log_softmax(-1)
            q = after(**batch).logits.float().log_softmax(-1)
            total += float((p.exp() * (p - q)).double().sum())
            count += p.shape[:-1].numel()
    return total / count


@pytest.fixture
def tied(tiny_llama) -> Any:
    model = tiny_llama()
    for layer in model.model.layers[1:]:
        layer.self_attn.q_proj.weight = model.model.layers[0].self_attn.q_proj.weight
    return model


@pytest.mark.parametrize("inplace", [False, True])
def test_weights_tied_over_layers_are_not_scaled_by_several_norms(tied, tokens, inplace):
    with torch.no_grad():
        before = [tied(**batch).logits for batch in tokens]
        compressed = compress(tied, tokens, 1.0, inplace=inplace).model
        for batch, logits in zip(tokens, before, strict=True):
            torch.testing.assert_close(compressed(**batch).logits, logits, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("inplace", [False, True])
def test_what_folding_rounds_in_half_precision_is_reported(tiny_llama, tokens, inplace):
    original = tiny_llama().bfloat16()
    compressed = compress(tiny_llama().bfloat16(), tokens, 1.0, inplace=inplace)
    lost = divergence(original, compressed.model, tokens)
    assert lost > 1e-6
    assert compressed.report.measured_increase == pytest.approx(lost, rel=1e-3)


def test_what_folding_rounds_is_reported_block_by_block_too(tiny_llama, tokens, tmp_path):
    original = tiny_llama().bfloat16()
    original.save_pretrained(tmp_path / "model")
    with analyze_streamed(tmp_path / "model", tokens) as streamed:
        record = streamed.compress(1.0, tmp_path / "out", "private")
    lost = divergence(original, load(tmp_path / "out"), tokens)
    assert lost > 1e-6
    # In other shapes matrix products are rounded otherwise.
    assert record.report.measured_increase == pytest.approx(lost, rel=0.1)


class Listed(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layers = []
        for at in range(4):
            layer = nn.Linear(16, 16)
            self.add_module(f"fc{at}", layer)
            self.layers.append(layer)

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.layers:
            x = torch.tanh(layer(x))
        return x


def test_layers_in_a_plain_list_are_refused_before_anything_is_measured():
    stages: list[str] = []
    with pytest.raises(ModelError, match="fc0 is called through something besides the module"):
        analyze(
            Listed(), [torch.randn(64, 16)], on_progress=lambda stage, *_rest: stages.append(stage)
        )
    assert stages == []


class TwoOutputs(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = nn.Linear(8, 32), nn.Linear(32, 4)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        hidden = torch.relu(self.a(x))
        return self.b(hidden), hidden


def test_an_output_that_is_not_scored_keeps_its_shape():
    model, x = TwoOutputs(), torch.randn(128, 8)
    compressed = compress(model, [x], 0.5)
    assert compressed.report.narrowed_groups == 0
    assert [part.shape for part in compressed.model(x)] == [(128, 4), (128, 32)]
