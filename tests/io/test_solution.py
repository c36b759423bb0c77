"""Solution files, both forms."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geocolor.errors import FormatError, InputError
from geocolor.io import read_solution, write_solution


def record(colors: list[int] | None) -> dict[str, Any]:
    return {
        "format": "geocolor.solution",
        "version": 1,
        "status": "FEASIBLE",
        "num_colors": None if colors is None else len(set(colors)),
        "colors": colors,
        "instance_hash": "0" * 64,
        "objective": 0.1,
    }


@pytest.mark.parametrize("suffix", [".json", ".sol", ".txt"])
@given(colors=st.lists(st.integers(0, 5), max_size=30))
def test_round_trip(
    suffix: str, colors: list[int], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("solution") / f"a{suffix}"
    write_solution(path, record(colors))
    back = read_solution(path)
    assert back.colors is not None
    np.testing.assert_array_equal(back.colors, colors)
    assert back.claims["num_colors"] == len(set(colors))


def test_json_keeps_everything(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    write_solution(path, record([0, 1]))
    assert json.loads(path.read_text()) == record([0, 1])
    assert read_solution(path).claims["objective"] == 0.1


def test_text_form(tmp_path: Path) -> None:
    path = tmp_path / "a.sol"
    write_solution(path, record([0, 1, 0]))
    assert path.read_text() == (
        f"c graph {'0' * 64}\nc status FEASIBLE\ns col 2\nl 1 1\nl 2 2\nl 3 1\n"
    )


def test_no_coloring(tmp_path: Path) -> None:
    write_solution(tmp_path / "a.json", record(None))
    assert read_solution(tmp_path / "a.json").colors is None
    with pytest.raises(InputError, match="no coloring"):
        write_solution(tmp_path / "a.sol", record(None))
    assert not (tmp_path / "a.sol").exists()


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("l 1 1\nl 2 1\n", None, "no line 's col COLORS'"),
        ("s col 1\nl 1 1\nl 1 1\n", 3, "node 1 has two colors"),
        ("s col 1\nl 1 1\nl 3 1\n", None, "no color for node 2"),
        ("s col 1\nl 0 1\n", 2, "expected"),
        ("s col 1\nl 1 0\n", 2, "expected"),
        ("s col 1\nl 1 one\n", 2, "expected"),
        ("s col 1\ns col 1\n", 2, "expected"),
        ("s col many\n", 1, "expected"),
        ("s col 1\nl 1 99999999999999999999\n", 2, "expected"),
        (f"s col {'9' * 5000}\n", 1, "expected"),
        ("1 2 3\n", 1, "expected"),
    ],
)
def test_malformed_text(text: str, line: int | None, message: str, tmp_path: Path) -> None:
    path = tmp_path / "a.sol"
    path.write_text(text)
    with pytest.raises(FormatError, match=message) as caught:
        read_solution(path)
    assert caught.value.line == line


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"colors": "red"}, "must be a list"),
        ({"colors": [0, 1.5]}, r"colors\[1\] is '1.5'"),
        ({"colors": [0, True]}, r"colors\[1\] is 'True'"),
        ({"colors": [10**30]}, r"colors\[0\]"),
        ({"format": "geocolor.graph"}, "another kind of file"),
        ({"version": 2}, "version 2"),
    ],
)
def test_malformed_json(changes: dict[str, Any], message: str, tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text(json.dumps({**record([0]), **changes}))
    with pytest.raises(FormatError, match=message):
        read_solution(path)


def test_json_without_colors(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text('{"format": "geocolor.solution", "version": 1}')
    with pytest.raises(FormatError, match="no colors"):
        read_solution(path)


def test_unknown_suffix(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"use \.json, \.csv, \.sol, \.txt"):
        read_solution(tmp_path / "a.col")
