"""A model compressed block by block is the one that is compressed in memory."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import geocolor
from geocolor.compression import PRESETS, Configuration, analyze, analyze_streamed
from geocolor.compression.configuration import Grouping
from geocolor.compression.record import read_record
from geocolor.compression.streaming.stored import StoredTensors
from geocolor.errors import InputError, ModelError

transformers = pytest.importorskip("transformers")

# Pairs of neighbouring blocks in every form, hidden layers as well.
PAIRS = replace(PRESETS["default"], name="pairs", grouping=Grouping.ADJACENT)


def test_the_result_is_that_of_a_compression_in_memory(
    folder: Path, batches: list[Tensor], tmp_path: Path
) -> None:
    original = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype="auto").eval()
    whole = analyze(original, batches[:3], evaluation=batches[3:], seed=3)
    work = tmp_path / "work"
    work.mkdir()
    with analyze_streamed(
        folder, batches[:3], evaluation=batches[3:], seed=3, work=work
    ) as streamed:
        for method in ("private", "basis-sharing", PAIRS):
            expected = whole.compress(0.6, method)
            output = tmp_path / expected.report.method
            record = streamed.compress(0.6, output, method)
            model = geocolor.load(output)
            assert record.plan == expected.plan
            assert record.matrices == expected.matrices
            assert replace(record.report, seconds=0.0) == replace(expected.report, seconds=0.0)
            assert record.origin == expected.origin
            assert read_record(output) == record
            state = model.state_dict()
            for name, tensor in expected.model.state_dict().items():
                torch.testing.assert_close(state[name], tensor, rtol=1e-5, atol=1e-7)
            description = json.loads((output / "geocolor.json").read_text())
            assert description["aliases"]["lm_head.weight"] == "model.embed_tokens.weight"
            assert len(description["sha256"]) == 6  # a file for each block, the rest, the config
    assert list(work.iterdir()) == []
    forms = {group.form for group in record.plan.groups if len(group.members) > 1}
    assert forms >= {"basis", "narrow"}


def test_weights_that_are_used_beside_their_layers_stay(
    folder: Path, batches: list[Tensor], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind = type(transformers.AutoModelForCausalLM.from_pretrained(folder).model.layers[0].mlp)
    forward = kind.forward

    def with_more(mlp: Any, x: Tensor) -> Tensor:
        said: Tensor = forward(mlp, x)
        return said + (x @ mlp.gate_proj.weight.T).mean(-1, keepdim=True)

    monkeypatch.setattr(kind, "forward", with_more)
    record = geocolor.compress_streamed(folder, batches, tmp_path / "smaller", 0.6)
    assert not any("gate_proj" in unit.name for unit in record.units)
    assert record.report.unreached == len(record.units) // 6
    kept, before = geocolor.load(tmp_path / "smaller"), StoredTensors(folder)
    block = "model.layers.0"
    norm = before.read(f"{block}.post_attention_layernorm.weight")
    gate = before.read(f"{block}.mlp.gate_proj.weight")
    torch.testing.assert_close(kept.get_parameter(f"{block}.mlp.gate_proj.weight"), gate * norm)


def test_no_part_is_read_more_often_than_it_must(
    folder: Path, batches: list[Tensor], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads: Counter[str] = Counter()
    read = StoredTensors.read

    def counted(stored: StoredTensors, name: str) -> Tensor:
        reads[name] += 1
        return read(stored, name)

    monkeypatch.setattr(StoredTensors, "read", counted)
    geocolor.compress_streamed(folder, batches, tmp_path / "out")
    # Forwards, backwards, for hidden layers, for prices, to be fitted, and to be written.
    assert {reads[name] for name in reads if ".layers." in name} == {6}
    # For the first and the last states of three sets of batches, and to be written.
    assert {reads[name] for name in reads if ".layers." not in name} == {7}
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_half_precision_loses_no_hidden_layers(
    tiny_llama: Callable[..., Any], batches: list[Tensor], tmp_path: Path
) -> None:
    tiny_llama().to(torch.bfloat16).save_pretrained(tmp_path / "model")
    record = geocolor.compress_streamed(tmp_path / "model", batches, tmp_path / "out", keep=0.6)
    assert record.report.narrowed_groups == 4
    model = geocolor.load(tmp_path / "out")
    assert {parameter.dtype for parameter in model.parameters()} == {torch.bfloat16}
    assert record.report.after.parameters == sum(p.numel() for p in model.parameters())


@pytest.mark.parametrize(
    ("method", "message"),
    [
        ("default", "default groups matrices of any layers"),
        ("uniform-tie", "uniform-tie groups matrices of any layers"),
        (replace(PRESETS["geo-sharing"], grouping=Grouping.PRIVATE), "keeps eigenpairs"),
    ],
)
def test_methods_that_need_more_blocks_are_refused_at_once(
    method: str | Configuration, message: str, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=message):
        geocolor.compress_streamed("nowhere", [], tmp_path / "out", preset=method)


def test_a_model_without_a_list_of_blocks_is_refused(tmp_path: Path) -> None:
    config = transformers.T5Config(
        d_model=16, d_kv=8, d_ff=24, num_layers=2, num_heads=2, vocab_size=31
    )
    transformers.T5ForConditionalGeneration(config).save_pretrained(tmp_path / "model")
    with pytest.raises(ModelError, match="does not stand in one list of blocks"):
        geocolor.compress_streamed(tmp_path / "model", [torch.arange(8)[None]], tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_call_that_fails_leaves_nothing_behind(
    folder: Path, batches: list[Tensor], tmp_path: Path
) -> None:
    before = sorted(tmp_path.iterdir())
    nothing = {"input_ids": batches[0], "attention_mask": torch.zeros_like(batches[0])}
    with pytest.raises(ModelError, match="hold nothing to score"):
        geocolor.compress_streamed(folder, batches, tmp_path / "out", evaluation=[nothing])
    empty = torch.zeros(0, 4, dtype=torch.int64)
    with pytest.raises(ModelError, match=r"LlamaDecoderLayer failed on .* shape \(0, 4, 32\)"):
        geocolor.compress_streamed(folder, [empty], tmp_path / "out")
    assert sorted(tmp_path.iterdir()) == before


def test_a_work_folder_that_is_not_there_is_refused(folder: Path, batches: list[Tensor]) -> None:
    with pytest.raises(InputError, match="cannot write to /nowhere"):
        analyze_streamed(folder, batches, work="/nowhere")


@pytest.mark.slow
def test_memory_stays_below_half_of_the_weights(tmp_path: Path) -> None:
    """40 blocks of 25 MB: weights are 1.02 GB, and the curvature of all blocks 6 GB.

    The system refuses what is more than half of the weights, mapped files included.
    """
    script = Path(__file__).with_name("peak_memory.py")
    arguments = ["512", "3456", "40", "float32", str(tmp_path), "0.47"]
    found = subprocess.run(
        [sys.executable, str(script), *arguments], capture_output=True, text=True, check=False
    )
    assert found.returncode == 0, found.stderr
    told = json.loads(found.stdout)
    assert told["kept"] <= 0.6
    assert max(told["most"].values()) < told["weights"] / 2
    model: nn.Module = geocolor.load(tmp_path / "out")
    assert model(torch.zeros(1, 4, dtype=torch.int64)).logits.isfinite().all()


def test_what_cannot_be_written_is_refused_before_any_work(
    folder: Path, batches: list[Tensor], tmp_path: Path
) -> None:
    said: list[str] = []
    output = tmp_path / "output"
    with analyze_streamed(
        folder, batches[:1], on_progress=lambda stage, *_: said.append(stage)
    ) as analysis:
        said.clear()
        output.mkdir()
        (output / "a").touch()
        with pytest.raises(InputError, match="not an empty folder"):
            analysis.compress(0.7, output)
    with pytest.raises(InputError, match="this analysis is closed"):
        analysis.compress(0.7, tmp_path / "other")
    assert said == []


def test_a_folder_that_is_no_models_is_told_apart(batches: list[Tensor], tmp_path: Path) -> None:
    (tmp_path / "geocolor.json").touch()
    for given, message in (
        (tmp_path / "nowhere", "models are not downloaded"),
        (tmp_path, "is a shared checkpoint already"),
    ):
        with pytest.raises(ModelError, match=message):
            geocolor.compress_streamed(given, batches, tmp_path / "smaller")


def test_what_a_killed_run_left_is_named(
    folder: Path, batches: list[Tensor], tmp_path: Path
) -> None:
    left = tmp_path / ".geocolor-left"
    left.mkdir()
    (left / "lock").touch()
    with pytest.warns(UserWarning, match=r"\.geocolor-left is what a killed run left"):
        geocolor.compress_streamed(folder, batches, tmp_path / "smaller")
    assert left.is_dir()
