"""A model in a folder, part by part."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn

from geocolor.compression.pretrained import load_pretrained
from geocolor.compression.streaming.folder_model import FolderModel, why_not_by_block
from geocolor.errors import ModelError
from geocolor.units import fold_norms


def on_meta(module: nn.Module) -> bool:
    return all(parameter.is_meta for parameter in module.parameters())


@pytest.fixture
def original(folder: Path, monkeypatch: pytest.MonkeyPatch) -> nn.Module:
    monkeypatch.setattr("geocolor.compression.pretrained.pretrained_tokenizer", lambda _: None)
    return load_pretrained(folder)[0]


def test_a_part_has_the_folders_numbers_and_the_others_none(
    folder: Path, original: nn.Module
) -> None:
    model = FolderModel(folder)
    assert model.blocks == tuple(f"model.layers.{number}" for number in range(4))
    names = [unit.name for unit in model.units]
    assert [unit.name for number in range(4) for unit in model.units_of(number)] == names
    assert [model.block_of(names[0]), model.block_of(names[-1])] == [0, 3]
    with model.rest() as whole:
        assert torch.equal(whole.model.embed_tokens.weight, original.model.embed_tokens.weight)
        assert whole.lm_head.weight is whole.model.embed_tokens.weight
        assert all(on_meta(block) for block in whole.model.layers)
    with model.block(2, folded=False) as block:
        assert block is model.model.model.layers[2]
        for name, parameter in block.named_parameters():
            assert torch.equal(parameter, original.model.layers[2].get_parameter(name))
        assert on_meta(model.model.model.layers[1])
        block.mlp.up_proj = nn.Linear(1, 1)
    assert on_meta(model.model)
    assert model.model.model.layers[2].mlp.up_proj.weight.shape == (48, 32)
    assert model.model.lm_head.weight is model.model.model.embed_tokens.weight


def test_norms_are_folded_as_in_the_whole_model(folder: Path, original: nn.Module) -> None:
    model = FolderModel(folder)
    expected = fold_norms(original)
    for number in range(4):
        with model.block(number) as block:
            for name, parameter in block.named_parameters():
                assert torch.equal(parameter, original.model.layers[number].get_parameter(name))
    assert model.scales.keys() == expected.keys()
    assert all(torch.equal(model.scales[name], scale) for name, scale in expected.items())


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float32])
def test_numbers_are_of_the_dtype_that_transformers_gives_them(
    dtype: torch.dtype, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(
        json.dumps(config | {"dtype": str(dtype).removeprefix("torch.")})
    )
    monkeypatch.setattr("geocolor.compression.pretrained.pretrained_tokenizer", lambda _: None)
    original, model = load_pretrained(folder)[0], FolderModel(folder)
    with model.block(0, folded=False) as block:
        for name, parameter in block.named_parameters():
            assert parameter.dtype == dtype
            assert torch.equal(parameter, original.model.layers[0].get_parameter(name))
    buffers = dict(model.model.named_buffers())
    for name, buffer in original.named_buffers():
        assert torch.equal(buffers[name], buffer)
        assert buffers[name].dtype == buffer.dtype


def of(folder: Path, name: str) -> Path:
    """The shard that holds a tensor."""
    index = json.loads((folder / "model.safetensors.index.json").read_text())
    found: str = index["weight_map"][name]
    return folder / found


def test_a_tensor_of_another_shape_is_named(folder: Path) -> None:
    name = "model.layers.1.mlp.up_proj.weight"
    file = of(folder, name)
    save_file(load_file(file) | {name: torch.zeros(3, 3)}, file, {"format": "pt"})
    with (
        pytest.raises(ModelError, match=rf"{name} has shape \(3, 3\), the model needs \(48, 32\)"),
        FolderModel(folder).block(1),
    ):
        pass


def test_a_tensor_that_is_missing_is_named(folder: Path) -> None:
    name = "model.layers.1.mlp.up_proj.weight"
    file = of(folder, name)
    tensors = load_file(file)
    tensors[name.replace("up_proj", "left_proj")] = tensors.pop(name)
    save_file(tensors, file, {"format": "pt"})
    assert f"has no tensor {name}" in str(why_not_by_block(folder))
    with pytest.raises(ModelError, match=f"has no tensor {name}"):
        FolderModel(folder)


def test_a_shard_that_is_damaged_is_named(folder: Path) -> None:
    file = of(folder, "model.layers.1.mlp.up_proj.weight")
    file.write_bytes(b"")
    with pytest.raises(ModelError, match=f"{file.name} cannot be read"):
        FolderModel(folder)
