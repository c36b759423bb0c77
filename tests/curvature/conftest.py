"""Small models whose curvature is known."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch
from torch import Tensor, nn

# Matrices this small are quicker without threads that wait for each other.
torch.set_num_threads(1)


class Attention(nn.Module):
    """q, k and v read one tensor; padding changes nothing for real tokens."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(5, 4) for _ in range(3)])
        self.out = nn.ModuleList([nn.Linear(4, 3)])

    def forward(self, x: Tensor, attention_mask: Tensor | None = None) -> SimpleNamespace:
        del attention_mask
        q, k, v = (layer(x) for layer in self.layers)
        return SimpleNamespace(logits=self.out[0](torch.tanh(q) * k + v))


@pytest.fixture
def attention() -> Attention:
    torch.manual_seed(3)
    return Attention().double()


@pytest.fixture
def mlp() -> nn.Sequential:
    torch.manual_seed(1)
    return nn.Sequential(nn.Linear(4, 6), nn.Tanh(), nn.Linear(6, 3)).double()


@pytest.fixture
def classifier(mlp: nn.Sequential) -> nn.Module:
    class Classifier(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layers = mlp

        def forward(self, x: Tensor) -> SimpleNamespace:
            return SimpleNamespace(logits=self.layers(x))

    return Classifier()
