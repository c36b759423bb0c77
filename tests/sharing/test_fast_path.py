"""torch's own encoder layers call what was made smaller."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import Tensor, nn

import geocolor
from geocolor.sharing import Factored, GroupPlan, Residual, SharingPlan, prepare_structure

X = torch.randn(4, 5, 8, generator=torch.Generator().manual_seed(0))
PADDED = torch.zeros(4, 5, dtype=torch.bool)
PADDED[:, 4] = True


def encoder() -> nn.TransformerEncoder:
    torch.manual_seed(0)
    layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
    return nn.TransformerEncoder(layer, 2).eval()


def counted(model: nn.Module, *inputs: Tensor) -> int:
    calls = []
    parts = [part for part in model.modules() if isinstance(part, Factored | Residual)]
    for part in parts:
        forward = part.forward
        part.forward = lambda x, forward=forward: calls.append(1) or forward(x)
    with torch.no_grad():
        model(*inputs)
    for part in parts:
        del part.forward
    return len(calls)


@pytest.mark.parametrize(("form", "parts"), [("basis", 1), ("residual", 2)])
def test_parts_that_were_replaced_are_called_and_others_are_not(form, parts):
    model = encoder()
    names = ("layers.0.linear1",) if form == "basis" else ("layers.0.linear1", "layers.1.linear1")
    prepare_structure(model, SharingPlan((GroupPlan(names, form, "read", 2),)))
    model = copy.deepcopy(model)
    # Of a residual layer the difference is a part of its own.
    assert counted(model, X) == parts * len(names)
    assert not model.layers[1].linear2._forward_pre_hooks


def test_a_compressed_encoder_takes_what_is_padded(tmp_path):
    class Model(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.encoder = encoder()

        def forward(self, x: Tensor, padded: Tensor) -> Tensor:
            return self.encoder(x, src_key_padding_mask=padded)[:, :4]

    original = Model().eval()
    compressed = geocolor.compress(original, [(X, PADDED)], keep=0.5, preset="svd-llm")
    model = compressed.model
    layers = sum(isinstance(part, Factored) for part in model.modules())
    assert counted(model, X, PADDED) == layers > 0
    assert original.encoder.use_nested_tensor
    compressed.save(tmp_path / "saved")
    loaded = geocolor.load(tmp_path / "saved", Model())
    assert counted(loaded, X, PADDED) == layers
    with torch.no_grad():
        torch.testing.assert_close(loaded(X, PADDED), model(X, PADDED), rtol=0, atol=0)
