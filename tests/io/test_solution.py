"""Solution files, both forms."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geocolor.errors import FormatError, InputError
from geocolor.graph import ConflictGraph
from geocolor.io import read_solution, write_solution
from geocolor.wording import counted


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


@given(colors=st.lists(st.integers(0, 5), min_size=1, max_size=30))
def test_a_table_goes_by_names_in_any_order(
    colors: list[int], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("solution") / "a.csv"
    names = [f'node, "{at}"' for at in range(len(colors))]
    write_solution(path, record(colors) | {"nodes": names})
    back = read_solution(path)
    assert (back.names, back.claims) == (tuple(names), {})
    turned = ConflictGraph.from_edges(len(colors), labels=names[::-1])
    np.testing.assert_array_equal(back.colors_of(turned), colors[::-1])
    with pytest.raises(
        InputError, match=f"solution has {counted(len(colors), 'node')}, the graph 31"
    ):
        back.colors_of(ConflictGraph.from_edges(31))
    other = ConflictGraph.from_edges(len(colors), labels=[f"x{name}" for name in names])
    with pytest.raises(InputError, match="node"):
        back.colors_of(other)


@given(order=st.permutations(range(6)))
def test_json_goes_by_the_names_of_its_nodes(
    order: list[int], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("solution") / "a.json"
    graph = ConflictGraph.from_edges(6, labels="abcdef")
    write_solution(path, record(order) | {"nodes": ["abcdef"[node] for node in order]})
    np.testing.assert_array_equal(read_solution(path).colors_of(graph), range(6))
    write_solution(path, record(order) | {"nodes": order})
    bare = ConflictGraph.from_edges(6)
    np.testing.assert_array_equal(read_solution(path).colors_of(bare), range(6))
    with pytest.raises(InputError, match="no node is called"):
        read_solution(path).colors_of(graph)


@given(names=st.lists(st.text(max_size=4), min_size=1, max_size=5, unique=True))
def test_any_name_comes_back_from_a_table(
    names: list[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("solution") / "a.csv"
    names = list(dict.fromkeys([*names, "a\rb", "\r", "a\r\n,b"]))
    write_solution(path, record(list(range(len(names)))) | {"nodes": names})
    assert read_solution(path).names == tuple(names)


def test_colors_without_names_are_in_the_order_of_the_graph(tmp_path: Path) -> None:
    path = tmp_path / "a.sol"
    write_solution(path, record([2, 0, 1]))
    graph = ConflictGraph.from_edges(3, labels="zyx")
    np.testing.assert_array_equal(read_solution(path).colors_of(graph), [2, 0, 1])


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        (b"node,color\na,0\na,1\n", 3, "node 'a' has two colors"),
        (b"a,0\n\nb\n", 3, "expected NODE,COLOR with colors from 0"),
        (b"a,0\nb,-1\n", 2, "expected NODE,COLOR"),
        (b"a,0\nb,1,2\n", 2, "expected NODE,COLOR"),
        (b"a,0\nnode,color\n", 2, "expected NODE,COLOR"),
        (b"a,99999999999999999999\n", 1, "expected NODE,COLOR"),
        (b"caf\xe9,0\n", None, "not UTF-8 text"),
        (b'a,0\n"b,1\n', 2, "not CSV: unexpected end of data"),
    ],
)
def test_malformed_table(text: bytes, line: int | None, message: str, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(text)
    with pytest.raises(FormatError, match=message) as caught:
        read_solution(path)
    assert caught.value.line == line


def test_colors_in_a_table_may_have_blanks_of_any_kind_around(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"a, 0\x1c\nb,\xc2\xa01\n")
    assert read_solution(path).colors.tolist() == [0, 1]


@pytest.mark.parametrize(
    "options",
    [
        {"problem": "partition", "k": 3},
        {"problem": "correlation", "k": None},
        {"problem": "capacitated-partition", "k": 2, "capacity": 9, "sizes": list(range(1, 4000))},
        {"problem": "capacitated-partition", "k": 2, "capacity": 9},
    ],
)
def test_the_question_comes_back_from_text(options: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "a.sol"
    write_solution(path, record([0, 1]) | {"options": options})
    claims = read_solution(path).claims
    assert claims == {"instance_hash": "0" * 64, "num_colors": 2, "options": options}
    assert max(map(len, path.read_text().splitlines())) < 10_000


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ("c problem partition 0", None),
        ("c problem partition 1 2", None),
        ("c problem something 2", None),
        ("c problem partition 2\nc capacity 5", {"problem": "partition", "k": 2}),
        ("c graph 12", None),
    ],
)
def test_other_comments_claim_nothing(
    text: str, options: dict[str, Any] | None, tmp_path: Path
) -> None:
    path = tmp_path / "a.sol"
    path.write_text(f"{text}\ns col 1\nl 1 1\n\n")
    claimed = {} if options is None else {"options": options}
    assert read_solution(path).claims == {**claimed, "num_colors": 1}


@pytest.mark.parametrize(
    "wrong", ["c capacity 5\nc capacity 5", "c capacity 5 6", "c capacity many", "c sizes 1 0"]
)
def test_a_capacity_that_is_none(wrong: str, tmp_path: Path) -> None:
    path = tmp_path / "a.sol"
    path.write_text(f"c problem capacitated-partition 2\n{wrong}\ns col 1\nl 1 1\n")
    with pytest.raises(FormatError, match="expected one 'c capacity C', and 'c sizes SIZE"):
        read_solution(path)


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
        ({"objective": 10**400}, "objective is '1000.*', not a finite number"),
        ({"lower_bound": float("nan")}, "lower_bound is 'nan', not a finite number"),
        ({"gap": "0"}, "gap is '0', not a finite number"),
        ({"num_colors": True}, "num_colors is 'True', not a whole number"),
        ({"num_colors": 2**62}, "num_colors is '4611.*', not a whole number"),
        ({"instance_hash": 3}, "instance_hash is '3', not a string"),
        ({"status": ["OPTIMAL"]}, "status is .*, not a string"),
        ({"options": []}, r"options is '\[\]', not an object"),
        ({"trace": {}}, "trace is '{}', not a list"),
        ({"nodes": ["a", "b"]}, "2 nodes, but 1 color$"),
        ({"nodes": [True]}, r"nodes\[0\] is 'True', no name of a node"),
        ({"nodes": ["1", 1], "colors": [0, 1]}, "node '1' has two colors"),
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


def test_null_claims_nothing_and_what_is_unknown_stays(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text(json.dumps({**record([0]), "objective": None, "options": None, "by": [1]}))
    claims = read_solution(path).claims
    assert "objective" not in claims
    assert "options" not in claims
    assert claims["by"] == [1]


def test_unknown_suffix(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"use \.json, \.csv, \.sol, \.txt"):
        read_solution(tmp_path / "a.col")
