"""``geocolor bench reading``: every file is read by all who say they can, and alike."""

import json
from dataclasses import replace
from pathlib import Path

import networkx as nx
import pytest

from geocolor.bench.reading import CASES, measure, table
from geocolor.cli.main import main
from geocolor.errors import InputError
from geocolor.io import FORMATS

pytest.importorskip("igraph")


def test_all_who_read_a_file_read_the_same_graph(tmp_path: Path) -> None:
    found = list(measure(CASES, tmp_path, nodes=40, edges=90, repeats=1))
    assert [speed.title for speed in found] == [case.title for case in CASES]
    for case, speed in zip(CASES, found, strict=True):
        assert case.format in FORMATS
        assert set(speed.rates) == {"listed", "graph", *case.peers}
        assert min(speed.megabytes, *speed.rates.values()) > 0
    assert list(tmp_path.iterdir()) == []
    assert table(found).count("\n") == len(CASES) + 2


def test_another_graph_is_nothing_to_compare_with(tmp_path: Path) -> None:
    case = replace(CASES[1], peers={"networkx": lambda _: nx.path_graph(3)})
    with pytest.raises(InputError, match=r"networkx in conflicts.edges: \(3, 2\) nodes and edges"):
        list(measure([case], tmp_path, nodes=40, edges=90, repeats=1))


def test_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    size = ["--nodes", "30", "--edges", "60", "--repeats", "1"]
    assert main(["bench", "reading", "csv", "pace", *size, "--json"]) == 0
    speeds = json.loads(capsys.readouterr().out)["speeds"]
    assert [speed["title"] for speed in speeds] == ["CSV, conflicts", "CSV, weights", "PACE"]
    assert main(["bench", "reading", "metis", *size]) == 0
    assert capsys.readouterr().out.startswith("| file | listed | graph | networkx | igraph |\n|---")
    assert main(["bench", "reading", "npz", *size]) == 2
    assert "'npz' is not measured; choose one of dimacs, " in capsys.readouterr().err
