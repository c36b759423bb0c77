"""How commands read a graph: options, pipes, names and notes."""

import gzip
import io
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from geocolor.graph import ConflictGraph, SharingOptions, queen
from geocolor.io import FORMATS, read, write, write_options

NAMED = "source,target,weight\nann,bob,2\nbob,cat,3\nann,ann,1\n"


@pytest.fixture
def named(tmp_path: Path) -> Path:
    path = tmp_path / "named.csv"
    path.write_text(NAMED)
    return path


def test_info_says_what_the_file_left_open(run, named: Path) -> None:
    found = run("info", named, "--json").json()
    assert found["format"] == "csv"
    assert {note["kind"] for note in found["notes"]} == {"loops", "names"}
    lines = run("info", named).out.splitlines()
    assert "note              1 edge from a node to itself is left out, first in line 4" in lines


def test_info_bounds_the_chromatic_number(run, queen5: Path) -> None:
    found = run("info", queen5, "--json").json()
    assert (found["clique"], found["components"]) == (5, 1)
    assert 5 <= found["coloring"] <= found["degeneracy"] + 1


def test_options_say_what_is_meant(run, named: Path) -> None:
    found = run("info", named, "--json", "--weights", "similarity").json()
    assert (found["min_weight"], found["max_weight"]) == (-3.0, -2.0)
    found = run("info", named, "--json", "--weights", "ignore", "--loops", "drop").json()
    assert (found["conflicts"], found["weighted_pairs"]) == (2, 0)
    done = run("info", named, "--loops", "refuse")
    assert done.code == 2
    assert done.error() == f"{named}:4: node ann has an edge to itself"
    assert run("info", named, "--parallel", "sum").code == 2


def test_convert_gives_another_format_and_meaning(run, named: Path, tmp_path: Path) -> None:
    done = run("convert", named, tmp_path / "a.mtx", "--weights", "similarity")
    assert done.code == 0
    assert done.err == "geocolor: Matrix Market has numbers only: the names of nodes are left out\n"
    assert read(tmp_path / "a.mtx").weights.edge_values().tolist() == [-2.0, -3.0]


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_convert_into_every_format(run, queen5: Path, tmp_path: Path, name: str) -> None:
    path = tmp_path / "graph"
    done = run("convert", queen5, path, "--to", name)
    if name == "cplib":
        assert done.code == 2
        assert "holds weights only" in done.error()
        return
    assert (done.code, done.err) == (0, "")
    found = run("info", path, "--format", name, "--json").json()
    assert found["fingerprint"] == queen(5, 5).fingerprint


def test_pipes(queen5: Path) -> None:
    convert = [sys.executable, "-m", "geocolor", "convert", "-", "-", "--to", "graphml"]
    done = subprocess.run(convert, input=queen5.read_bytes(), capture_output=True, check=True)
    assert done.stderr == b"-: 25 nodes, 160 conflicts, 0 weights\n"
    info = [sys.executable, "-m", "geocolor", "info", "-", "--json"]
    done = subprocess.run(info, input=done.stdout, capture_output=True, check=True)
    assert json.loads(done.stdout)["fingerprint"] == queen(5, 5).fingerprint


def piped(monkeypatch: pytest.MonkeyPatch, data: bytes) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))


def test_a_pipe_without_a_format(run, monkeypatch: pytest.MonkeyPatch) -> None:
    piped(monkeypatch, b"This is prose, no graph.\n")
    done = run("info", "-")
    assert done.code == 2
    assert done.error().startswith("standard input: cannot tell its graph format")


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_sharing_options_from_a_pipe(
    run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, pack: Callable[[bytes], bytes]
) -> None:
    options, out = tmp_path / "options.json", tmp_path / "out.json"
    # Longer than what is looked at to tell what it is.
    count = 10_000
    costs, sizes = [0.0, 1.0] + count * [2.0], [10, 3] + count * [9]
    write_options(SharingOptions(["a"], (count + 2) * [["a"]], costs, sizes), options)
    data = pack(options.read_bytes())
    piped(monkeypatch, data)
    assert run("solve", "-", "--budget", 5, "-o", out, "--quiet").code == 0
    piped(monkeypatch, data)
    assert run("check", "-", out).out.startswith("valid: 1 choice holds")
    piped(monkeypatch, data)
    assert run("info", "-", "--json").json()["options"] == count + 2


def test_a_large_graph_from_a_pipe(run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    graph = tmp_path / "graph.json"
    write(queen(25, 25), graph)
    assert graph.stat().st_size > 1 << 16
    piped(monkeypatch, graph.read_bytes())
    found = run("info", "-", "--json").json()
    assert found["fingerprint"] == queen(25, 25).fingerprint


def test_a_solution_goes_by_names(run, tmp_path: Path) -> None:
    graph, solution = tmp_path / "names.csv", tmp_path / "colors.csv"
    graph.write_text("source,target\nzoe,bob\nbob,ann\n")
    assert run("solve", graph, "--solver", "dsatur", "-o", solution).code == 0
    rows = solution.read_text().splitlines()
    assert rows[0] == "node,color"
    assert [row.split(",")[0] for row in rows[1:]] == ["zoe", "bob", "ann"]
    # In another order, and for another file of the same graph.
    solution.write_text("\n".join([rows[0], *sorted(rows[1:])]))
    assert run("check", graph, solution).out.startswith("valid coloring: 2 colors")
    record = run("solve", graph, "--solver", "dsatur", "--json").json()
    assert record["nodes"] == ["zoe", "bob", "ann"]


def test_check_says_in_which_line_the_broken_edge_is(run, tmp_path: Path) -> None:
    graph, solution = tmp_path / "names.edges", tmp_path / "colors.csv"
    graph.write_text("# people\nzoe bob\n\nbob ann\n")
    solution.write_text("ann,1\nbob,1\nzoe,0\n")
    done = run("check", graph, solution)
    assert done.code == 1
    assert done.error() == (
        "nodes bob and ann conflict and both have color 1 (1 conflict broken); the edge is in "
        f"{graph}:4"
    )
    solution.write_text("ann,1\nbob,0\ntom,0\n")
    assert run("check", graph, solution).error() == "no node is called 'tom'"
    solution.write_text("ann,1\nbob,0\n")
    assert run("check", graph, solution).error() == "the solution has 2 nodes, the graph 3"


def test_a_graph_without_lines_has_no_line_to_name(run, tmp_path: Path) -> None:
    graph, solution = tmp_path / "graph.npz", tmp_path / "colors.csv"
    write(ConflictGraph.from_edges(2, [(0, 1)]), graph)
    solution.write_text("0,1\n1,1\n")
    assert run("check", graph, solution).error().endswith("(1 conflict broken)")


def test_the_start_may_be_a_table(run, queen5: Path, tmp_path: Path) -> None:
    path = tmp_path / "start.csv"
    assert run("solve", queen5, "--solver", "dsatur", "-o", path).code == 0
    assert run("solve", queen5, "--solver", "dsatur", "--initial", path).code == 0
