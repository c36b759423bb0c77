from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from geocolor.errors import InputError
from geocolor.graph import SharingOptions
from geocolor.io import write
from geocolor.io.sharing_options import read_options, write_options


def some() -> dict[str, Any]:
    return {
        "format": "geocolor.options",
        "version": 1,
        "units": ["q", "k"],
        "options": [[[0], "dense", 0, 16], [["k"], "rank 2", 0.25, 8], [[0, 1], "tied", 0.5, 16]],
    }


def test_what_is_written_comes_back(tmp_path: Path) -> None:
    options = SharingOptions("ab", [[0], [1], [0, 1]], [0.1, 1 / 3, -2.0], [1, 2, 3], "xyz")
    write_options(options, tmp_path / "options.json")
    assert read_options(tmp_path / "options.json").fingerprint == options.fingerprint


def test_units_by_number_and_name(tmp_path: Path) -> None:
    path = tmp_path / "options.json"
    path.write_text(json.dumps(some()))
    options = read_options(path)
    assert options.groups == ((0,), (1,), (0, 1))
    assert options.forms == ("dense", "rank 2", "tied")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": "geocolor.graph"}, "another kind of file"),
        ({"version": 2}, "version 2 of geocolor.options"),
        ({"more": 1}, "unknown key 'more'"),
        ({"units": "qk"}, "units must be a list of strings"),
        ({"options": {}}, "options must be a list"),
        ({"options": [[[0], "dense", 0]]}, r"options\[0\] must be \[units, form"),
        ({"options": [[0, "dense", 0, 1]]}, "must name its units in a list"),
        ({"options": [[[True], "dense", 0, 1]]}, "must name its units in a list"),
        ({"options": [[[0], 3, 0, 1]]}, "call its form by a string"),
        ({"options": [[[0], "dense", "a lot", 1]]}, "costs a lot, not a finite number"),
        ({"options": [[[0], "dense", float("inf"), 1]]}, "costs inf"),
        ({"options": [[[0], "dense", 0, 1.5]]}, "1.5 parameters, not a whole number"),
        ({"options": [[[0], "dense", 0, 1]]}, "the unit k is in no option"),
    ],
)
def test_broken_files_are_refused(tmp_path: Path, change: dict[str, Any], message: str) -> None:
    path = tmp_path / "options.json"
    path.write_text(json.dumps({**some(), **change}))
    with pytest.raises(InputError, match=message):
        read_options(path)


def test_options_are_no_graph(tmp_path: Path) -> None:
    options = SharingOptions(["a"], [(0,)], [1.0], [1], ["dense"])
    with pytest.raises(InputError, match="write_options writes those"):
        write(options, tmp_path / "options.json")
    with pytest.raises(InputError, match="not a str"):
        write("graph", tmp_path / "graph.json")
    assert not list(tmp_path.iterdir())


def test_options_go_into_json_alone(tmp_path: Path) -> None:
    options = SharingOptions(["a"], [(0,)], [1.0], [1], ["dense"])
    with pytest.raises(InputError, match=r"options go into \.json or \.json\.gz"):
        write_options(options, tmp_path / "options.csv")
    assert not list(tmp_path.iterdir())
