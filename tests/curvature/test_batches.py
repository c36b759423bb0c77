"""Calibration batches are checked before any work, and models are called with them."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from geocolor.curvature import call_model, checked_batches, frozen_eval
from geocolor.curvature.batches import token_mask
from geocolor.errors import ModelError


def test_a_generator_of_batches_becomes_a_list():
    batches = checked_batches({"x": torch.tensor([i])} for i in range(3))
    assert [int(batch["x"]) for batch in batches] == [0, 1, 2]


@pytest.mark.parametrize(
    "batches",
    [[], torch.zeros(2, 2), {"input_ids": torch.zeros(2)}, "text", None, 3, ["text"], [None]],
    ids=repr,
)
def test_what_is_not_an_iterable_of_batches_is_refused(batches):
    with pytest.raises(ModelError, match=r"batch"):
        checked_batches(batches)


def test_the_ways_to_call_a_model():
    class Difference(nn.Module):
        def forward(self, a: torch.Tensor, b: torch.Tensor | None = None) -> torch.Tensor:
            return a if b is None else a - b

    two, one = torch.tensor(2), torch.tensor(1)
    model = Difference()
    assert int(call_model(model, two)) == 2
    assert int(call_model(model, (two, one))) == 1
    assert int(call_model(model, {"b": two, "a": one})) == -1


def test_a_mask_of_ones_is_no_mask():
    mask = torch.tensor([[1, 1], [1, 0]])
    assert torch.equal(token_mask({"attention_mask": mask}), mask.bool())
    assert token_mask({"attention_mask": torch.ones(2, 2)}) is None
    assert token_mask({"attention_mask": torch.zeros(2, 1, 2, 2)}) is None
    assert token_mask({}) is None
    assert token_mask((mask,)) is None


def test_frozen_eval_ends_even_when_the_body_fails():
    model = nn.Sequential(nn.Linear(2, 2), nn.Dropout())
    model[1].eval()
    model[0].bias.requires_grad_(False)
    seen = []
    model.register_forward_pre_hook(
        lambda *_: seen.append((model[0].training, model[0].weight.requires_grad))
    )
    with pytest.raises(RuntimeError), frozen_eval(model):
        model(torch.zeros(1, 5))
    assert seen == [(False, False)]
    assert (model.training, model[0].training, model[1].training) == (True, True, False)
    assert (model[0].weight.requires_grad, model[0].bias.requires_grad) == (True, False)
