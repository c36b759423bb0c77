"""``geocolor bench`` as its user meets it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from geocolor.bench import running
from geocolor.cli.main import main
from geocolor.graph import generators
from geocolor.io import write


@pytest.fixture(autouse=True)
def close_the_templates() -> Any:
    yield
    running.guards.close()


@pytest.fixture
def graphs(tmp_path: Path) -> Path:
    folder = tmp_path / "graphs"
    folder.mkdir()
    write(generators.mycielski(3), folder / "myciel3.col")
    write(generators.queen(5, 5), folder / "queen5.col")
    return folder


def bench(graphs: Path, folder: Path, *more: str) -> list[str]:
    fixed = ["--max-iterations", "1000", "--time-limit", "60s", "--seeds", "2", "--quiet"]
    return ["bench", str(graphs), "--solvers", "dsatur,tabucol", "-o", str(folder), *fixed, *more]


def test_a_table_then_a_report_and_a_comparison(
    graphs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    assert main(bench(graphs, first)) == 0
    table = capsys.readouterr().out
    assert "8 runs, 2 seeds" in table
    assert "tabucol" in table
    assert main(["bench", "report", str(first)]) == 0
    assert "written" in capsys.readouterr().out
    assert (first / "report.html").read_text(encoding="utf-8").startswith("<!doctype html>")
    assert main(["bench", "report", str(first), "-o", str(first / "table.md")]) == 0
    assert "| instance | best known |" in (first / "table.md").read_text(encoding="utf-8")
    assert main(bench(graphs, second)) == 0
    capsys.readouterr()
    assert main(["bench", "compare", str(first), str(second)]) == 0
    assert "No regressions" in capsys.readouterr().out
    assert main(["bench", "compare", str(first), str(second), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["regressions"] == []


def test_a_table_that_names_no_graph_here_is_noted(
    graphs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = tmp_path / "best.csv"
    rows = ["queen5.col,5,yes", *(f"g{number},3,no" for number in range(7))]
    table.write_text("\n".join(["instance,best_known_colors,proven_optimal", *rows]))
    assert main(bench(graphs, tmp_path / "r", "--best-known", str(table), "--dry-run")) == 0
    out, told = capsys.readouterr()
    assert "best known 5 (proven)" in out
    assert "names 7 instances that no graph here is: g0, g1, g2, g3, g4, ...\n" in told


def test_instances_that_no_solver_takes_are_left_out_and_told_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fixed = ["--max-iterations", "10", "--solvers", "dsatur,tabucol", "--dry-run", "--json"]
    assert main(["bench", "small", *fixed, "-o", str(tmp_path / "r")]) == 0
    out, told = capsys.readouterr()
    plan = json.loads(out)
    assert plan["runs"] == 2 * len(plan["instances"])
    assert "left out 9 instances: no solver here takes" in told
    assert told.count("left out") == 1


def test_a_regression_is_exit_code_1(
    graphs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    solver = tmp_path / "mine.py"
    good = "search.offer(np.arange(problem.graph.num_nodes))"
    old, new = tmp_path / "old", tmp_path / "new"
    solver.write_text(f"import numpy as np\ndef solve(problem, search):\n    {good}\n")
    assert main(bench(graphs, old, "--solvers", f"{solver}:solve")) == 0
    solver.write_text("def solve(problem, search):\n    raise ValueError('a bug')\n")
    running.guards.close()
    _forget_modules()
    assert main(bench(graphs, new, "--solvers", f"{solver}:solve")) == 0
    table = capsys.readouterr().out
    assert "4 runs failed; each reason once:" in table
    assert "crashed: ValueError: a bug" in table
    assert main(["bench", "compare", str(old), str(new)]) == 1
    assert "crashed" in capsys.readouterr().out


def _forget_modules() -> None:
    import sys

    for name in [name for name in sys.modules if name.startswith("geocolor_solver_")]:
        del sys.modules[name]


def test_a_dry_run_runs_nothing(
    graphs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "results"
    assert main(bench(graphs, folder, "--dry-run")) == 0
    said = capsys.readouterr().out
    assert "2 instances" in said
    assert "8 runs, 0 made already" in said
    assert main(bench(graphs, folder, "--dry-run", "--json")) == 0
    plan = json.loads(capsys.readouterr().out)
    assert (plan["runs"], plan["done"], plan["solvers"]) == (8, 0, ["dsatur", "tabucol"])
    assert not folder.exists()


def test_json_is_one_object_and_crowding_is_told(
    graphs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert (
        main(bench(graphs, tmp_path / "r", "--json", "--threads", "4096", "--tag", "coloring")) == 0
    )
    out, err = capsys.readouterr()
    assert json.loads(out)["runs"] == 8
    assert "they will slow each other" in err


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["--solvers", "nosuch"], "no solver 'nosuch'"),
        (["--time-limit", "banana"], "'banana' is no duration"),
        (["--memory", "much"], "'much' is no size"),
        (["--backend", "slurm"], "no backend 'slurm'"),
        (["--backend", "dask"], "needs its scheduler's address"),
        (["--tag", "nosuch"], "the tags leave none of 2 instances; they have coloring"),
    ],
)
def test_slips_are_one_line(
    graphs: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    more: list[str],
    message: str,
) -> None:
    assert main(bench(graphs, tmp_path / "r", *more)) == 2
    complaint = capsys.readouterr().err
    assert complaint.startswith("geocolor: error: ")
    assert message in complaint
    assert complaint.count("\n") == 1


def test_results_do_not_go_where_the_instances_are(
    graphs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(bench(graphs, graphs)) == 2
    assert "a folder of their own" in capsys.readouterr().err
    assert main(bench(graphs, graphs / "results")) == 0
    assert main(bench(graphs, graphs / "results")) == 0  # what is there now is no instance


def test_reports_and_comparisons_of_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["bench", "report", str(tmp_path)]) == 2
    assert "no benchmark results in" in capsys.readouterr().err
    assert main(["bench", "compare", str(tmp_path), str(tmp_path)]) == 2
