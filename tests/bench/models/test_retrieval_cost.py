"""Documents are looked up by what is left of an encoder; figures belong to the real one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tokenizers
import torch
import transformers
from torch import Tensor
from typer.testing import CliRunner

from geocolor.bench.models import retrieval_cost
from geocolor.bench.models.retrieval_cost import (
    HEADER,
    Encoder,
    cells,
    distinct_documents,
    measure_retrieval,
)
from geocolor.cli.bench import app
from geocolor.compression import PRESETS
from geocolor.errors import InputError

WORDS = [f"word{i}" for i in range(57)]


def _tokenizer() -> Any:
    """One token a word, a text in special tokens as BERT has them."""
    vocabulary = {word: i for i, word in enumerate([*WORDS, "[PAD]", "[UNK]", "[CLS]", "[SEP]"])}
    backend = tokenizers.Tokenizer(tokenizers.models.WordLevel(vocabulary, unk_token="[UNK]"))  # noqa: S106
    backend.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    around = [(token, vocabulary[token]) for token in ("[CLS]", "[SEP]")]
    backend.post_processor = tokenizers.processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=around
    )
    return transformers.PreTrainedTokenizerFast(tokenizer_object=backend, pad_token="[PAD]")  # noqa: S106


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    config = transformers.BertConfig(
        vocab_size=61,
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=48,
        max_position_embeddings=64,
        initializer_range=0.2,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = transformers.BertModel(config).eval()
    drawn = np.random.default_rng(0).integers(57, size=900)
    text = " ".join(WORDS[at] for at in drawn)
    bodies = [" ".join(WORDS[(i * j + i) % 57] for j in range(9)) for i in range(40)]
    documents = [(body.rpartition(" ")[0], body) for body in bodies]
    return Encoder(model, _tokenizer(), text, documents)


def test_no_title_and_no_body_comes_twice() -> None:
    documents = [("a", "1"), ("b", "2"), ("a", "3"), ("c", "2"), ("d", "4")]
    assert distinct_documents(documents) == [("a", "1"), ("b", "2"), ("d", "4")]


def test_searches_are_compared_with_the_dense_one(
    encoder: Encoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    calibrated: list[Tensor] = []

    def analyze(model: Any, batches: list[Tensor], **options: Any) -> Any:
        calibrated.append(torch.cat(batches))
        return own(model, batches, **options)

    own = retrieval_cost.analyze
    monkeypatch.setattr(retrieval_cost, "analyze", analyze)
    dense, *others = measure_retrieval(
        encoder,
        [PRESETS["private"], PRESETS["svd-llm"]],
        [0.8, 0.3],
        seeds=2,
        windows=8,
        length=12,
        autocast=None,
        on_progress=lambda *_: None,
    )
    assert [(each.method, each.keep, each.seed) for each in others] == [
        (method, keep, seed)
        for seed in (0, 1)
        for method in ("private", "svd-llm")
        for keep in (0.8, 0.3)
    ]
    # Each window is a text as the tokenizer gives it, and no two calibrations share one.
    around = encoder.tokenizer("word3")["input_ids"]
    for windows in calibrated:
        assert windows.shape == (8, 12)
        assert windows[:, 0].unique().tolist() == around[:1]
        assert windows[:, -1].unique().tolist() == around[-1:]
    assert len(torch.cat(calibrated).unique(dim=0)) == 16
    assert (dense.first.loss, dense.reciprocal_loss) == (0, 0)
    for each in others:
        assert each.parameters <= each.keep * dense.parameters
        assert each.first.loss == pytest.approx(dense.first.right - each.first.right)
        assert each.reciprocal_loss == pytest.approx(dense.reciprocal - each.reciprocal)
        assert each.reciprocal_interval is not None
        assert each.reciprocal_interval.low <= each.reciprocal_loss
        assert each.reciprocal_loss <= each.reciprocal_interval.high
    rows = list(cells([dense, *others]))
    assert {len(row) for row in rows} == {len(HEADER)}
    assert len(rows) == 9


@pytest.mark.parametrize("keep", ["none", "0", "0.8,1.2", ""])
def test_shares_are_checked_before_anything_is_loaded(keep: str) -> None:
    failed = CliRunner().invoke(app, ["retrieval", "--keep", keep]).exception
    assert isinstance(failed, InputError)
    assert "--keep takes shares" in str(failed)
