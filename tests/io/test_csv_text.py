"""Tables of edges: one meaning, whatever is quoted and wherever a block of the file ends."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geocolor.errors import FormatError
from geocolor.graph import ConflictGraph
from geocolor.io import Meaning, read, read_closely, write

HEADERS = [
    [],
    ["source", "target"],
    ["source", "target", "weight"],
    ["source", "target", "id"],
    ["one", "two", "three"],
    ["weight", "source", "target"],
]
FIELDS = st.sampled_from(["1", "2", "3", "a", "b"])


def meaning(text: str, path: Path) -> tuple[object, ...] | None:
    """Nodes, conflicts and weights of a table; None if it is refused."""
    path.write_text(text)
    try:
        graph = read(path)
    except FormatError:
        return None
    weights = graph.weights.edge_values().tolist()
    return graph.labels, graph.conflicts.edges().tolist(), graph.weights.edges().tolist(), weights


@given(
    header=st.sampled_from(HEADERS),
    rows=st.lists(st.lists(FIELDS, min_size=2, max_size=4), min_size=1, max_size=5),
    quoted=st.integers(0, 4),
)
def test_quotes_change_nothing(
    header: list[str], rows: list[list[str]], quoted: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("tables") / "a.csv"
    lines = [",".join(row) for row in [header, *rows] if row]
    plain = meaning("\n".join(lines) + "\n", path)
    # With a quote anywhere all is read the slow way.
    at = len(lines) - 1 - quoted % len(rows)
    lines[at] = ",".join(f'"{field}"' for field in lines[at].split(","))
    assert meaning("\n".join(lines) + "\n", path) == plain


def test_a_header_decides_what_a_third_column_is(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    notes = {}
    for name in ("id", "weight"):
        path.write_text(f"source,target,{name}\n1,2,7\n")
        reading = read_closely(path)
        assert reading.graph.is_weighted == (name == "weight")
        notes[name] = [note.text for note in reading.notes if note.kind == "columns"]
    assert notes == {"id": ["the column 'id' says nothing here"], "weight": []}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a,b,5,x\n", "the column number 4 says nothing here"),
        ("first,second,third\n1,2,3\n", "the column 'third' is read as the weight"),
    ],
)
def test_columns_without_a_known_name_are_told(text: str, told: str, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(text)
    reading = read_closely(path)
    assert reading.graph.is_weighted
    assert [note.text for note in reading.notes if note.kind == "columns"] == [told]


def test_a_quoted_line_break_may_be_where_a_block_ends(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    # Rows of 16 bytes; every line break but those behind rows is in quotes.
    rows = 70_000
    path.write_text("".join(f'"a\n{at:06d}",b,1\n' for at in range(rows)))
    assert path.stat().st_size > 1 << 20
    graph = read(path)
    assert (graph.num_nodes, graph.weights.num_edges) == (rows + 1, rows)
    assert graph.label(rows) == f"a\n{rows - 1:06d}"
    path.write_text(path.read_text() + '"a\nb,c\n')
    with pytest.raises(FormatError, match=rf":{2 * rows + 1}: not CSV: unexpected end of data"):
        read(path)


@pytest.mark.parametrize(
    ("text", "kind", "told"),
    [
        (
            "person1,person2\nalice,bob\n",
            "header",
            "the first row has two nodes, 'person1' and 'person2', that occur nowhere else; if it "
            "is a header, call its columns source and target",
        ),
        ("one,two,three\n1,2,3\n", "header", "the first row, 'one', 'two', is read as a header"),
        (
            "# by x\nsource,target\na,b\n",
            "comments",
            "lines before the table begin with # or % and say nothing",
        ),
        ("a;b;0,5\n", "decimal-comma", "weights have a decimal comma, first in line 1: 0,5 is 0.5"),
        (",a,b\na,0,1\nb,1,0\n", "matrix", "the table is a matrix: its entries are weights"),
        ("n,a,b,c\na,0,1,2\nb,1,0,0\nc,1,0,0\n", "asymmetric", "the matrix is not symmetric; "),
    ],
)
def test_what_a_table_leaves_open_is_told(text: str, kind: str, told: str, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(text)
    (note,) = [note.text for note in read_closely(path).notes if note.kind == kind]
    assert note.startswith(told)


def test_a_column_of_similarities_is_one_unless_the_caller_says_otherwise(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("source,target,similarity\na,b,2\n")
    assert read(path).weights.edge_values().tolist() == [-2.0]
    assert read(path, Meaning(weights="cost")).weights.edge_values().tolist() == [2.0]


def test_a_row_of_several_lines_is_known_by_its_first(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text('source,target\n"a\nx",b\nc,d\n"e\ny\nz",b\n')
    reading = read_closely(path)
    lines = [reading.line_of(u, v) for u, v in reading.graph.conflicts.edges().tolist()]
    assert sorted(line or 0 for line in lines) == [2, 4, 5]


@pytest.mark.parametrize("blank", ["\u00a0", "\u2003", "\x1f"])
def test_only_ascii_blanks_are_no_part_of_a_name(blank: str, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f'a{blank},b\n"c",a{blank}\n')
    assert read(path).labels == (f"a{blank}", "b", "c")
    graph = ConflictGraph.from_edges(2, [(0, 1)], labels=["a", f"{blank}a"])
    write(graph, path)
    assert read(path).labels == graph.labels


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (b"#love,#happy,3\n#cat,#dog,2\n", ("#love", "#happy", "#cat", "#dog")),
        (b"%a,%b\n%b,%c\n", ("%a", "%b", "%c")),
        (b"# made by x, yesterday\n%so\nsource,target\na,b\n", ("a", "b")),
        (b"i(1),j(1)\ni(2),j(2)\n", ("i(1)", "j(1)", "i(2)", "j(2)")),
    ],
)
def test_names_like_comments_and_properties_are_names(
    text: bytes, names: tuple[str, ...], tmp_path: Path
) -> None:
    path = tmp_path / "names.csv"
    path.write_bytes(text)
    assert read(path).labels == names
