"""Calibration data for tiny models, and an independent view of what was stored."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from geocolor.sharing import FactoredLinear

# Matrices this small are quicker without threads that wait for each other.
torch.set_num_threads(1)


@pytest.fixture
def tokens() -> list[dict[str, Tensor]]:
    generator = torch.Generator().manual_seed(0)
    return [{"input_ids": torch.randint(0, 61, (8, 16), generator=generator)} for _ in range(2)]


@pytest.fixture
def mlp() -> Callable[..., nn.Sequential]:
    def build(*widths: int, seed: int = 0) -> nn.Sequential:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            parts: list[nn.Module] = []
            for inner, outer in pairwise(widths):
                parts += [nn.Linear(inner, outer), nn.Tanh()]
            return nn.Sequential(*parts[:-1])

    return build


def dense_weight(model: nn.Module, name: str) -> Tensor:
    module: Any = model.get_submodule(name)
    if isinstance(module, FactoredLinear):
        return (module.second @ module.first).detach()
    return module.weight.detach()


@pytest.fixture
def stored() -> Callable[[nn.Module, str], Tensor]:
    return dense_weight
