"""``geocolor bench pricing`` as it is called from a shell."""

from __future__ import annotations

import json
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from geocolor.bench.models.subject import Subject
from geocolor.cli import bench_pricing
from geocolor.criterion import pairs
from geocolor.errors import GeocolorError

app = typer.Typer(rich_markup_mode=None)
app.command(epilog=bench_pricing.EXAMPLES)(bench_pricing.command)


def call(subject: Subject, *arguments: object) -> Any:
    asked = [subject.folder, "--calibration", subject.calibration.path, "--quiet", *arguments]
    asked += ["--windows", 4, "--length", 16]
    return CliRunner().invoke(app, [str(argument) for argument in asked])


def test_few_pairs_are_all_priced(subject: Subject) -> None:
    done = call(subject, "--keep", 0.5)
    assert done.exit_code == 0, done.output
    assert [line.split()[0] for line in done.stdout.splitlines()] == ["pairs", "priced", "time"]


def test_estimated_pairs_are_sampled(subject: Subject, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pairs, "_FEW", 0)
    monkeypatch.setattr(pairs, "_PATIENCE", 20)
    done = call(subject, "--keep", 0.3, "--sample", 10, "--json")
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    # Three layers: q, k, v, gate and up read the residual stream, o and down write it.
    assert (found["units"], found["pairs"]) == (21, 15 * 14 // 2 + 6 * 5 // 2)
    assert found["priced"] < found["pairs"]
    assert found["sampled"] == 10
    assert found["missed"] == 0
    assert found["errors"] == sorted(found["errors"])
    assert max(map(abs, found["errors"])) < 0.2
    lines = call(subject, "--keep", 0.3, "--sample", 10).stdout.splitlines()
    assert [line.split()[0] for line in lines] == ["pairs", "priced", "time", "sample", "error"]


def test_a_share_that_gives_no_price_is_refused(subject: Subject) -> None:
    failed = call(subject, "--keep", 1).exception
    assert isinstance(failed, GeocolorError)
    assert "no price" in str(failed)
