"""What an output is scored by: by name, by what it is, or by a function."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from geocolor.curvature import Kind, collect_curvature, scorer
from geocolor.errors import InputError, ModelError
from geocolor.units import find_units

GENERATOR = torch.Generator().manual_seed(0)
X = torch.randn(64, 5, generator=GENERATOR, dtype=torch.float64)
LABELS = torch.randint(0, 4, (64,), generator=GENERATOR)


class Head(nn.Module):
    """Gives logits of `classes`, wrapped as transformers does."""

    def __init__(self, classes: int, problem: str | None = None) -> None:
        super().__init__()
        self.layer = nn.Linear(5, classes).double()
        self.config = SimpleNamespace(problem_type=problem)

    def forward(self, x: Tensor) -> SimpleNamespace:
        return SimpleNamespace(logits=self.layer(x))


def plain() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(5, 4)).double()


def labelled(model: nn.Module, batch: tuple[Tensor, Tensor]) -> Tensor:
    return functional.cross_entropy(model(batch[0]), batch[1], reduction="none")


@pytest.mark.parametrize(
    ("model", "loss", "kind"),
    [
        (Head(4), "auto", Kind.CLASSES),
        (Head(1), "auto", Kind.VALUES),
        (Head(4, "regression"), "auto", Kind.VALUES),
        (Head(4), "squared-error", Kind.VALUES),
        (plain(), "auto", Kind.VALUES),
        (plain(), "cross-entropy", Kind.CLASSES),
    ],
)
def test_the_kind_is_told_by_name_or_by_the_output(model, loss, kind):
    found = scorer(loss)(model, X)
    assert found.kind is kind
    assert len(found.rows) == found.samples == 64


def test_a_function_gives_one_loss_for_each_output():
    found = scorer(labelled)(plain(), (X, LABELS))
    assert found.kind is Kind.LOSS
    expected = functional.cross_entropy(plain()(X), LABELS, reduction="none")
    torch.testing.assert_close(found.rows[:, 0], expected)


@pytest.mark.parametrize(
    ("loss", "error", "message"),
    [
        ("nonsense", InputError, "no loss 'nonsense'; choose one of auto, cross-entropy"),
        (lambda model, x: model(x).square().mean(), ModelError, r"reduction='none'.*shape \(\)"),
        (lambda model, x: None, ModelError, "not NoneType"),
        (lambda model, x: model(x).argmax(1), ModelError, r"not shape \(64,\)"),
        (lambda model, x: model(x)[:, 0] / 0, ModelError, "not finite"),
    ],
    ids=["name", "mean", "nothing", "integers", "infinite"],
)
def test_what_is_no_loss_is_refused(loss, error, message):
    with pytest.raises(error, match=message):
        scorer(loss)(plain(), X)


def test_classes_that_do_not_exclude_each_other_need_a_function():
    with pytest.raises(InputError, match="give a function as loss="):
        scorer("auto")(Head(4, "multi_label_classification"), X)


def test_the_factors_of_a_given_loss_are_those_of_its_gradients():
    model = plain()
    measured = collect_curvature(model, [(X, LABELS)], find_units(model), loss=labelled)
    factors = measured.factors["0"]
    gradients = model(X).softmax(1).detach() - functional.one_hot(LABELS, 4)
    torch.testing.assert_close(factors.gradients, gradients.T @ gradients / 64)
    torch.testing.assert_close(factors.inputs, X.T @ X / 64)
    assert measured.outputs == 64


def test_sampled_labels_are_those_of_the_model_and_not_of_the_batch():
    model = plain()
    many = [X.repeat(200, 1)]
    factors = collect_curvature(model, many, find_units(model), loss="cross-entropy").factors["0"]
    probabilities = model(X).softmax(1).detach()
    truth = torch.diag_embed(probabilities) - probabilities[:, :, None] * probabilities[:, None]
    torch.testing.assert_close(factors.gradients, truth.mean(0), atol=0.01, rtol=0)


def test_a_checkpoint_knows_its_loss_and_keeps_none_of_ones_own(tmp_path):
    model = plain()
    file = tmp_path / "sums.safetensors"

    def measured(loss, batches=((X,), (X,))):
        return collect_curvature(
            model, batches, find_units(model), loss=loss, checkpoint=file
        ).factors["0"]

    first = measured("cross-entropy")
    assert torch.equal(measured("cross-entropy").gradients, first.gradients)
    with pytest.raises(InputError, match="another model, seed, units, loss"):
        measured("squared-error")
    with pytest.raises(InputError, match="a function cannot be known again"):
        measured(labelled)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_is_summed_in_float32(dtype):
    model = plain().float()
    batches = list(X.float().repeat(50, 1).split(100))
    wide = collect_curvature(model, batches, find_units(model)).factors["0"]
    half = plain().to(dtype)
    narrow = collect_curvature(
        half, [batch.to(dtype) for batch in batches], find_units(half)
    ).factors["0"]
    assert narrow.inputs.dtype == narrow.gradients.dtype == torch.float32
    torch.testing.assert_close(narrow.inputs, wide.inputs, atol=0.01, rtol=0.01)
    torch.testing.assert_close(narrow.gradients, wide.gradients, atol=0.01, rtol=0.01)
