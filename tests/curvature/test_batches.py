"""Calibration batches are checked before any work, and models are called with them."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from geocolor.curvature import call_model, checked_batches, frozen_eval
from geocolor.curvature.batches import output_mask, token_mask
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


def test_masks_of_encoder_and_decoder_are_told_apart():
    mask = torch.tensor([[1, 1, 0], [1, 1, 1]])
    other = torch.tensor([[1, 0], [1, 1]])
    batch = {"attention_mask": mask, "decoder_input_ids": torch.ones(2, 2)}
    assert torch.equal(token_mask(batch), mask.bool())
    assert output_mask(batch) is None
    batch["decoder_attention_mask"] = other
    assert torch.equal(output_mask(batch), other.bool())
    alike = {"attention_mask": mask, "decoder_input_ids": torch.ones(2, 3)}
    assert token_mask(alike) is None
    assert torch.equal(output_mask({"attention_mask": mask}), mask.bool())


class Sum(torch.nn.Module):
    def __init__(self, how: str) -> None:
        super().__init__()
        self.forward = getattr(self, how)

    def two(self, x, y):
        return x + y

    def any_number(self, *parts):
        return sum(parts)


def test_what_a_model_has_no_parameters_for_is_left_out_of_tuples():
    one, two, three = (torch.full((2,), float(value)) for value in (1, 2, 3))
    assert call_model(Sum("two"), (one, two, three)).tolist() == [3, 3]
    assert call_model(Sum("any_number"), [one, two, three]).tolist() == [6, 6]
    assert call_model(torch.nn.Identity(), (one, two)).tolist() == [1, 1]
    with pytest.raises(ModelError, match="Sum failed on a batch of"):
        call_model(Sum("two"), (one,))
