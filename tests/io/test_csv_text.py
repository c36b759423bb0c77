"""Tables of edges: one meaning, whatever is quoted and wherever a block of the file ends."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geocolor.errors import FormatError
from geocolor.io import read, read_closely

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
    with pytest.raises(FormatError, match=rf":{2 * rows + 2}: not CSV: unexpected end of data"):
        read(path)
