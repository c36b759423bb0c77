"""Files of fixed and allowed colors; malformed ones are refused with their line."""

from pathlib import Path

import pytest

from geocolor.errors import FormatError, InputError
from geocolor.graph import ConflictGraph
from geocolor.io import read_fixed, read_lists, read_order

GRAPH = ConflictGraph.from_edges(3, [(0, 1)], labels=["a", "b", "ü"])


def written(tmp_path: Path, text: str | bytes) -> Path:
    path = tmp_path / "colors.txt"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def test_names_comments_and_blanks(tmp_path: Path) -> None:
    fixed = "# rooms\n\n a 3 # the large one\r\n\tü\t0"
    assert read_fixed(written(tmp_path, fixed), GRAPH) == {0: 3, 2: 0}
    assert read_lists(written(tmp_path, "b 1 2 2\na 0\n"), GRAPH) == {1: [1, 2, 2], 0: [0]}
    assert read_fixed(written(tmp_path, ""), GRAPH) == {}


def test_names_in_quotes(tmp_path: Path) -> None:
    labels = ["#1", "two words", '5" pipe', '"', "a#b", '6"', "O'Neill"]
    graph = ConflictGraph.from_edges(len(labels), labels=labels)
    lines = [
        '"#1" 0 # "two words" 9',
        '"two words" 1',
        '"5"" pipe"\t2',
        '"""" 3',
        '"a#b" 4#5',
        '6" 5',
        "O'Neill 6",
    ]
    text = "\n".join(lines)
    assert read_fixed(written(tmp_path, text), graph) == dict(enumerate(range(7)))
    assert read_fixed(written(tmp_path, "#2\n# 1 2\n ##\n#1b 3\n"), graph) == {}


def test_a_comment_that_is_a_name_is_refused(tmp_path: Path) -> None:
    graph = ConflictGraph.from_edges(2, labels=["#1", "b"])
    for text in ("b 0\n#1 0\n", "b 0\n #1\n"):
        with pytest.raises(
            FormatError, match=r':2: is it the node #1, or a comment\? write .* "#1"'
        ):
            read_lists(written(tmp_path, text), graph)


def test_nodes_without_names_go_by_number(tmp_path: Path) -> None:
    assert read_fixed(written(tmp_path, "1 5"), ConflictGraph.from_edges(2)) == {1: 5}


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("a 1\nx 2\n", 2, "no node is called 'x'"),
        ("a 1\n#\na 2\n", 3, "node a is in line 1 already"),
        ("a\n", 1, "expected 'NODE COLOR"),
        ("a -1\n", 1, "'-1' is no color; colors are whole numbers from 0"),
        ("a 1.5\n", 1, "'1.5' is no color"),
        ("a 2147483648\n", 1, "is no color"),
        ("a " + "9" * 5000, 1, "is no color"),
        (b"a 1\n\xff 2\n", 2, "is not UTF-8"),
        (b"a \xff\n", 1, "is no color"),
        (b"\0\0 1\n", 1, "no node is called"),
    ],
)
def test_malformed(tmp_path: Path, text: str | bytes, line: int, message: str) -> None:
    path = written(tmp_path, text)
    for read in (read_fixed, read_lists):
        with pytest.raises(FormatError) as caught:
            read(path, GRAPH)
        assert str(caught.value).startswith(f"{path}:{line}: ")
        assert message in str(caught.value)


def test_an_order_names_nodes_once_and_the_others_follow(tmp_path: Path) -> None:
    assert read_order(written(tmp_path, "# last first\nü\nb"), GRAPH).tolist() == [2, 1, 0]
    assert read_order(written(tmp_path, "b\n"), GRAPH).tolist() == [1, 0, 2]
    assert read_order(written(tmp_path, ""), ConflictGraph.from_edges(0)).tolist() == []
    for text, message in (("a\nb 2\n", ":2: expected one node"), ("a\na", ":2: node a is")):
        with pytest.raises(FormatError, match=message):
            read_order(written(tmp_path, text), GRAPH)


def test_a_fixed_node_has_one_color(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match=":1: expected 'NODE COLOR'"):
        read_fixed(written(tmp_path, "a 1 2"), GRAPH)


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot read"):
        read_lists(tmp_path / "none.txt", GRAPH)
