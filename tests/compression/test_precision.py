"""Half precision made single for a while."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from geocolor.bench.models.architectures import ARCHITECTURES
from geocolor.compression import analyze
from geocolor.compression.precision import in_single_precision, single_precision


def test_a_model_is_single_for_a_while_and_then_itself_again() -> None:
    model = nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4), nn.Linear(4, 4)).to(torch.bfloat16)
    model[2].weight = model[0].weight
    model.eval()
    batch = torch.ones(3, 4, dtype=torch.bfloat16)
    state = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    parameters = list(model.parameters())
    with single_precision(model):
        assert model(in_single_precision(batch)).dtype == torch.float32
        assert model[2].weight is model[0].weight
    assert model(batch).dtype == torch.bfloat16
    assert all(a is b for a, b in zip(model.parameters(), parameters, strict=True))
    assert all(torch.equal(state[name], tensor) for name, tensor in model.state_dict().items())
    numbers = torch.ones(3, dtype=torch.int64)
    assert in_single_precision({"x": batch, "n": numbers})["n"] is numbers
    assert in_single_precision((batch, "word"))[1] == "word"


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_hidden_layers_are_found_in_half_precision_too(dtype: torch.dtype) -> None:
    architecture = ARCHITECTURES["qwen2"]
    model = architecture.build().to(dtype)
    compressed = analyze(model, architecture.batches()).compress(0.5)
    assert compressed.report.narrowed_groups == 3
    assert next(compressed.model.parameters()).dtype == dtype
