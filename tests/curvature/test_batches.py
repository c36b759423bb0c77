"""Calibration batches are checked before any work, and models are called with them."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch
from torch import nn

from geocolor.curvature import call_model, checked_batches, collect_curvature, frozen_eval
from geocolor.curvature.batches import (
    batch_size,
    first_sample,
    on_device,
    output_mask,
    split_batch,
    token_mask,
)
from geocolor.errors import ModelError
from geocolor.units import find_units


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


@pytest.mark.parametrize("wrap", [lambda x: x, lambda x: (x,), lambda x: {"x": [x]}])
@pytest.mark.parametrize(
    ("change", "message"),
    [
        (torch.Tensor.to_sparse, "layout sparse_coo.*to_dense"),
        (torch.Tensor.to_sparse_csr, "layout sparse_csr.*to_dense"),
        (lambda x: torch.nested.nested_tensor([x, x[:1]]), "nested tensor.*to_padded_tensor"),
        (
            lambda x: torch.nested.nested_tensor([x, x[:1]], layout=torch.jagged),
            "nested tensor.*to_padded_tensor",
        ),
    ],
    ids=["sparse", "rows", "nested", "jagged"],
)
@pytest.mark.filterwarnings("ignore:.*beta state|.*prototype stage")
def test_tensors_without_samples_are_refused_with_what_to_do(wrap, change, message):
    with pytest.raises(ModelError, match=message):
        checked_batches([torch.ones(2, 3), wrap(change(torch.ones(2, 3)))])


def test_batches_that_were_made_for_inference_alone_have_gradients():
    with torch.inference_mode():
        made = [torch.ones(2, 3), (torch.ones(2), [torch.zeros(2)])]
    first, (second, (third,)) = checked_batches(made)
    assert not any(tensor.is_inference() for tensor in (first, second, third))
    assert torch.equal(first, made[0])
    assert torch.equal(third, made[1][1][0])
    plain = [torch.ones(2, 3)]
    assert checked_batches(plain)[0] is plain[0]


def test_nothing_is_measured_where_no_gradient_can_be_had():
    model, batches = nn.Sequential(nn.Linear(3, 3)), [torch.ones(2, 3)]
    with torch.inference_mode():
        with pytest.raises(ModelError, match=r"none under torch\.inference_mode"):
            checked_batches(batches)
        with pytest.raises(ModelError, match=r"none under torch\.inference_mode"):
            collect_curvature(model, batches, find_units(model))
    with torch.no_grad():
        collect_curvature(model, batches, find_units(model))


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
    model = nn.Identity()
    assert torch.equal(token_mask(model, {"attention_mask": mask}), mask.bool())
    assert token_mask(model, {"attention_mask": torch.ones(2, 2)}) is None
    assert token_mask(model, {"attention_mask": torch.zeros(2, 1, 2, 2)}) is None
    assert token_mask(model, {}) is None
    assert token_mask(model, (mask,)) is None


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
    model, output = nn.Identity(), None
    assert torch.equal(token_mask(model, batch), mask.bool())
    assert output_mask(batch, output) is None
    batch["decoder_attention_mask"] = other
    assert torch.equal(output_mask(batch, output), other.bool())
    alike = {"attention_mask": mask, "decoder_input_ids": torch.ones(2, 3)}
    assert token_mask(model, alike) is None
    assert torch.equal(output_mask({"attention_mask": mask}, output), mask.bool())


class Decoder(nn.Module):
    def forward(self, input_ids, decoder_input_ids=None):
        return input_ids


@pytest.mark.parametrize("around", [lambda model: model, nn.DataParallel])
def test_a_decoder_that_makes_its_tokens_of_labels_has_a_mask_of_its_own(around):
    model, output = Decoder(), SimpleNamespace(encoder_last_hidden_state=torch.ones(2, 3, 4))
    model.config = SimpleNamespace(is_encoder_decoder=True)
    model = around(model)
    mask = torch.tensor([[1, 1, 0], [1, 1, 1]])
    labels = torch.tensor([[5, 6, 7], [5, -100, -100]])
    batch = {"attention_mask": mask, "labels": labels}
    assert token_mask(model, batch) is None  # of one shape: whose rows they are cannot be told
    assert torch.equal(output_mask(batch, output), labels >= 0)
    longer = {"attention_mask": mask, "labels": torch.ones(2, 5)}
    assert torch.equal(token_mask(model, longer), mask.bool())
    assert output_mask(longer, output) is None
    assert token_mask(model, {"attention_mask": mask}) is None  # it reads the encoder's text
    encoder = nn.Identity()
    encoder.config = SimpleNamespace(is_encoder_decoder=True)
    assert torch.equal(token_mask(around(encoder), {"attention_mask": mask}), mask.bool())
    assert output_mask({"attention_mask": mask}, output) is None


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


class Compiled(nn.Module):
    """Hands its arguments on as what torch.compile makes of a model, which is slow to import."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self._orig_mod = model

    def forward(self, *args: torch.Tensor) -> torch.Tensor:
        return self._orig_mod(*args)


