"""Predictions are read off outputs of any kind, and targets are drawn from them."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch

from geocolor.curvature import Kind, prediction_rows
from geocolor.curvature.targets import prediction_of, sampled_loss
from geocolor.errors import ModelError

SCORES = torch.randn(2, 3, 5)
MASK = torch.tensor([[1, 1, 0], [1, 0, 0]])


def test_logits_are_categorical_and_other_tensors_are_not():
    for output, kind in (
        (SimpleNamespace(logits=SCORES, last_hidden_state=None), True),
        (SCORES, False),
        (SimpleNamespace(last_hidden_state=SCORES), False),
        ((SCORES, None), False),
    ):
        rows, categorical = prediction_rows(output, {})
        assert categorical is kind
        assert torch.equal(rows, SCORES.reshape(6, 5))


class SemanticSegmenterOutput(SimpleNamespace):
    """As transformers calls it."""


def test_classes_of_pixels_are_the_second_dimension_where_transformers_has_them_there():
    logits = torch.randn(2, 5, 3, 4)
    found = prediction_of(SemanticSegmenterOutput(logits=logits), logits)
    assert found.kind is Kind.CLASSES
    assert torch.equal(found.rows, logits.permute(0, 2, 3, 1).reshape(-1, 5))
    assert found.places.tolist() == list(range(12)) * 2
    with pytest.raises(ModelError, match="classes along the last dimension or the second"):
        prediction_of(SimpleNamespace(logits=logits), logits)
    given = prediction_of(SimpleNamespace(logits=logits), logits, Kind.CLASSES)
    assert given.rows.shape == (2 * 5 * 3, 4)


def test_padding_is_not_scored():
    rows, _ = prediction_rows(SCORES, {"attention_mask": MASK})
    assert torch.equal(rows, torch.stack([SCORES[0, 0], SCORES[0, 1], SCORES[1, 0]]))
    # One prediction a sample: the mask is not about those.
    assert len(prediction_rows(SCORES[:, 0], {"attention_mask": MASK})[0]) == 2


def test_precision_is_raised_to_float32_and_no_further():
    assert prediction_rows(SCORES.bfloat16(), {})[0].dtype == torch.float32
    assert prediction_rows(SCORES.double(), {})[0].dtype == torch.float64


@pytest.mark.parametrize(
    "output",
    [torch.arange(6).reshape(2, 3), torch.randn(3), {"scores": 1}, (), None],
    ids=["integers", "one dimension", "dict", "empty tuple", "nothing"],
)
def test_outputs_that_cannot_be_scored_are_refused(output):
    with pytest.raises(ModelError):
        prediction_rows(output, {})


def test_predictions_that_are_not_finite_are_refused():
    with pytest.raises(ModelError, match="not finite"):
        prediction_rows(torch.tensor([[1.0, float("inf")]]), {})


def test_categorical_targets_follow_the_prediction():
    logits = torch.tensor([0.0, 1.0, 2.0], dtype=torch.float64)
    rows = logits.repeat(20_000, 1).requires_grad_()
    sampled_loss(rows, torch.Generator().manual_seed(0), categorical=True).backward()
    # The gradient of each row is p minus the target, so the mean of targets is p.
    targets = logits.softmax(0) - rows.grad
    assert bool(((targets - targets.round()).abs() < 1e-12).all())
    assert torch.allclose(targets.mean(0), logits.softmax(0), atol=0.01)


def test_gaussian_noise_has_unit_variance_in_every_direction():
    rows = torch.zeros(20_000, 3, dtype=torch.float64, requires_grad=True)
    sampled_loss(rows, torch.Generator().manual_seed(0), categorical=False).backward()
    moment = rows.grad.T @ rows.grad / 20_000
    assert torch.allclose(moment, torch.eye(3, dtype=torch.float64), atol=0.03)
