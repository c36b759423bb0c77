"""Measured loss increase."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch
from torch import Tensor, nn

from geocolor.compression.divergence import Divergence
from geocolor.errors import ModelError


class Table(nn.Module):
    """Predicts the same whatever it reads."""

    def __init__(self, scores: Tensor, *, categorical: bool) -> None:
        super().__init__()
        self.scores, self.categorical = scores, categorical

    def forward(self, x: Tensor, attention_mask: Tensor | None = None) -> object:
        del attention_mask
        scores = self.scores.expand(*x.shape, -1)
        return SimpleNamespace(logits=scores) if self.categorical else scores


P, Q = torch.tensor([0.5, 0.25, 0.25]), torch.tensor([0.25, 0.25, 0.5])
BATCHES = [torch.zeros(2, 3), torch.zeros(1, 3)]


def test_categorical_predictions_are_compared_by_their_relative_entropy():
    before, after = (Table(p.log() + 1, categorical=True) for p in (P, Q))
    divergence = Divergence(before, BATCHES)
    # 1/2 log 2 - 1/4 log 2, from the original's side
    assert divergence.of(after) == pytest.approx(0.25 * torch.tensor(2.0).log().item())
    assert divergence.of(before) == 0


def test_the_original_weighs_the_difference():
    p, q = torch.tensor([0.9, 0.1]), torch.tensor([0.5, 0.5])
    found = Divergence(Table(p.log(), categorical=True), BATCHES).of(
        Table(q.log(), categorical=True)
    )
    assert found == pytest.approx(float((p * (p / q).log()).sum()))


def test_other_predictions_are_compared_by_half_the_squared_distance():
    before, after = (Table(scores, categorical=False) for scores in (P, P + 1))
    assert Divergence(before, BATCHES).of(after) == pytest.approx(1.5)


def test_batches_count_by_their_outputs_and_padding_counts_nothing():
    class Rows(nn.Module):
        def __init__(self, factor: float) -> None:
            super().__init__()
            self.factor = factor

        def forward(self, x: Tensor, attention_mask: Tensor | None = None) -> Tensor:
            del attention_mask
            return self.factor * x[..., None]

    mask = torch.tensor([[1, 1, 0]])
    batches = [
        {"x": torch.tensor([[1.0, 2.0, 100.0]]), "attention_mask": mask},
        {"x": torch.tensor([[3.0]])},
    ]
    found = Divergence(Rows(1.0), batches).of(Rows(2.0))
    assert found == pytest.approx((1 + 4 + 9) / 2 / 3)


def test_models_are_compared_in_eval_mode_and_put_back():
    model = nn.Sequential(nn.Linear(3, 3), nn.Dropout(0.5)).train()
    divergence = Divergence(model, BATCHES)
    assert divergence.of(model) == 0
    assert model[1].training


def test_batches_without_outputs_are_refused():
    with pytest.raises(ModelError, match="nothing to score"):
        Divergence(nn.Linear(3, 3), [torch.zeros(0, 3)])
