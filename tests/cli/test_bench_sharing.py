from __future__ import annotations

from pathlib import Path

from geocolor.graph import SharingOptions
from geocolor.io import write_options


def test_a_table_and_json(run, tmp_path: Path) -> None:
    groups = [["q"], ["q"], ["k"], ["k"], ["q", "k"]]
    costs, sizes = [0.0, 1.0, 0.0, 2.0, 0.5], [10, 4, 10, 4, 10]
    options = tmp_path / "mine.json.gz"
    write_options(SharingOptions(["q", "k"], groups, costs, sizes), options)
    asked = ("bench", "sharing", options, "--solvers", "ours,highs")
    done = run(*asked, "--keep", "0.5,0.1", "-q")
    assert (done.code, done.err) == (0, "")
    header, half, none = (line.split() for line in done.out.splitlines())
    assert header == ["options", "keep", "parameters", "least", "cost", "ours", "highs"]
    assert half[:4] == ["mine", "0.5", "10", "0.5"]
    assert none[:4] == ["mine", "0.1", "2", "-"]
    assert half[5::2] == none[5::2] == ["s", "s"]
    assert (
        run(*asked, "--keep", "0.5", "--markdown").out.splitlines()[2].startswith("| mine | 0.5 ")
    )
    found = run(*asked, "--keep", "0.5", "--json").json()["runs"]
    assert [(one["solver"], one["status"]) for one in found] == [
        ("ours", "OPTIMAL"),
        ("highs", "OPTIMAL"),
    ]


def test_what_is_unknown_is_refused(run, tmp_path: Path) -> None:
    done = run("bench", "sharing", "--solvers", "gurobi")
    assert (done.code, "no solver 'gurobi'" in done.error()) == (2, True)
    done = run("bench", "sharing", tmp_path / "none.json")
    assert (done.code, "cannot read" in done.error()) == (2, True)
