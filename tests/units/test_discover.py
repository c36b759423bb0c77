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
    [nn.Sequential(nn.Conv2d(4, 4, 3, groups=4), nn.ReLU()), nn.Linear(4, 4), nn.Identity()],
    ids=["grouped convolutions", "the layer itself", "nothing"],
)
def test_a_model_with_nothing_to_share_is_refused(model):
    with pytest.raises(ModelError, match="no Linear, Conv1D or convolution layer"):
        find_units(model)


def test_convolutions_share_within_kernels_of_one_shape():
    units = find_units(
        nn.Sequential(
            nn.Conv2d(3, 8, 3), nn.Conv2d(8, 8, 3), nn.Conv2d(8, 8, (1, 9)), nn.Conv2d(8, 8, 3)
        )
    )
    assert [unit.shape for unit in units] == [(8, 27), (8, 72), (8, 72), (8, 72)]
    families = [unit.family for unit in units]
    assert families[0] == families[1] == families[3] != families[2]
    assert units[1].space == "* 8 convolution 3x3"


def test_the_transposed_layers_of_gpt2_are_units_in_out_by_in():
    transformers = pytest.importorskip("transformers")
    config = transformers.GPT2Config(n_embd=12, n_layer=2, n_head=2, vocab_size=9, n_positions=8)
    units = find_units(transformers.GPT2LMHeadModel(config))
    assert [unit.shape for unit in units[:4]] == [(36, 12), (12, 12), (48, 12), (12, 48)]
    assert {unit.space for unit in units} == {"residual 12 transposed"}


def nested(*names: str) -> nn.Module:
    model = nn.Module()
    for name in names:
        *parents, last = name.split(".")
        holder = model
        for part in parents:
            if part not in dict(holder.named_children()):
                holder.add_module(part, nn.Module())
            holder = holder.get_submodule(part)
        holder.add_module(last, nn.Linear(4, 4))
    return model


@pytest.mark.parametrize(
    ("names", "roles", "layers"),
    [
        (("blocks.0.fc1", "blocks.0.fc2", "blocks.4.fc1"), ("fc1", "fc2", "fc1"), (0, 0, 4)),
        (("s.0.b.0.x", "s.0.b.1.x", "s.1.b.0.x"), ("x", "x", "x"), (0, 1, 2)),
        (
            ("b.0.part.0.q", "b.2.part.0.q", "b.0.part.1.k", "b.2.part.1.k"),
            tuple("qqkk"),
            (0, 2, 0, 2),
        ),
        (("fc1", "fc2", "fc10"), ("fc*", "fc*", "fc*"), (1, 2, 10)),
    ],
    ids=["numbers in names", "stages", "parts of blocks", "names alone"],
)
def test_depth_is_told_by_the_numbers_that_differ(names, roles, layers):
    found = {unit.name: unit for unit in find_units(nested(*names))}
    units = [found[name] for name in names]
    assert tuple(unit.role.rpartition(".")[2] for unit in units) == roles
    assert tuple(unit.layer for unit in units) == layers


def test_a_layer_with_two_names_is_left_alone():
    model = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4))
    model.add_module("2", model[0])
    assert [unit.name for unit in find_units(model)] == ["1"]


def test_a_block_used_twice_is_found_once():
    block = nn.Sequential(nn.Linear(4, 4))
    assert [unit.name for unit in find_units(nn.Sequential(block, block))] == ["0.0"]


def test_frozen_layers_and_those_of_another_dtype_share_among_themselves():
    model = nn.Sequential(*(nn.Linear(4, 4) for _ in range(4)))
    model[1].requires_grad_(False)
    model[2].half()
    families = [unit.family for unit in find_units(model)]
    assert families[0] == families[3]
    assert len(set(families)) == 3
    frozen = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4)).requires_grad_(False)
    assert [unit.space for unit in find_units(frozen)] == ["* 4", "* 4"]


def test_layers_whose_forward_was_replaced_are_left_out_and_that_is_said():
    model = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4))
    model[0].forward = torch.tanh
    assert [unit.name for unit in find_units(model)] == ["1"]
    model[0].forward = nn.Linear.forward.__get__(model[0])
    assert [unit.name for unit in find_units(model)] == ["0", "1"]
    model[0].forward = model[1].forward
    model[1].forward = torch.tanh
    with pytest.raises(ModelError, match="to share; layers whose forward was replaced are none"):
        find_units(model)
