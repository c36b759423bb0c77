"""Models of local folders: read from the files that transformers reads; what is wrong is named."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from geocolor.compression.pretrained import (
    empty_pretrained,
    load_pretrained,
    stored_tensors,
    unfilled_pretrained,
)
from geocolor.errors import ModelError

transformers = pytest.importorskip("transformers")

NAME = "model.layers.1.mlp.up_proj.weight"


@pytest.fixture
def sharded(tiny_llama: Callable[..., Any], tmp_path: Path) -> Path:
    path = tmp_path / "model"
    tiny_llama().save_pretrained(path, max_shard_size="20KB")
    return path


@pytest.fixture(autouse=True)
def no_tokenizer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("geocolor.compression.pretrained.pretrained_tokenizer", lambda _: None)


def ways(folder: Path) -> list[Callable[[], object]]:
    """All ways of looking into a folder."""
    return [
        lambda: load_pretrained(folder),
        lambda: empty_pretrained(folder),
        lambda: unfilled_pretrained(folder, torch.float32),
        lambda: stored_tensors(folder),
    ]


def add_to_config(folder: Path, **changes: object) -> None:
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | changes))


@pytest.mark.parametrize("shards", ["whole", "left out", "damaged"])
def test_one_file_goes_before_an_index(
    shards: str, sharded: Path, tiny_llama: Callable[..., Any], tmp_path: Path
) -> None:
    tiny_llama(1).save_pretrained(tmp_path / "other")
    shutil.copy(tmp_path / "other" / "model.safetensors", sharded)
    for file in sharded.glob("model-*.safetensors"):
        if shards == "left out":
            file.unlink()
        elif shards == "damaged":
            file.write_bytes(b"")
    expected = transformers.AutoModelForCausalLM.from_pretrained(sharded).state_dict()[NAME]
    assert stored_tensors(sharded)[NAME].name == "model.safetensors"
    assert torch.equal(load_file(stored_tensors(sharded)[NAME])[NAME], expected)
    assert torch.equal(load_pretrained(sharded)[0].state_dict()[NAME], expected)
    assert unfilled_pretrained(sharded, torch.float32).state_dict()[NAME].shape == expected.shape


@pytest.mark.parametrize("named", ["consolidated.safetensors", "model.safetensors.index.json"])
def test_a_configuration_may_name_its_weights(
    named: str, sharded: Path, tiny_llama: Callable[..., Any], tmp_path: Path
) -> None:
    tiny_llama(1).save_pretrained(tmp_path / "other")
    for copy in ("model", "consolidated"):
        shutil.copy(tmp_path / "other" / "model.safetensors", sharded / f"{copy}.safetensors")
    add_to_config(sharded, transformers_weights=named)
    expected = transformers.AutoModelForCausalLM.from_pretrained(sharded).state_dict()[NAME]
    assert torch.equal(load_file(stored_tensors(sharded)[NAME])[NAME], expected)
    assert torch.equal(load_pretrained(sharded)[0].state_dict()[NAME], expected)


@pytest.mark.parametrize(
    "named", ["adapter_model.bin", "../other/model.safetensors", "pytorch.index.json", 3]
)
def test_weights_that_are_no_safetensors_of_the_folder_are_refused(
    named: object, sharded: Path
) -> None:
    torch.save({}, sharded / "adapter_model.bin")
    add_to_config(sharded, transformers_weights=named)
    for way in ways(sharded):
        with pytest.raises(ModelError, match=f"names '{named}', no safetensors of its own"):
            way()


def test_a_shard_that_is_missing_is_an_incomplete_copy(sharded: Path) -> None:
    file = stored_tensors(sharded)[NAME]
    file.unlink()
    for way in ways(sharded):
        with pytest.raises(ModelError, match=rf"{file.name} is missing, .*copy is incomplete"):
            way()


def test_what_is_no_models_folder_is_told_apart(sharded: Path) -> None:
    empty = sharded / "empty"
    empty.mkdir()
    for folder, message in (
        (sharded / "nowhere", "models are not downloaded"),
        (sharded / "config.json", "is a file; give the folder"),
        (empty, "is not a Hugging Face model folder"),
    ):
        for way in ways(folder):
            with pytest.raises(ModelError, match=message):
                way()
    for file in (*sharded.glob("*.safetensors"), sharded / "model.safetensors.index.json"):
        file.unlink()
    for way in ways(sharded):
        with pytest.raises(ModelError, match="there are no safetensors in it"):
            way()


def test_a_tensor_of_another_shape_is_named(sharded: Path) -> None:
    file = stored_tensors(sharded)[NAME]
    save_file(load_file(file) | {NAME: torch.zeros(3, 3)}, file, {"format": "pt"})
    with pytest.raises(
        ModelError, match=rf"{file.name}: {NAME} has shape \(3, 3\), the model needs \(48, 32\)"
    ):
        load_pretrained(sharded)


def test_a_tensor_of_another_shape_under_another_name_is_refused(tmp_path: Path) -> None:
    """Files of a Mixtral have experts one by one, the model has them in stacks."""
    shape = {"hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 1}
    config = transformers.MixtralConfig(
        **shape, num_attention_heads=4, vocab_size=61, num_local_experts=2
    )
    transformers.MixtralForCausalLM(config).save_pretrained(tmp_path)
    add_to_config(tmp_path, intermediate_size=40)
    with pytest.raises(ModelError, match=r"other shapes than its config\.json asks for"):
        load_pretrained(tmp_path)


def test_what_else_goes_wrong_while_loading_is_not_called_a_shape(
    sharded: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def out_of_memory(*_: object, **__: object) -> None:
        raise RuntimeError("[enforce fail at alloc_cpu.cpp:118] DefaultCPUAllocator")

    monkeypatch.setattr(transformers.LlamaForCausalLM, "from_pretrained", out_of_memory)
    with pytest.raises(RuntimeError, match="DefaultCPUAllocator"):
        load_pretrained(sharded)
