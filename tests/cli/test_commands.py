"""The smaller commands, and what holds for all."""

import json
from itertools import pairwise
from pathlib import Path

import pytest

from geocolor import __version__, read
from geocolor.cli.main import COMMANDS
from geocolor.graph import ConflictGraph, generators, gnp, layers, mycielski, queen
from geocolor.io import write

GENERATED = {
    "queen 3 4": queen(3, 4),
    "mycielski 4": mycielski(4),
    "gnp 30 0.4 --seed 5": gnp(30, 0.4, 5),
    "rook 3 4": generators.rook(3, 4),
    "latin-square 4": generators.latin_square(4),
    "insertions 2 3": generators.insertions(2, 3),
    "full-insertions 2 3": generators.full_insertions(2, 3),
    "kneser 7 2": generators.kneser(7, 2),
    "geometric 30 0.4 --seed 5": generators.geometric(30, 0.4, 5),
    "geometric 30 0.4 --seed 5 --complement": generators.geometric(30, 0.4, 5, complement=True),
    "intervals 30 0.2 --seed 5": generators.intervals(30, 0.2, 5),
    "flat 30 4 0.6 --seed 5": generators.flat(30, 4, 0.6, 5),
    "leighton 30 5 9 --seed 5": generators.leighton(30, 5, 9, 5),
    "timetable 30 9 6 3 --seed 5": generators.timetable(30, 9, 6, 3, 5),
    "layers 9 --seed 5 --clusters 2 --spread 0.1 --conflict-share 0.3": layers(
        9, 5, clusters=2, spread=0.1, conflict_share=0.3
    ),
    "heads 50 --seed 5 --reach 1": generators.heads(50, 5, reach=1),
}


@pytest.mark.parametrize(
    "name", [*COMMANDS, *sorted({f"generate {call.split()[0]}" for call in GENERATED})]
)
def test_help_has_examples(run, name: str) -> None:
    done = run(*name.split(), "--help")
    assert (done.code, done.err) == (0, "")
    examples = [line for line in done.out.splitlines() if line.startswith(f"    geocolor {name} ")]
    assert examples


def test_help_names_every_command(run) -> None:
    done = run("--help")
    assert done.code == 0
    assert all(f"\n  {name} " in done.out for name in [*COMMANDS, "generate"])
    assert "Exit codes" in done.out


def test_version(run) -> None:
    assert run("--version").out == f"geocolor {__version__}\n"


def test_no_such_command(run) -> None:
    done = run("sovle")
    assert done.code == 2
    assert "sovle" in done.err
    assert "Traceback" not in done.err


def test_info(run, weighted: Path) -> None:
    found = run("info", weighted, "--json").json()
    assert found == {
        "format": "native",
        "nodes": 4,
        "conflicts": 1,
        "density": pytest.approx(1 / 6),
        "min_degree": 0,
        "max_degree": 1,
        "components": 1,
        "weighted_pairs": 3,
        "negative_weights": 1,
        "min_weight": -2.0,
        "mean_weight": pytest.approx(-1 / 12),
        "max_weight": 1.5,
        "total_size": 4.0,
        "labeled": True,
        "fingerprint": read(weighted).fingerprint,
        "degeneracy": 1,
        "clique": 2,
        "coloring": 2,
        "notes": [],
    }
    lines = run("info", weighted).out.splitlines()
    assert "weighted pairs    3" in lines
    assert "max weight        1.5" in lines


@pytest.mark.parametrize("nodes", [0, 1])
def test_info_of_a_tiny_graph(run, tmp_path: Path, nodes: int) -> None:
    write(ConflictGraph.from_edges(nodes), tmp_path / "tiny.json")
    found = run("info", tmp_path / "tiny.json", "--json").json()
    assert (found["nodes"], found["min_degree"], found["density"]) == (nodes, 0, 0.0)
    assert "min weight" not in run("info", tmp_path / "tiny.json").out


def test_convert_there_and_back(run, queen5: Path, tmp_path: Path) -> None:
    steps = [queen5, tmp_path / "a.json.gz", tmp_path / "b.json", tmp_path / "c.col"]
    for source, target in pairwise(steps):
        done = run("convert", source, target)
        assert (done.code, done.err) == (0, "")
        assert done.out == f"{target}: 25 nodes, 160 conflicts, 0 weights\n"
    assert steps[-1].read_bytes() == queen5.read_bytes()


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("a.col", "holds neither weights nor sizes"),
        ("a.xls", "cannot tell the graph format"),
        ("nowhere/a.json", "no folder"),
        ("a.txt", "1 hard conflict; write .edges, .csv or .json"),
        ("-", ".xz or .zst behind, or name the format"),
    ],
)
def test_convert_refuses(run, weighted: Path, tmp_path: Path, target: str, message: str) -> None:
    done = run("convert", weighted, tmp_path / target)
    assert done.code == 2
    assert message in done.error()
    assert not (tmp_path / target).exists()


def test_solvers(run) -> None:
    rows = run("solvers", "--json").json()
    assert rows["dsatur"]["problems"] == ["coloring"]
    assert rows["cpsat"]["exact"] is True
    lines = run("solvers").out.splitlines()
    assert ["dsatur", "heuristic", "coloring"] in [line.split() for line in lines]


@pytest.mark.parametrize("call", GENERATED)
def test_generate(run, tmp_path: Path, call: str) -> None:
    path = tmp_path / "a.json.gz"
    done = run("generate", *call.split(), "-o", path)
    assert (done.code, done.err) == (0, "")
    assert read(path).fingerprint == GENERATED[call].fingerprint


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ("queen 0 3 -o a.json", "at least one row"),
        ("gnp 10 2 -o a.json", "p between 0 and 1"),
        ("layers 10 -o a.col", "neither weights nor sizes"),
        ("queen 3 3 -o a.svg", "cannot tell the graph format"),
    ],
)
def test_generate_refuses(
    run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str, message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    done = run("generate", *call.split())
    assert done.code == 2
    assert message in done.error()
    assert not list(tmp_path.iterdir())


def test_generate_names_no_option_that_it_has_not(run) -> None:
    assert run("generate", "queen", 3, 3, "-o", "-").error().endswith(".xz or .zst behind")


@pytest.mark.parametrize("name", ["two\nlines.col", "red\x1b[31m.col"])
def test_an_error_stays_on_one_line(run, tmp_path: Path, name: str) -> None:
    done = run("info", tmp_path / name)
    assert done.code == 2
    assert "\x1b" not in done.err
    assert done.error().startswith("cannot read ")


def test_out_of_memory_is_one_line(run, queen5: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def read_much(*_: object, **__: object) -> None:
        raise MemoryError

    monkeypatch.setattr("geocolor.io.read_closely", read_much)
    done = run("info", queen5)
    assert (done.code, done.error()) == (2, "out of memory")


def test_output_is_json_that_others_read(run, queen5: Path, tmp_path: Path) -> None:
    assert run("convert", queen5, tmp_path / "a.json").code == 0
    document = json.loads((tmp_path / "a.json").read_text())
    assert (document["format"], document["version"]) == ("geocolor.graph", 1)
    assert len(document["conflicts"]) == 160
