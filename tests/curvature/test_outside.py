"""Weights that are used otherwise than by calls of their layers are found, and stay."""

from __future__ import annotations

import copy
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from geocolor.compression import compress
from geocolor.curvature import used_outside
from geocolor.errors import ModelError
from geocolor.units import find_units

X = torch.randn(32, 8, generator=torch.Generator().manual_seed(0))


class Both(nn.Module):
    """The first weight is used in a call and beside it."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second, self.idle = (nn.Linear(8, 8) for _ in range(3))

    def forward(self, x: Tensor) -> Tensor:
        return self.second(torch.tanh(self.first(x))) + functional.linear(x, self.first.weight)


class Beside(Both):
    """The first weight is used, and its layer never called."""

    def forward(self, x: Tensor) -> Tensor:
        return self.second(torch.tanh(functional.linear(x, self.first.weight)))


class Neither(Both):
    def forward(self, x: Tensor) -> Tensor:
        return functional.linear(x, self.first.weight)


def run(model: nn.Module) -> Tensor:
    return model(X)


@pytest.mark.parametrize("build", [Both, Beside])
def test_a_weight_that_is_used_beside_its_layer_is_named(build: Callable[[], nn.Module]):
    model = build()
    before = copy.deepcopy(model.state_dict())
    weights = list(model.parameters())
    assert used_outside(model, find_units(model), run) == {"first"}
    assert all(torch.equal(before[name], now) for name, now in model.state_dict().items())
    assert all(a is b for a, b in zip(weights, model.parameters(), strict=True))
    assert not any(module._forward_hooks for module in model.modules())
    assert not any(module._forward_pre_hooks for module in model.modules())


def test_a_weight_that_two_layers_hold_is_in_no_way_special(mlp):
    model = nn.Sequential(nn.Linear(8, 8), nn.Tanh(), nn.Linear(8, 8), nn.Tanh(), nn.Linear(8, 8))
    model[2].weight = model[0].weight
    assert used_outside(model, [find_units(model)[-1]], run) == set()

    assert used_outside(mlp, find_units(mlp), lambda _: mlp(X[:, :4].double())) == set()


@pytest.mark.parametrize("build", [Both, Beside])
def test_what_is_not_used_by_calls_alone_stays_and_is_counted(build: Callable[[], nn.Module]):
    model = build()
    compressed = compress(model, [X], keep=0.5)
    report = compressed.report
    assert [unit.name for unit in compressed.units] == ["second"]
    assert (report.unreached, report.before.unit_parameters) == (2, 64)
    assert "unreached   2 matrices" in str(report)
    for name in ("first", "idle"):
        kept = compressed.model.get_submodule(name).weight
        assert torch.equal(kept, model.get_submodule(name).weight)
    assert report.measured_increase < 10 * report.predicted_increase


def test_a_model_whose_layers_are_all_used_otherwise_is_refused():
    with pytest.raises(ModelError, match="does not depend on any unit"):
        compress(Neither(), [X], keep=0.5)

    class Twice(Both):
        def forward(self, x: Tensor) -> Tensor:
            return self.first(x) + functional.linear(x, self.first.weight)

    with pytest.raises(ModelError, match="depends on no layer by calls of it alone"):
        compress(Twice(), [X], keep=0.5)
