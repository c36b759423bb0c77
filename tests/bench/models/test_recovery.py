"""``geocolor bench recovery`` as it is called from a shell."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from geocolor.bench.models.subject import Subject
from geocolor.cli import bench_recovery
from geocolor.errors import GeocolorError

app = typer.Typer(rich_markup_mode=None)
app.command(epilog=bench_recovery.EXAMPLES)(bench_recovery.command)

SMALL = ("--windows", "4", "--length", "16", "--steps", "10", "--together", "1", "--quiet")


def call(*arguments: object) -> Any:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture
def asked(subject: Subject) -> list[object]:
    texts = ["--calibration", subject.calibration.path, "--evaluation", subject.evaluation[0].path]
    return [subject.folder, *texts, *SMALL]


def test_both_are_judged_on_other_text_and_it_goes_on(asked: list[object], tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    done = call(*asked, "--keep", "0.5", "--json", "--checkpoint", kept)
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert found["keep"] == 0.5
    assert found["recovery"]["after"] <= found["recovery"]["before"]
    (text,) = found["texts"]
    assert len(text["divergence"]) == 2
    assert len(text["perplexity"]) == 3
    assert Path(f"{kept}.recovery").exists()
    again = call(*asked, "--keep", "0.5", "--checkpoint", kept)
    lines = again.stdout.splitlines()
    assert lines[0].split()[:3] == ["text", "divergence", "recovered"]
    assert f"{text['divergence'][1]:.4f}" in lines[1]
    assert "nats on held-out data" in lines[-1]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("nowhere",), "--calibration FILE"),
        (("minilm", "--keep", "1.5"), "1.5"),
        (("minilm", "--preset", "svd-llm.toml"), "svd-llm.toml"),
    ],
)
def test_what_cannot_work_is_told_first(arguments: tuple[str, ...], message: str) -> None:
    failed = call(*arguments).exception
    assert isinstance(failed, GeocolorError)
    assert message in str(failed)
