"""Layers that a model also calls past the module that has them are found out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from geocolor.bench.models.architectures import ARCHITECTURES
from geocolor.curvature import call_model
from geocolor.errors import ModelError
from geocolor.units import find_units, require_replaceable

X = torch.randn(5, 6, generator=torch.Generator().manual_seed(0))


def run(model: nn.Module) -> Tensor:
    return model(X)


class Looped(nn.Module):
    """Layers with names of their own, called by something that is given them."""

    def __init__(self, hold: Callable[[list[nn.Linear]], Any], forward: Callable[..., Any]) -> None:
        super().__init__()
        layers = [nn.Linear(6, 6) for _ in range(3)]
        for at, layer in enumerate(layers):
            self.add_module(f"fc{at}", layer)
        self.held = hold(layers)
        self._forward = forward

    def forward(self, x: Tensor) -> Tensor:
        return self._forward(self, x)


def in_turn(m: Any, x: Tensor) -> Tensor:
    for layer in m.held:
        x = torch.tanh(layer(x))
    return x


@pytest.mark.parametrize(
    ("model", "first"),
    [
        (Looped(list, in_turn), "fc0"),
        (Looped(lambda layers: {"in": layers[1]}, lambda m, x: m.held["in"](m.fc0(x))), "fc1"),
        # At one of two places as it should be.
        (Looped(tuple, lambda m, x: m.held[2](m.fc2(x))), "fc2"),
        (Looped(lambda layers: layers[0].forward, lambda m, x: m.fc1(x) + m.held(x)), None),
    ],
    ids=["list", "dict", "both ways", "not called as a layer"],
)
def test_a_layer_that_is_called_past_its_module_is_named(model, first):
    before = dict(model.named_modules())
    if first is None:
        require_replaceable(model, find_units(model), run)
    else:
        with pytest.raises(ModelError, match=rf"^{first} is called .* nn\.ModuleList"):
            require_replaceable(model, find_units(model), run)
    assert dict(model.named_modules()) == before
    assert not any(module._forward_pre_hooks for module in model.modules())


def test_layers_in_lists_of_modules_and_data_that_fails_are_no_matter():
    model = Looped(nn.ModuleList, in_turn)
    del model.fc0, model.fc1, model.fc2
    require_replaceable(model, find_units(model), run)
    require_replaceable(model, find_units(model), lambda model: model(torch.zeros(1, 7)))


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_no_architecture_is_refused(name):
    pytest.importorskip("transformers")
    model = ARCHITECTURES[name].build()
    batch = ARCHITECTURES[name].batches()[0]
    called: list[int] = []

    def run(model: nn.Module) -> Any:
        called.append(1)
        return call_model(model, batch)

    require_replaceable(model, find_units(model), run)
    assert called
