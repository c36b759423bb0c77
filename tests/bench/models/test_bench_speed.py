"""Speed of saved models, and where their original's time goes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
import typer
from typer.testing import CliRunner

from geocolor.bench.models.shares import Share, time_shares
from geocolor.cli import bench_speed
from geocolor.compression import compress
from geocolor.errors import InputError
from geocolor.units import find_units

app = typer.Typer()
app.command(epilog=bench_speed.EXAMPLES)(bench_speed.command)


@pytest.fixture
def folders(
    tiny_llama: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[Path, Path]:
    from geocolor.bench.models import speed

    model = tiny_llama()
    tokens = torch.randint(0, 61, (8, 16), generator=torch.Generator().manual_seed(0))
    compress(model, [tokens], 0.5).save(tmp_path / "smaller")
    model.save_pretrained(tmp_path / "dense")
    # The tiny one has no tokenizer, and none is needed.
    monkeypatch.setattr(speed, "load_pretrained", lambda folder: (model, None))
    return tmp_path / "dense", tmp_path / "smaller"


def test_a_saved_model_has_a_row_for_each_phase_and_batch(folders):
    dense, smaller = map(str, folders)
    found = CliRunner().invoke(app, [dense, smaller, "--pairs", "2", "--json"])
    assert found.exit_code == 0, found.output
    data = json.loads(found.stdout)
    assert (data["dtype"], data["device"]) == ("float32", "cpu")
    assert [(row["timing"]["phase"], row["timing"]["batch"]) for row in data["rows"]] == [
        (phase, batch) for batch in (1, 16) for phase in ("prefill", "decode")
    ]
    for row in data["rows"]:
        assert row["model"] == "smaller"
        assert 0.45 < row["left"] < 0.6
        assert 0 < row["share"]["matrices"] < 1
    shown = CliRunner().invoke(app, [dense, smaller, "--pairs", "1", "--dtype", "bfloat16", "-q"])
    assert "decode, batch 16" in shown.stdout


def test_a_device_that_is_not_there_is_refused(folders):
    dense, smaller = map(str, folders)
    found = CliRunner().invoke(app, [dense, smaller, "--device", "nowhere"])
    assert isinstance(found.exception, InputError)
    assert "no device 'nowhere'" in str(found.exception)


def test_shares_add_up_to_no_more_than_everything(tiny_llama):
    model = tiny_llama().train()
    names = [unit.name for unit in find_units(model)]
    shares = time_shares(model, names, 2, 2)
    assert [share.phase for share in shares] == ["prefill", "decode"]
    for share in shares:
        assert share.matrices > 0 < share.head
        assert share.matrices + share.head < 1
    assert model.training
    assert not any(module._forward_hooks for module in model.modules())


def test_what_is_expected_is_amdahls_law():
    share = Share("decode", 1, 1.0, matrices=0.8, head=0.1)
    assert share.expected(1.0) == pytest.approx(1)
    assert share.expected(0.5) == pytest.approx(1 / 0.6)
    assert share.expected(0.0) == pytest.approx(5)
