"""``geocolor compress --streaming``, and where it is chosen without being asked for."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import geocolor
from geocolor.cli.main import main

transformers = pytest.importorskip("transformers")


@pytest.fixture
def text(tmp_path: Path) -> Path:
    path = tmp_path / "text.txt"
    words = (f"word{(7 * i * i + 3 * i) % 60}" for i in range(400))
    path.write_text(" ".join(words), encoding="utf-8")
    return path


def run(folder: Path, text: Path, output: Path, *options: object) -> int:
    shape = ("--windows", "8", "--length", "16", "--calibration", text, "-o", output)
    return main(["compress", str(folder), *map(str, (*shape, *options))])


def test_it_says_what_it_leaves_out_and_writes_what_load_reads(
    model_folder: Path, text: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, page = tmp_path / "out", tmp_path / "page.html"
    options = ("--streaming", "--keep", 0.6, "--json", "--report", page, "--evaluation", text)
    assert run(model_folder, text, out, *options) == 0
    printed = capsys.readouterr()
    assert "do not share: preset private" in printed.err
    report = json.loads(printed.out)
    assert (report["method"], report["measured_on"]) == ("private", "evaluation")
    assert "8 of 16 tokens" in page.read_text(encoding="utf-8")
    model = geocolor.load(out)
    assert sum(p.numel() for p in model.parameters()) == report["after"]["parameters"]
    assert transformers.AutoTokenizer.from_pretrained(out)("word3")["input_ids"] == [3]


def test_a_model_that_would_not_fit_is_streamed_and_said_so(
    model_folder: Path,
    text: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("geocolor.solvers.memory.memory_left", lambda **_: 0.5e9)
    options = ("--preset", "svd-llm", "--keep", 0.8)
    assert run(model_folder, text, tmp_path / "out", *options) == 0
    assert "and 0.5 GB are left: compressing block by block" in capsys.readouterr().err
    assert run(model_folder, text, tmp_path / "whole", *options, "--no-streaming") == 0
    assert capsys.readouterr().err == ""
    plans = [
        json.loads((tmp_path / name / "geocolor.json").read_text()) for name in ("out", "whole")
    ]
    assert plans[0]["plan"] == plans[1]["plan"]


def test_a_model_that_would_not_fit_and_cannot_be_streamed_is_tried_in_memory(
    model_folder: Path,
    text: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("geocolor.solvers.memory.memory_left", lambda **_: 0.5e9)
    monkeypatch.setattr(
        "geocolor.compression.streaming.why_not_by_block", lambda _folder: "it has no blocks"
    )
    assert run(model_folder, text, tmp_path / "tied", "--preset", "uniform-tie") == 0
    assert "uniform-tie groups matrices of any layers" in capsys.readouterr().err
    assert run(model_folder, text, tmp_path / "out", "--keep", 0.8, "--json") == 0
    printed = capsys.readouterr()
    assert printed.err.rstrip().endswith("and 0.5 GB are left: it has no blocks")
    assert json.loads(printed.out)["method"] == "default"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--recover", 2), "--streaming does not go with --recover"),
        (("--random-plans", 4), "--streaming does not go with --random-plans"),
        (("--expanded",), "--streaming does not go with --expanded"),
        (("--checkpoint", "kept"), "--streaming does not go with --checkpoint"),
        (("--preset", "uniform-tie"), "uniform-tie groups matrices of any layers"),
        (("--length", 65), "--length 65 exceeds the 64 positions"),
    ],
)
def test_what_does_not_go_with_it_is_refused(
    options: tuple[object, ...],
    message: str,
    model_folder: Path,
    text: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(model_folder, text, tmp_path / "out", "--streaming", *options) == 2
    assert message in capsys.readouterr().err


def test_several_models_are_refused(
    model_folder: Path, text: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(model_folder, text, tmp_path / "out", model_folder, "--streaming") == 2
    assert "--streaming compresses one model" in capsys.readouterr().err


def test_what_a_killed_run_left_is_named(
    model_folder: Path, text: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    left = tmp_path / ".geocolor-left"
    left.mkdir()
    (left / "lock").touch()
    options = ("--streaming", "--preset", "private")
    assert run(model_folder, text, tmp_path / "out", *options) == 0
    told = f"geocolor: {left} is what a killed run left, 0.0 GB: remove it\n"
    assert capsys.readouterr().err == told
