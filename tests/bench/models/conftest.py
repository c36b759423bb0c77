"""A tiny language model in a folder, with texts; trials of it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import tokenizers

from geocolor.bench.models.campaign import ModelCampaign
from geocolor.bench.models.planning import plan_campaign
from geocolor.bench.models.subject import Subject, folder_subject
from geocolor.bench.models.trial import Protocol

WORDS = [f"word{i}" for i in range(60)]
PROTOCOL = Protocol(windows=8, length=16, scored_windows=4, scored_length=32)


def save_tokenizer(folder: Path) -> None:
    """One token a word."""
    import transformers

    vocabulary = {word: i for i, word in enumerate([*WORDS, "<unk>"])}
    backend = tokenizers.Tokenizer(tokenizers.models.WordLevel(vocabulary, unk_token="<unk>"))  # noqa: S106
    backend.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    fast = transformers.PreTrainedTokenizerFast(tokenizer_object=backend, pad_token="<unk>")  # noqa: S106
    fast.save_pretrained(folder)


def some_text(path: Path, start: int) -> Path:
    """Eight hundred words."""
    words = (WORDS[(7 * i * i + 3 * i + start) % 60] for i in range(800))
    path.write_text(" ".join(words), encoding="utf-8")
    return path


@pytest.fixture
def subject(tiny_llama: Callable[..., Any], tmp_path: Path) -> Subject:
    """A language model of three layers, a text to calibrate on and two to judge on."""
    folder = tmp_path / "model"
    tiny_llama(num_hidden_layers=3).save_pretrained(folder)
    save_tokenizer(folder)
    calibration, news, prose = (
        some_text(tmp_path / name, start)
        for start, name in enumerate(("calibration.txt", "news.txt", "prose.txt"))
    )
    return folder_subject(folder, calibration, [news, prose])


@pytest.fixture
def campaign(subject: Subject) -> ModelCampaign:
    """The model as it is, and two presets."""
    return plan_campaign([subject], ["default", "svd-llm"], [0.7], [0], PROTOCOL)


@pytest.fixture
def payload(campaign: ModelCampaign) -> dict[str, Any]:
    """What a guarded process is asked for."""
    from dataclasses import asdict

    return {
        "subject": asdict(campaign.subjects[0]),
        "protocol": asdict(campaign.protocol),
        "seed": 0,
        "versions": dict(campaign.versions),
        "trials": [
            {
                "key": t.key,
                "preset": t.method.name,
                "configuration": dict(t.method.configuration),
                "keep": t.keep,
                "folder": None,
            }
            for t in campaign.trials()
        ],
    }
