from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from geocolor.graph import SharingOptions
from geocolor.io.sharing_options import write_options


@pytest.fixture
def options(tmp_path: Path) -> Path:
    path = tmp_path / "options.json"
    groups = [["q"], ["q"], ["k"], ["k"], ["q", "k"]]
    costs, sizes = [0.0, 1.0, 0.0, 2.0, 0.5], [10, 4, 10, 4, 10]
    forms = ["dense", "rank 2", "dense", "rank 2", "tied"]
    write_options(SharingOptions(["q", "k"], groups, costs, sizes, forms), path)
    return path


def test_a_table_of_points(run, options: Path) -> None:
    done = run("frontier", options, "--points", 3)
    assert done.code == 0
    lines = [line.split() for line in done.out.splitlines()]
    assert lines[0] == ["budget", "parameters", "cost", "bound", "status", "groups", "shared"]
    assert lines[1] == ["8", "8", "3", "3", "OPTIMAL", "2", "0"]
    assert lines[2] == ["14", "10", "0.5", "0.5", "OPTIMAL", "1", "1"]
    assert lines[3] == ["20", "20", "0", "0", "OPTIMAL", "2", "0"]


def test_budgets_of_ones_own_for_machines(run, options: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.json"
    asked = ("--budget", 12, "--budget", 3)
    record = run("frontier", options, *asked, "--json", "-o", out).json()
    assert record == {**json.loads(out.read_text()), "points": record["points"]}
    tied, none = record["points"]
    assert tied["chosen"] == [
        {"option": 4, "units": ["q", "k"], "form": "tied", "cost": 0.5, "parameters": 10}
    ]
    assert (tied["status"], tied["gap"]) == ("OPTIMAL", 0.0)
    assert (none["status"], none["chosen"], none["cost"]) == ("INFEASIBLE", None, None)


def test_a_picture_and_a_table(run, options: Path, tmp_path: Path) -> None:
    done = run("frontier", options, "-o", tmp_path / "out.png")
    assert (done.code, done.err) == (0, f"geocolor: written {tmp_path}/out.png\n")
    assert (tmp_path / "out.png").read_bytes().startswith(b"\x89PNG")
    done = run("frontier", options, "--points", 2, "-o", tmp_path / "out.csv", "--quiet")
    assert (done.code, done.err) == (0, "")
    with (tmp_path / "out.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["cost"] for row in rows] == ["3", "0"]


def test_a_picture_that_cannot_be_drawn_is_refused_before_the_work(
    run, options: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("geocolor.plotting.canvas.find_spec", lambda _: None)
    monkeypatch.setattr("geocolor.solvers.budgeted.frontier", None)  # to call it would fail
    done = run("frontier", options, "-o", tmp_path / "out.png")
    assert done.code == 2
    assert done.error() == "matplotlib is not installed: pip install 'geocolor[plot]'"


def test_what_cannot_be_is_said_first(run, options: Path, tmp_path: Path) -> None:
    for asked, message in (
        (("-o", tmp_path / "out.gif"), "write .png, .svg, .pdf, .csv or .json"),
        (("--points", 0), "at least one point"),
        (("--budget", -1), "must not be negative"),
        (("-t", "soon"), "no duration"),
    ):
        done = run("frontier", options, *asked)
        assert done.code == 2
        assert message in done.error()
