"""Times beside the original: taken in turns, of the phases that there are."""

from __future__ import annotations

import json
from collections import UserDict
from dataclasses import asdict

import pytest
import torch

from geocolor.compression import compress
from geocolor.compression.decoding import decode
from geocolor.compression.speed import measure_speed
from geocolor.errors import InputError, ModelError
from geocolor.timing import Timing

TURNS = ((1, 2), (3, 1))


def test_a_language_model_is_timed_in_both_phases(tiny_llama, tokens):
    compressed = compress(tiny_llama(), tokens, 0.5)
    timings = measure_speed(compressed.original, compressed.model, turns=TURNS)
    assert [(t.phase, t.batch) for t in timings] == [
        ("prefill", 1),
        ("decode", 1),
        ("prefill", 3),
        ("decode", 3),
    ]
    for timing, pairs in zip(timings, (2, 2, 1, 1), strict=True):
        for seconds in (timing.dense, timing.compressed, timing.dense_cpu, timing.compressed_cpu):
            assert len(seconds) == pairs
            assert min(seconds) > 0
        assert Timing.from_json(json.loads(json.dumps(asdict(timing)))) == timing
        assert decode(Timing, json.loads(json.dumps(asdict(timing))), "here") == timing


def test_a_model_that_writes_without_a_cache_is_timed_reading():
    transformers = pytest.importorskip("transformers")
    sizes = {"n_embd": 8, "n_layer": 1, "n_head": 2, "vocab_size": 61, "n_positions": 32}
    model = transformers.OpenAIGPTLMHeadModel(transformers.OpenAIGPTConfig(**sizes))
    timings = measure_speed(model, model, turns=TURNS)
    assert [(t.phase, t.batch, t.tokens) for t in timings] == [
        ("forward", 1, 24),
        ("forward", 3, 72),
    ]


@pytest.mark.parametrize("kind", ["tensor", "tuple", "list", "dict", "encoding"])
def test_any_other_model_is_timed_on_a_sample_and_the_report_tells(mlp, kind):
    model, x = mlp(8, 32, 8).train(), torch.randn(20, 8)
    compressed = compress(model, [x], 0.5)
    sample = {
        "tensor": x,
        "tuple": (x, "word"),
        "list": [x],
        "dict": {"input": x},
        "encoding": UserDict({"input": x}),
    }
    timed = compressed.timed(sample[kind])
    (timing,) = timed.report.speed
    assert (timing.phase, timing.batch, timing.tokens) == ("forward", 20, 20)
    assert "speed       forward, batch 20" in str(timed.report)
    assert f"{timing.rate:,.0f} samples a second" in str(timed.report)
    assert compressed.report.speed == ()
    assert timed.model is compressed.model
    assert model.training
    with pytest.raises(ModelError, match="a Sequential is timed on a sample"):
        compressed.timed()


def test_what_has_no_original_is_not_timed(mlp):
    x = torch.randn(20, 8)
    compressed = compress(mlp(8, 16, 8), [x], 0.5, inplace=True)
    with pytest.raises(InputError, match="give another as original="):
        compressed.timed(x)
    assert compressed.timed(x, original=mlp(8, 16, 8)).report.speed
    several = compress([mlp(8, 8, 8), mlp(8, 8, 8, seed=1)], [x], 0.5)
    with pytest.raises(InputError, match="time one of them by itself"):
        several.timed(x)


def test_ratios_are_medians_over_pairs():
    timing = Timing("decode", 1, 8, (2.0, 9.0, 4.0), (1.0, 1.0, 4.0), (3.0, 3.0), (1.0, 2.0))
    assert (timing.speedup, timing.cpu_speedup, timing.rate) == (2.0, 2.25, 8.0)
    assert Timing("decode", 1, 8, (2.0,), (1.0,)).cpu_speedup is None
