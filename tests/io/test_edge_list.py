"""Edge lists: what their first lines and dictionaries mean, and what is written comes back."""

from pathlib import Path

import pytest

from geocolor.errors import FormatError
from geocolor.graph import ConflictGraph
from geocolor.io import read, read_closely, write
from geocolor.io.formats import FORMATS


@pytest.mark.parametrize(
    ("names", "edges"),
    [
        (["source", "target"], [(0, 1)]),
        (["source", "target", "x"], [(0, 1), (1, 2)]),
        (["a", "b", "1", "2"], [(0, 1), (2, 3)]),
        (["4", "3", "1", "2"], [(0, 1), (2, 3), (0, 2), (1, 3)]),
        (["1", "2", "3"], [(0, 1), (0, 2)]),
    ],
)
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("suffix", [".edges", ".csv"])
def test_nodes_that_read_as_a_header_come_back(
    names: list[str], edges: list[tuple[int, int]], weighted: bool, suffix: str, tmp_path: Path
) -> None:
    values = [2.0] * len(edges) if weighted else None
    graph = ConflictGraph.from_edges(len(names), edges, values, labels=names)
    path = tmp_path / f"a{suffix}"
    write(graph, path)
    found = read(path)
    assert (found.fingerprint, found.labels) == (graph.fingerprint, graph.labels)


@pytest.mark.parametrize(
    ("text", "kind", "told"),
    [
        ("source target\n1 2\n", "header", "the first line, 'source target', is read as a header"),
        (
            "4 2\n1 2\n2 3\n",
            "counts",
            "the first line, '4 2', is read as the numbers of nodes and edges: nodes are the "
            "numbers 1 to 4",
        ),
        (
            "NodeX NodeY\nann bob\nbob cat\n",
            "header",
            "the first row has two nodes, 'NodeX' and 'NodeY', that occur nowhere else; if it is a "
            "header, call its columns source and target",
        ),
    ],
)
def test_what_a_first_line_leaves_open_is_told(
    text: str, kind: str, told: str, tmp_path: Path
) -> None:
    path = tmp_path / "a.edges"
    path.write_text(text)
    assert [note.text for note in read_closely(path).notes if note.kind == kind] == [told]


@pytest.mark.parametrize(("suffix", "text"), [(".edges", "a,b\nb,c\n"), (".csv", "a|b\nb|c\n")])
def test_rows_that_another_sign_separates_are_told(suffix: str, text: str, tmp_path: Path) -> None:
    path = tmp_path / f"a{suffix}"
    path.write_text(text)
    (note,) = [note.text for note in read_closely(path).notes if note.kind == "delimiter"]
    assert note.startswith("no row has two nodes; ")


@pytest.mark.parametrize("text", ["a b 1\nc d 2\n", "a b\nb c\n", "a b\n"])
def test_an_ordinary_first_line_is_no_matter(text: str, tmp_path: Path) -> None:
    path = tmp_path / "a.edges"
    path.write_text(text)
    assert {note.kind for note in read_closely(path).notes} <= {"names", "unweighted"}


@pytest.mark.parametrize(
    "text", ["{" * 60_000, "{'weight': " * 6_000, "{'weight':" + " " * 60_000, "{" + "'\\" * 30_000]
)
def test_dictionaries_are_read_in_one_pass(text: str) -> None:
    # Where a line can be parted in many ways, this would take longer than anybody has.
    assert not FORMATS["edges"].tells(f"a b {text}\n".encode())


@pytest.mark.parametrize(
    ("text", "weight"),
    [
        ("{}", ""),
        ("{'color': 'red'}", ""),
        ("{'weight': 3}", "3"),
        ('{ "weight" : 3 , "x": [1, {"weight": 2}], }', "3"),
        ("{weight: 3}", "3"),
        ("{'weight': 1, 'weight': 3}", "3"),
        ("{'t': '}', 'weight': numpy.float32(3)}", "3"),
        ("{'weight': 3]", None),
        ("{'weight': }", None),
        ("{'weight' 3}", None),
        ("{'weight': 3", None),
        ("{'weight': 3} 4", None),
        ("{'weight': '3}", None),
    ],
)
def test_the_weight_of_a_dictionary(text: str, weight: str | None, tmp_path: Path) -> None:
    path = tmp_path / "a.edges"
    path.write_text(f"x y\na b {text}\n")
    if weight is None:
        with pytest.raises(FormatError, match=r":2: what begins with \{ is no dictionary"):
            read(path)
        return
    assert read(path).weights.edge_values().tolist() == ([3.0] if weight else [])
