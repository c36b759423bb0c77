"""Ties that a configuration asks for and weights beside it belie: as transformers has them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

import geocolor
from geocolor.compression.streaming.folder_model import FolderModel

transformers = pytest.importorskip("transformers")

EMBEDDINGS, HEAD = "model.embed_tokens.weight", "lm_head.weight"
BATCHES = [
    torch.randint(0, 61, (4, 16), generator=torch.Generator().manual_seed(seed))
    for seed in range(3)
]


def original(folder: Path) -> nn.Module:
    return transformers.AutoModelForCausalLM.from_pretrained(folder, dtype="auto").eval()


def logits(model: nn.Module, **more: Tensor) -> Tensor:
    with torch.no_grad():
        said: Tensor = model(BATCHES[0], **more).logits
    return said


@pytest.fixture
def folder(tiny_llama: Callable[..., Any], tmp_path: Path) -> Path:
    path = tmp_path / "model"
    tiny_llama(tie_word_embeddings=True).save_pretrained(path)
    return path


def put_head(folder: Path, change: Callable[[Tensor], Tensor]) -> None:
    """Store a head beside embeddings that the configuration ties it to."""
    file = folder / "model.safetensors"
    tensors = load_file(file)
    save_file(tensors | {HEAD: change(tensors[EMBEDDINGS])}, file, {"format": "pt"})


def test_a_head_that_differs_stays_one_of_its_own(folder: Path, tmp_path: Path) -> None:
    put_head(folder, lambda embeddings: embeddings.flip(0) + 0.1)
    expected = original(folder)
    assert not torch.equal(expected.lm_head.weight, expected.model.embed_tokens.weight)
    streamed = geocolor.compress_streamed(folder, BATCHES, tmp_path / "streamed", 0.99)
    whole = geocolor.compress(original(folder), BATCHES, 0.99, preset="private")
    whole.save(tmp_path / "whole")
    whole.save(tmp_path / "expanded", expanded=True)
    assert streamed.report.after == whole.report.after
    assert streamed.report.measured_increase == whole.report.measured_increase
    for model in (
        geocolor.load(tmp_path / "streamed"),
        geocolor.load(tmp_path / "whole"),
        original(tmp_path / "expanded"),
    ):
        assert torch.equal(model.lm_head.weight, expected.lm_head.weight)
        assert torch.equal(model.model.embed_tokens.weight, expected.model.embed_tokens.weight)
        torch.testing.assert_close(logits(model), logits(whole.model), atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize(
    ("dtype", "tied"), [("float32", False), ("bfloat16", True)], ids=["as stored", "as rounded"]
)
def test_what_is_stored_twice_is_compared_in_the_models_dtype(
    dtype: str, tied: bool, folder: Path
) -> None:
    config = folder / "config.json"
    config.write_text(config.read_text().replace('"float32"', f'"{dtype}"'))
    put_head(folder, lambda embeddings: embeddings * (1 + 1e-6))
    expected, model = original(folder), FolderModel(folder)
    for found in (expected, model.model, model.unfilled()):
        assert (found.lm_head.weight is found.model.embed_tokens.weight) is tied
    with model.rest() as whole:
        assert torch.equal(whole.lm_head.weight, expected.lm_head.weight)
        assert torch.equal(whole.model.embed_tokens.weight, expected.model.embed_tokens.weight)


@pytest.mark.parametrize("rows", [1, 7, 4096])
def test_a_difference_in_one_number_is_seen(
    rows: int, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("geocolor.compression.streaming.stored._ROWS", rows)
    for row in (None, 0, 60):

        def change(embeddings: Tensor, row: int | None = row) -> Tensor:
            head = embeddings.clone()
            if row is not None:
                head[row, 3] += 1
            return head

        put_head(folder, change)
        model: Any = FolderModel(folder).model
        assert (model.lm_head.weight is model.model.embed_tokens.weight) is (row is None)


@pytest.mark.parametrize("own", [[HEAD], ["decoder.embed_tokens.weight", HEAD]])
def test_an_encoder_and_a_decoder_have_what_is_stored_for_each(
    own: list[str], tmp_path: Path
) -> None:
    shape = {"d_model": 32, "d_kv": 8, "d_ff": 48, "num_layers": 1, "num_heads": 4}
    config = transformers.T5Config(vocab_size=61, decoder_start_token_id=0, **shape)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        transformers.T5ForConditionalGeneration(config).save_pretrained(tmp_path / "model")
    file = tmp_path / "model" / "model.safetensors"
    tensors = load_file(file)
    assert "shared.weight" in tensors
    assert HEAD not in tensors
    others = {name: tensors["shared.weight"].flip(at) for at, name in enumerate(own)}
    save_file(tensors | others, file, {"format": "pt"})

    def loaded(folder: Path) -> Any:
        return transformers.T5ForConditionalGeneration.from_pretrained(folder).eval()

    batches = [{"input_ids": ids, "decoder_input_ids": ids, "labels": ids} for ids in BATCHES]
    compressed = geocolor.compress(loaded(tmp_path / "model"), batches, 0.9, preset="private")
    compressed.save(tmp_path / "smaller")
    compressed.save(tmp_path / "expanded", expanded=True)
    expected = logits(compressed.model, decoder_input_ids=BATCHES[0])
    for model in (geocolor.load(tmp_path / "smaller"), loaded(tmp_path / "expanded")):
        found = logits(model, decoder_input_ids=BATCHES[0])
        torch.testing.assert_close(found, expected, atol=1e-4, rtol=1e-4)
        state = model.state_dict(keep_vars=True)
        assert state["encoder.embed_tokens.weight"] is state["shared.weight"]
        for name, tensor in others.items():
            assert torch.equal(state[name], tensor)
