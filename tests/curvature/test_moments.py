"""Input moments by forward passes alone."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from geocolor.curvature import collect_curvature, collect_input_moments
from geocolor.errors import ModelError
from geocolor.units import find_units


def test_they_are_the_input_factors_of_the_curvature(attention):
    units = find_units(attention)
    x = torch.randn(3, 4, 5, dtype=torch.float64)
    mask = torch.tensor([[1, 1, 1, 0]] * 3)
    batches = [{"x": x, "attention_mask": mask}, {"x": x + 1}]
    moments = collect_input_moments(attention, batches, [unit.name for unit in units])
    factors = collect_curvature(attention, batches, units).factors
    assert set(moments) == set(factors)
    for name, moment in moments.items():
        torch.testing.assert_close(moment, factors[name].inputs)
    assert moments["layers.0"] is moments["layers.2"]


def test_hooks_and_modes_are_put_back(attention):
    attention.train()
    collect_input_moments(attention, [torch.randn(2, 5, dtype=torch.float64)], ["out.0"])
    assert attention.training
    assert not any(module._forward_pre_hooks for module in attention.modules())


def test_a_module_used_twice_is_refused():
    layer = nn.Linear(3, 3)
    with pytest.raises(ModelError, match="more than once"):
        collect_input_moments(nn.Sequential(layer, layer), [torch.randn(2, 3)], ["0"])
