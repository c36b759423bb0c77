"""``geocolor plot``: which picture a file has."""

import io
import json
import os
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from geocolor.graph import ConflictGraph
from geocolor.io import write

pytest.importorskip("matplotlib")

Run = Callable[..., Any]


def is_png(path: Path) -> bool:
    return path.read_bytes().startswith(b"\x89PNG")


def test_a_graph_with_and_without_its_coloring(run: Run, queen5: Path, tmp_path: Path) -> None:
    out, solution = tmp_path / "a.png", tmp_path / "a.sol"
    assert run("plot", queen5, "-o", out).code == 0
    plain = out.read_bytes()
    assert is_png(out)
    assert run("solve", queen5, "--solver", "dsatur", "-o", solution).code == 0
    assert run("plot", queen5, "--coloring", solution, "-o", out).code == 0
    assert out.read_bytes() != plain
    done = run("plot", queen5, "--coloring", solution, "--kind", "matrix", "-o", out)
    assert (done.code, done.out, done.err) == (0, f"written {out}\n", "")


@pytest.mark.parametrize("suffix", [".json", ".csv", ".sol", ".txt"])
def test_all_solutions_color_a_graph(run: Run, queen5: Path, tmp_path: Path, suffix: str) -> None:
    solution = tmp_path / f"a{suffix}"
    assert run("solve", queen5, "--solver", "dsatur", "-o", solution).code == 0
    assert run("plot", queen5, "--coloring", solution, "-o", tmp_path / "a.png").code == 0
    assert suffix in run("plot", "--help").out.partition("--coloring")[2].partition("--title")[0]


def test_weights_are_drawn_as_a_matrix(run: Run, weighted: Path, tmp_path: Path) -> None:
    pictures = []
    for options in ((), ("--kind", "matrix"), ("--kind", "network")):
        done = run("plot", weighted, *options, "-o", tmp_path / "a.png")
        assert (done.code, done.out, done.err) == (0, f"written {tmp_path}/a.png\n", "")
        pictures.append((tmp_path / "a.png").read_bytes())
    assert pictures[0] == pictures[1] != pictures[2]


def test_a_frontier(run: Run, tmp_path: Path) -> None:
    points = [
        {"parameters": 10, "cost": 0.5, "lower_bound": 0.5, "gap": 0.0},
        {"parameters": 5, "cost": 1.5, "lower_bound": None, "gap": None},
        {"parameters": None, "cost": None, "lower_bound": None, "gap": None},
    ]
    points = [{"budget": 10, "status": "FEASIBLE", **point} for point in points]
    file = tmp_path / "frontier.json"
    file.write_text(json.dumps({"format": "geocolor.frontier", "version": 1, "points": points}))
    assert run("plot", file, "-o", tmp_path / "a.png").code == 0
    assert is_png(tmp_path / "a.png")
    done = run("plot", file, "--kind", "matrix", "-o", tmp_path / "a.png")
    assert done.error() == "a frontier has no picture matrix; it has frontier"
    done = run("plot", file, "--coloring", file, "-o", tmp_path / "a.png")
    assert done.error() == "--coloring is for graphs, not for a frontier"


def test_a_frontier_of_budgets_too_small_says_so(run: Run, tmp_path: Path) -> None:
    options, frontier = tmp_path / "options.json", tmp_path / "frontier.json"
    option = [[0], "dense", 0.0, 4096]
    said = {"format": "geocolor.options", "version": 1, "units": ["a"], "options": [option]}
    options.write_text(json.dumps(said))
    budgets = ("--budget", 90, "--budget", 2500)
    for out in (frontier, tmp_path / "a.svg"):
        assert run("frontier", options, *budgets, "-o", out).code == 0
    assert run("plot", frontier, "-o", tmp_path / "b.svg").code == 0
    for name in ("a.svg", "b.svg"):
        assert "infeasible: every choice has more than 2,500" in (tmp_path / name).read_text()


def test_a_pipe(
    run: Run, queen5: Path, weighted: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    point = {"budget": 5, "status": "FEASIBLE", "parameters": 5, "cost": 1.5}
    frontier = {"format": "geocolor.frontier", "version": 1, "points": [point]}
    for data in (queen5.read_bytes(), weighted.read_bytes(), json.dumps(frontier).encode()):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
        assert run("plot", "-", "-o", tmp_path / "a.svg").code == 0
    assert b"standard input" in (tmp_path / "a.svg").read_bytes()


def test_a_pipe_that_is_no_file_of_its_own(run: Run, queen5: Path, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with ThreadPoolExecutor(1) as pool:
        written = pool.submit(pipe.write_bytes, queen5.read_bytes())
        assert run("plot", pipe, "-o", tmp_path / "a.png").code == 0
        written.result()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"format": "geocolor.options"}', "give geocolor frontier"),
        ('{"format": "geocolor.solution"}', "give the graph, and --coloring"),
        ('{"format": "geocolor.else"}', "another kind of file"),
        ('{"format": "geocolor.frontier", "version": 9}', "a newer one may help"),
        ('{"format": "geocolor.frontier", "version": 1}', "points must be a list"),
        (
            '{"format": "geocolor.frontier", "version": 1, "points": [3]}',
            "points[0] must be an object",
        ),
        (
            '{"format": "geocolor.frontier", "version": 1, "points": [{"cost": "1"}]}',
            "points[0].budget must be a whole number",
        ),
        ('{"format": "geocolor.graph", "version": 1}', "num_nodes"),
        ("nonsense", "not JSON"),
    ],
)
def test_what_has_no_picture_says_so(text: str, message: str, run: Run, tmp_path: Path) -> None:
    file = tmp_path / "a.json"
    file.write_text(text)
    done = run("plot", file, "-o", tmp_path / "a.png")
    assert done.code == 2
    assert message in done.error()
    assert not (tmp_path / "a.png").exists()


def test_bad_names_and_kinds(run: Run, queen5: Path, tmp_path: Path) -> None:
    out = tmp_path / "a.png"
    assert ".png, .svg, .pdf" in run("plot", queen5, "-o", tmp_path / "a.gif").error()
    assert "a graph has no picture map" in run("plot", queen5, "--kind", "map", "-o", out).error()
    assert "cannot" in run("plot", tmp_path / "none.col", "-o", out).error()
    assert "not a geocolor checkpoint" in run("plot", tmp_path, "-o", out).error()
    other = tmp_path / "other.col"
    write(ConflictGraph.from_edges(3, [], []), other)
    assert run("solve", other, "-o", tmp_path / "other.sol").code == 0
    done = run("plot", queen5, "--coloring", tmp_path / "other.sol", "-o", out)
    assert "of 3 nodes, the graph has 25" in done.error()
