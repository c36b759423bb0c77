"""The one list of blocks that holds all units."""

from __future__ import annotations

import re

import pytest
from torch import nn

from geocolor.errors import ModelError
from geocolor.units import find_blocks, find_units


def block() -> nn.Module:
    # Parts with numbers of their own are no blocks.
    return nn.ModuleDict({"parts": nn.ModuleList([nn.Linear(4, 6), nn.Linear(6, 4)])})


def test_the_list_that_holds_all_units_is_found_in_its_order() -> None:
    model = nn.Module()
    model.embedding = nn.Embedding(3, 4)
    model.stack = nn.Module()
    model.stack.layers = nn.ModuleList([block() for _ in range(11)])
    model.head = nn.Linear(4, 3)
    found = find_blocks(model, find_units(model))
    assert found == tuple(f"stack.layers.{number}" for number in range(11))


def test_of_lists_within_each_other_the_inner_one_is_taken_if_it_holds_all() -> None:
    model = nn.ModuleDict({"stages": nn.ModuleList([block()])})
    assert find_blocks(model, find_units(model)) == ("stages.0.parts.0", "stages.0.parts.1")


def test_units_of_two_lists_are_refused() -> None:
    model = nn.ModuleDict(
        {"encoder": nn.ModuleList([block()]), "decoder": nn.ModuleList([block()])}
    )
    with pytest.raises(ModelError, match="does not stand in one list of blocks"):
        find_blocks(model, find_units(model))


@pytest.mark.parametrize("other", ["head", "layers.1.norm"])
def test_a_parameter_that_a_block_has_in_common_is_refused(other: str) -> None:
    model = nn.Module()
    model.layers = nn.ModuleList(
        [nn.ModuleDict({"fc": nn.Linear(4, 4), "norm": nn.LayerNorm(4)}) for _ in range(2)]
    )
    model.head = nn.LayerNorm(4)
    model.get_submodule(other).bias = model.layers[0].norm.bias
    message = re.escape(f"{other}.bias is also a parameter of another part")
    with pytest.raises(ModelError, match=message):
        find_blocks(model, find_units(model))
