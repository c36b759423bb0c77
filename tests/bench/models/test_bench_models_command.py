"""``geocolor bench models``, as it is called from a shell."""

import json
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from geocolor.bench.journal import read_journal
from geocolor.bench.models.subject import Subject
from geocolor.cli import bench_models
from geocolor.errors import GeocolorError

app = typer.Typer(rich_markup_mode=None)
app.command(epilog=bench_models.EXAMPLES)(bench_models.command)


def call(*arguments: object) -> Any:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture
def asked(subject: Subject, tmp_path: Path) -> list[object]:
    return [
        *(subject.folder, "--calibration", subject.calibration.path),
        *("--evaluation", subject.evaluation[0].path, "-o", tmp_path / "out"),
        *("--windows", 8, "--length", 16, "--presets", "svd-llm"),
    ]


def test_a_dry_run_lists_the_trials_and_runs_none(asked: list[object], tmp_path: Path) -> None:
    done = call(*asked, "--keep", "0.8,0.6", "--seeds", 2, "--dry-run")
    assert done.exit_code == 0
    *trials, rest = done.stdout.splitlines()
    assert [line.split()[1:] for line in trials] == [
        ["dense", "keep", "1", "seed", "0"],
        ["svd-llm", "keep", "0.8", "seed", "0"],
        ["svd-llm", "keep", "0.6", "seed", "0"],
        ["svd-llm", "keep", "0.8", "seed", "1"],
        ["svd-llm", "keep", "0.6", "seed", "1"],
    ]
    assert rest.startswith("0 of 5 done")
    assert not (tmp_path / "out").exists()


def test_a_run_prints_its_records_and_leaves_its_files(asked: list[object], tmp_path: Path) -> None:
    done = call(*asked, "--keep", "0.7", "--json", "--quiet")
    assert done.exit_code == 0, done.output
    records = json.loads(done.stdout)["records"]
    assert [record["outcome"] for record in records] == ["solved", "solved"]
    assert read_journal(tmp_path / "out" / "journal.jsonl").keys() == {r["key"] for r in records}
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert {"table.md", "models.parquet", "models.html", "models.json"} <= names
    repeated = call(*asked, "--keep", "0.7", "--markdown")
    assert repeated.stdout == (tmp_path / "out" / "table.md").read_text()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("--keep", "0.8,x"), "--keep takes shares"),
        (("--keep", "2"), "--keep takes shares in (0, 1]"),
        (("--presets", "nonsense"), "no preset 'nonsense'"),
        (("--time-limit", "soon"), "no duration"),
        (("--memory", "much"), "no size"),
    ],
)
def test_bad_options_are_refused(
    change: tuple[str, str], message: str, asked: list[object], tmp_path: Path
) -> None:
    done = call(*asked, *change)
    assert isinstance(done.exception, GeocolorError)
    assert message in str(done.exception)
    assert not (tmp_path / "out").exists()


def test_a_folder_needs_its_texts(subject: Subject, tmp_path: Path) -> None:
    done = call(subject.folder, "-o", tmp_path / "out")
    assert "--calibration FILE, or choose one of smollm2, minilm" in str(done.exception)
