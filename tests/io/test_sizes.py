"""Files of node sizes; malformed ones are refused with their line."""

from pathlib import Path

import pytest

from geocolor.errors import FormatError, InputError
from geocolor.graph import ConflictGraph
from geocolor.io import read_sizes

GRAPH = ConflictGraph.from_edges(3, [(0, 1)], labels=["a", "b", "ü"])


def written(tmp_path: Path, text: str | bytes) -> Path:
    path = tmp_path / "sizes.txt"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def test_names_in_any_order_comments_and_blanks(tmp_path: Path) -> None:
    sizes = read_sizes(written(tmp_path, "# MiB\n\nü 7 # the head\r\n\ta\t30\nb 1"), GRAPH)
    assert sizes.tolist() == [30, 1, 7]


def test_nodes_without_names_go_by_number(tmp_path: Path) -> None:
    assert read_sizes(written(tmp_path, "1 5\n0 4"), ConflictGraph.from_edges(2)).tolist() == [4, 5]
    assert read_sizes(written(tmp_path, ""), ConflictGraph.from_edges(0)).tolist() == []


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("a 1\nx 2\n", 2, "no node is called 'x'"),
        ("a 1\n#\na 2\n", 3, "node a is in line 1 already"),
        ("a\n", 1, "expected 'NODE SIZE'"),
        ("a 1 2\n", 1, "expected 'NODE SIZE'"),
        ("a 0\n", 1, "'0' is no size; sizes are whole numbers from 1"),
        ("a -1\n", 1, "'-1' is no size"),
        ("a 1.5\n", 1, "'1.5' is no size"),
        ("a 1e3\n", 1, "'1e3' is no size"),
        ("a " + "9" * 5000, 1, "is no size"),
        ("a \u0661\n", 1, "is no size"),
        (b"a 1\n\xff 2\n", 2, "is not UTF-8"),
        (b"a \xff\n", 1, "is no size"),
        ("a 1\nb 2\n", None, "no size for node ü; every node needs a line 'NODE SIZE'"),
    ],
)
def test_malformed(tmp_path: Path, text: str | bytes, line: int | None, message: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(FormatError) as caught:
        read_sizes(path, GRAPH)
    assert caught.value.line == line
    assert str(caught.value).startswith(f"{path}:")
    assert message in str(caught.value)


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot read"):
        read_sizes(tmp_path / "none.txt", GRAPH)
