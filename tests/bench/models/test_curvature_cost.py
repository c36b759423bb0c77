"""``geocolor bench curvature`` as it is called from a shell."""

from __future__ import annotations

import json
from typing import Any

import typer
from typer.testing import CliRunner

from geocolor.bench.models.curvature_cost import CurvatureCost
from geocolor.bench.models.subject import Subject
from geocolor.cli import bench_curvature
from geocolor.errors import GeocolorError

app = typer.Typer(rich_markup_mode=None)
app.command(epilog=bench_curvature.EXAMPLES)(bench_curvature.command)


def call(*arguments: object) -> Any:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_it_prints_one_object_or_four_lines(subject: Subject) -> None:
    asked = [subject.folder, "--calibration", subject.calibration.path, "--quiet"]
    asked += ["--turns", 3, "--windows", 2, "--length", 16]
    done = call(*asked, "--json")
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert len(found["curvature"]) == len(found["plain"]) == 3
    assert found["tokens"] == 32
    assert found["peak"] >= found["held"] > 0
    assert min(found["curvature"] + found["plain"]) > 0
    assert [line.split()[0] for line in call(*asked).stdout.splitlines()] == [
        *("curvature", "plain", "ratio", "memory")
    ]


def test_the_ratio_is_of_turns_and_not_of_sums() -> None:
    cost = CurvatureCost(8, (1.0, 30.0, 2.0), (1.0, 10.0, 1.0), 1, 2)
    assert cost.ratio == 2.0


def test_a_folder_needs_its_text(subject: Subject) -> None:
    failed = call(subject.folder).exception
    assert isinstance(failed, GeocolorError)
    assert "--calibration" in str(failed)
