"""``geocolor bench prediction`` as it is called from a shell."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from geocolor.bench.models.subject import Subject
from geocolor.cli import bench_prediction
from geocolor.errors import GeocolorError

app = typer.Typer(rich_markup_mode=None)
app.command(epilog=bench_prediction.EXAMPLES)(bench_prediction.command)

SMALL = ("--plans", "4", "--windows", "4", "--length", "16", "--quiet")


def call(*arguments: object) -> Any:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture
def asked(subject: Subject) -> list[object]:
    texts = ["--calibration", subject.calibration.path, "--evaluation", subject.evaluation[0].path]
    return [subject.folder, *texts, *SMALL]


def test_it_prints_one_object_and_draws(asked: list[object], tmp_path: Path) -> None:
    picture = tmp_path / "fit.png"
    done = call(*asked, "--json", "--picture", picture)
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert len(found["predicted"]) == len(found["measured"]) == 4
    assert found["preset"] == "default"
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_people_get_a_table_and_what_it_is_worth(asked: list[object]) -> None:
    done = call(*asked)
    assert done.exit_code == 0, done.output
    lines = done.stdout.splitlines()
    assert lines[0].split() == ["predicted", "measured", "by", "the", "fit"]
    assert lines[-2].startswith("measured is ")
    assert lines[-1].startswith("4 random plans: rank correlation")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("nowhere",), "--calibration FILE"),
        (("minilm", "--preset", "svd-llm.toml"), "svd-llm.toml"),
        (("minilm", "--picture", "no/such/place.png"), "no/such"),
    ],
)
def test_what_cannot_work_is_told_first(arguments: tuple[str, ...], message: str) -> None:
    failed = call(*arguments).exception
    assert isinstance(failed, GeocolorError)
    assert message in str(failed)
