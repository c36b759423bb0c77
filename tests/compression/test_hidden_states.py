"""Hidden states as a target: which blocks, and how far they are apart."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from geocolor.compression.hidden_states import block_names, hidden_distance, watched_blocks
from geocolor.errors import ModelError


def test_blocks_are_the_members_of_outermost_lists(tiny_llama):
    assert block_names(tiny_llama()) == tuple(f"model.layers.{at}" for at in range(3))
    nested = nn.Sequential(nn.Sequential(nn.Linear(2, 2), nn.Tanh()), nn.Tanh(), nn.Linear(2, 2))
    assert block_names(nested) == ("0", "1")
    with pytest.raises(ModelError, match="no blocks in a row"):
        block_names(nn.Linear(2, 2))


def test_states_are_seen_while_watched_and_no_longer():
    model = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 2))
    given = torch.randn(4, 2, generator=torch.Generator().manual_seed(0))
    with watched_blocks(model, ["0", "1"]) as states:
        model(given)
    assert torch.equal(states["0"], model[0](given))
    assert torch.equal(states["1"], model[:2](given))
    states.clear()
    model(given)
    assert not states


def test_distance_is_relative_to_each_position_and_skips_narrowed_blocks():
    before = {"a": torch.tensor([[3.0, 4.0], [30.0, 40.0]]), "b": torch.ones(2, 5)}
    after = {"a": torch.tensor([[3.0, 9.0], [30.0, 40.0]]), "b": torch.ones(2, 4)}
    assert float(hidden_distance(before, after)) == pytest.approx(0.5)
    assert float(hidden_distance(before, before)) == 0
    with pytest.raises(ModelError, match="no block gives"):
        hidden_distance({"b": before["b"]}, after)