@pytest.mark.parametrize("wrap", [nn.DataParallel, Compiled])
def test_labels_are_left_out_for_the_model_within_a_wrapper(wrap):
    inner = nn.Identity()
    assert call_model(wrap(inner), (torch.ones(2), torch.zeros(2))).tolist() == [1, 1]


class Failing(nn.Module):
    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        raise self.error


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (AssertionError("width 3"), "AssertionError: width 3"),
        (AssertionError(), "AssertionError"),
        (KeyError("mask"), "KeyError: 'mask'"),
        (AttributeError("no head"), "AttributeError: no head"),
        (ZeroDivisionError("division by zero"), "ZeroDivisionError: division by zero"),
        (ValueError("two\nlines"), "two"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_whatever_a_model_raises_is_told_in_its_words(error, words):
    with pytest.raises(ModelError, match=rf"Failing failed on a batch of shape \(2,\).*: {words}$"):
        call_model(Failing(error), torch.ones(2))


def test_memory_that_runs_out_stays_what_it_is():
    with pytest.raises(torch.OutOfMemoryError):
        call_model(Failing(torch.OutOfMemoryError()), torch.ones(2))


def test_numbers_among_the_tensors_have_no_samples():
    x, scale = torch.arange(12.0).view(4, 3), torch.tensor(2.0)
    batch = {"x": x, "scale": scale}
    assert batch_size(batch) == 4
    assert torch.equal(first_sample(batch)["x"], x[:1])
    assert torch.equal(first_sample(batch)["scale"], scale)
    assert [len(piece["x"]) for piece in split_batch(batch, 2)] == [2, 2]
    assert batch_size(scale) == batch_size({"scale": scale}) == batch_size((1, "word")) == 1
    assert batch_size((x, torch.zeros(5))) == 1


def test_tensors_further_in_go_the_same_way():
    x = torch.arange(12.0).view(4, 3)
    batch = ({"image": x, "sizes": [x[:, 0], 7]}, "word")
    assert batch_size(batch) == 4
    first = first_sample(batch)
    assert torch.equal(first[0]["image"], x[:1])
    assert first[0]["sizes"][0].tolist() == [0]
    assert (first[0]["sizes"][1], first[1]) == (7, "word")
    moved = on_device(batch, nn.Linear(1, 1, device="meta"))
    assert (moved[0]["image"].device.type, moved[0]["sizes"][0].device.type) == ("meta", "meta")
    boxes = [{"boxes": torch.zeros(count, 4)} for count in (2, 3, 4, 1)]
    assert batch_size((x, boxes)) == 4
    kept = first_sample((x, boxes))[1]
    assert [len(one["boxes"]) for one in kept] == [2, 3, 1, 1]


@pytest.mark.parametrize("fused", [True, False])
def test_encoder_layers_of_torch_call_their_layers_while_frozen(fused):
    layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
    calls = []
    layer.linear1.register_forward_hook(lambda *_: calls.append(1))
    torch.backends.mha.set_fastpath_enabled(fused)
    try:
        with frozen_eval(layer):
            assert not torch.backends.mha.get_fastpath_enabled()
            layer(torch.zeros(1, 2, 8))
        with pytest.raises(AssertionError), frozen_eval(layer):
            layer(torch.zeros(1, 2, 7))
        assert torch.backends.mha.get_fastpath_enabled() == fused
    finally:
        torch.backends.mha.set_fastpath_enabled(True)
    assert calls == [1]
