"""What is measured, against what the model says when asked directly."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import tokenizers
import torch
import transformers

from geocolor.bench.models.retrieval import title_ranks
from geocolor.bench.models.session import Session, predictions_hash
from geocolor.bench.models.subject import Subject
from geocolor.bench.models.trial import Protocol
from geocolor.compression.progress import silent
from geocolor.compression.speed import measure_speed
from geocolor.errors import InputError, ModelError

PROTOCOL = Protocol(windows=8, length=16, scored_windows=4, scored_length=32)


@pytest.fixture
def session(subject: Subject) -> Session:
    return Session(subject, PROTOCOL, 0, silent)


def test_perplexity_is_that_of_the_library(session: Session, subject: Subject) -> None:
    measures = session.dense()
    assert [score.name for score in measures.texts] == ["news.txt", "prose.txt"]
    words = Path(subject.evaluation[0].path).read_text().split()
    first = session.tokenizer(" ".join(words), add_special_tokens=False)["input_ids"]
    # 800 tokens are 25 windows of 32; four spread over them are these.
    windows = [first[start * 32 : start * 32 + 32] for start in (3, 9, 15, 21)]
    with torch.no_grad():
        for window, loss in zip(windows, measures.texts[0].losses, strict=True):
            ids = torch.tensor([window])
            # The library gives the mean over the 31 tokens that have a predecessor.
            assert 31 * float(session.model(input_ids=ids, labels=ids).loss) == pytest.approx(loss)


def test_the_measures_are_those_of_the_compressed_model(session: Session) -> None:
    measures, compressed = session.compressed("svd-llm", 0.7)
    report = compressed.report
    assert (measures.predicted, measures.measured) == (
        report.predicted_increase,
        report.measured_increase,
    )
    assert measures.dense_bytes == session.dense().bytes == report.before.bytes
    assert measures.bytes == sum(p.numel() * 4 for p in compressed.model.parameters())
    assert measures.answer == predictions_hash(compressed.model, session.probe)
    assert measures.answer != session.dense().answer
    assert report.measured_on == "evaluation"


def test_the_loss_is_measured_on_other_text_than_the_curvature(
    session: Session, subject: Subject
) -> None:
    swapped = replace(subject, calibration=subject.evaluation[1])
    other, _ = Session(swapped, PROTOCOL, 0, silent).compressed("svd-llm", 0.7)
    same, _ = session.compressed("svd-llm", 0.7)
    assert other.answer != same.answer


def test_a_seed_is_another_calibration_and_a_repeatable_one(subject: Subject) -> None:
    answers = [
        Session(subject, PROTOCOL, seed, silent).compressed("svd-llm", 0.7)[0].answer
        for seed in (0, 1, 1, 2)
    ]
    assert answers[1] == answers[2]
    assert len(set(answers)) == 3


def test_what_does_not_fit_is_refused(subject: Subject) -> None:
    with pytest.raises(InputError, match="exceed the 64 positions"):
        Session(subject, replace(PROTOCOL, length=65), 0, silent)
    for seed in (0, 1):
        with pytest.raises(ModelError, match="800 tokens"):
            Session(subject, replace(PROTOCOL, windows=51), seed, silent)


def test_latency_has_every_phase_and_batch(session: Session) -> None:
    timings = measure_speed(session.model, session.model)
    assert [(t.phase, t.batch) for t in timings] == [
        ("prefill", 1),
        ("decode", 1),
        ("prefill", 16),
        ("decode", 16),
    ]
    assert all(t.dense == t.compressed and min(t.dense) > 0 for t in timings)
    assert [t.tokens for t in timings[2:]] == [16 * 56, 16 * 8]


@pytest.fixture
def encoder(tmp_path: Path) -> Any:
    config = transformers.BertConfig(
        vocab_size=61,
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=48,
        max_position_embeddings=64,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return transformers.BertModel(config).eval()


@pytest.mark.parametrize("seed", [0, 1])
def test_an_encoder_reads_windows_as_texts_of_their_own(
    encoder: Any, subject: Subject, tmp_path: Path, seed: int
) -> None:
    folder = tmp_path / "encoder"
    encoder.save_pretrained(folder)
    tokenizer = transformers.AutoTokenizer.from_pretrained(subject.folder)
    ends = [("[CLS]", 7), ("[SEP]", 8)]
    tokenizer.backend_tokenizer.post_processor = tokenizers.processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=ends
    )
    tokenizer.save_pretrained(folder)
    asked: list[Any] = []
    session = Session(replace(subject, folder=str(folder)), PROTOCOL, seed, silent)
    session.model.register_forward_pre_hook(
        lambda _module, args, given: asked.append(args[0] if args else given["input_ids"]),
        with_kwargs=True,
    )
    session.calibrate()
    assert asked
    for ids in [*asked, *(batch for text in session.judged().values() for batch in text)]:
        assert set(ids[:, 0].tolist()) == {7}
        assert set(ids[:, -1].tolist()) == {8}


def test_an_encoder_is_timed_forward(encoder: Any) -> None:
    assert [(t.phase, t.batch) for t in measure_speed(encoder, encoder)] == [
        ("forward", 1),
        ("forward", 16),
    ]


def test_a_body_that_is_its_title_is_found_first(encoder: Any, session: Session) -> None:
    # Of different lengths, so that they are padded, reordered and cut in two batches.
    texts = [" ".join(f"word{(i + j) % 60}" for j in range(1 + i % 7)) for i in range(40)]
    assert title_ranks(encoder, session.tokenizer, [(text, text) for text in texts]) == [1] * 40
    moved = list(zip(texts, [*texts[1:], texts[0]], strict=True))
    assert min(title_ranks(encoder, session.tokenizer, moved)) > 1


def test_generation_with_the_cache_reads_what_it_wrote(
    tiny_llama: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    model = tiny_llama()
    lengths = []
    forward = model.forward

    def seen(*args: Any, **kwargs: Any) -> Any:
        output = forward(*args, **kwargs)
        lengths.append(output.past_key_values.get_seq_length())
        return output

    monkeypatch.setattr(model, "forward", seen)
    measure_speed(model, model)
    # A token first, to see whether there is a cache at all.
    assert lengths[:10] == [1, *(56 + step for step in range(9))]
