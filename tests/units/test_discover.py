"""Which matrices may share, and what is known of them."""

from __future__ import annotations

from collections import Counter

import pytest
import torch
from torch import nn

from geocolor.errors import ModelError
from geocolor.units import Side, find_units


def test_all_block_matrices_of_a_llama_are_found_in_depth_order(tiny_llama):
    units = find_units(tiny_llama())
    assert Counter(unit.role.rpartition(".")[2] for unit in units) == dict.fromkeys(
        ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"), 4
    )
    assert [unit.layer for unit in units] == sorted(unit.layer for unit in units)
    assert {unit.name for unit in units if unit.layer == 2} == {
        f"model.layers.2.{part}"
        for part in (
            *(f"self_attn.{x}_proj" for x in "qkvo"),
            *(f"mlp.{x}_proj" for x in ("gate", "up", "down")),
        )
    }


def test_llama_units_know_shape_role_side_and_space(tiny_llama):
    model = tiny_llama()
    units = {unit.name: unit for unit in find_units(model)}
    for unit in units.values():
        assert unit.shape == tuple(model.get_parameter(f"{unit.name}.weight").shape)
        assert unit.parameters == model.get_parameter(f"{unit.name}.weight").numel()
        writes = unit.role.rpartition(".")[2] in ("o_proj", "down_proj")
        assert unit.side is (Side.WRITE if writes else Side.READ)
        assert unit.space == "residual 32"
    assert units["model.layers.3.mlp.up_proj"].role == "model.layers.*.mlp.up_proj"
    assert (
        units["model.layers.0.self_attn.q_proj"].family
        == units["model.layers.3.mlp.up_proj"].family
        != units["model.layers.0.mlp.down_proj"].family
    )


def test_bert_units_know_which_side_they_share():
    transformers = pytest.importorskip("transformers")
    config = transformers.BertConfig(
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=24,
        vocab_size=30,
    )
    units = {unit.name: unit for unit in find_units(transformers.BertModel(config))}
    prefix = "encoder.layer.1"
    sides = {
        "attention.self.query": Side.READ,
        "attention.output.dense": Side.WRITE,
        "intermediate.dense": Side.READ,
        "output.dense": Side.WRITE,
    }
    for ending, side in sides.items():
        assert units[f"{prefix}.{ending}"].side is side
        assert units[f"{prefix}.{ending}"].space == "residual 16"
    assert "pooler.dense" not in units
    assert units[f"{prefix}.intermediate.dense"].role.endswith(".intermediate.dense")


def test_a_layer_outside_numbered_blocks_is_left_alone():
    model = nn.Module()
    model.blocks = nn.ModuleList([nn.Linear(4, 4)])
    model.head = nn.Linear(4, 2)
    assert [unit.name for unit in find_units(model)] == ["blocks.0"]


def test_without_numbered_blocks_every_linear_counts_in_order():
    model = nn.Module()
    model.enter, model.leave = nn.Linear(4, 6), nn.Linear(6, 3)
    units = find_units(model)
    assert [(unit.name, unit.layer) for unit in units] == [("enter", 0), ("leave", 1)]


def test_an_unknown_role_shares_on_its_smaller_side_with_its_own_kind():
    wide, tall, square = find_units(
        nn.Sequential(nn.Linear(8, 3), nn.Linear(3, 8), nn.Linear(8, 8))
    )
    assert (wide.side, tall.side, square.side) == (Side.WRITE, Side.READ, Side.READ)
    assert wide.space == "* 3"
    assert len({wide.family, tall.family, square.family}) == 3


def test_a_weight_used_by_two_modules_is_left_alone():
    model = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4), nn.Linear(4, 4))
    model[2].weight = model[0].weight
    assert [unit.name for unit in find_units(model)] == ["1"]


def test_a_subclass_of_linear_is_left_alone():
    class Scaled(nn.Linear):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return 2 * super().forward(x)

    assert [u.name for u in find_units(nn.Sequential(Scaled(4, 4), nn.Linear(4, 4)))] == ["1"]


@pytest.mark.parametrize(
    "model",
    [nn.Sequential(nn.Conv2d(3, 3, 3), nn.ReLU()), nn.Linear(4, 4), nn.Identity()],
    ids=["convolutions", "the layer itself", "nothing"],
)
def test_a_model_with_nothing_to_share_is_refused(model):
    with pytest.raises(ModelError, match="no Linear layer"):
        find_units(model)
