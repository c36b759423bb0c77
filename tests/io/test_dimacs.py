"""DIMACS files as they are found."""

import gzip
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geocolor.errors import FormatError, InputError, LimitError
from geocolor.graph import ConflictGraph
from geocolor.io import Limits, read, read_closely, source, write

TRIANGLE = "p edge 4 3\ne 1 2\ne 2 3\ne 1 3\n"
VARIANTS = {
    "plain": TRIANGLE,
    "edges": "p edges 4 3\ne 1 2\ne 2 3\ne 1 3\n",
    "col": "p col 4 3\ne 1 2\ne 2 3\ne 1 3\n",
    "both directions, doubled header": "p edge 4 6\ne 1 2\ne 2 1\ne 2 3\ne 3 2\ne 1 3\ne 3 1\n",
    "both directions, plain header": "p edge 4 3\ne 1 2\ne 2 1\ne 2 3\ne 3 2\ne 1 3\ne 3 1\n",
    "once, doubled header": "p edge 4 6\ne 1 2\ne 2 3\ne 1 3\n",
    "repeated edge, lines counted": "p edge 4 4\ne 1 2\ne 2 3\ne 1 3\ne 1 2\n",
    "repeated edge, edges counted": "p edge 4 3\ne 1 2\ne 2 3\ne 1 3\ne 1 2\n",
    "comments anywhere": "c a\np edge 4 3\nc\ne 1 2\nc e 1 4\ne 2 3\ncomment\ne 1 3\nc z".replace(
        "comment\n", "c omment\n"
    ),
    "node lines": "p edge 4 3\nn 1 7\ne 1 2\ne 2 3\ne 1 3\nn 4 2\n",
    "geometry": "p edge 4 3\nd 2 1\nv 0.5 0.5\nx x 1\ne 1 2\ne 2 3\ne 1 3\n",
    "crlf": TRIANGLE.replace("\n", "\r\n"),
    "byte order mark": "\ufeff" + TRIANGLE,
    "blank lines": "\n\n" + TRIANGLE.replace("\n", "\n  \n\t\n"),
    "spaces": "  p   edge\t4  3 \n e 1\t2 \n  e  2   3\ne 1 3    \n",
    "leading zeros": "p edge 04 3\ne 001 02\ne 2 3\ne 1 000000000003\n",
    "no last newline": TRIANGLE.rstrip(),
}


def expected() -> ConflictGraph:
    return ConflictGraph.from_edges(4, [(0, 1), (1, 2), (0, 2)])


@pytest.mark.parametrize("name", VARIANTS)
@pytest.mark.parametrize("block", [3, 1 << 20])
def test_variant(name: str, block: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "_BLOCK", block)
    path = tmp_path / "a.col"
    path.write_bytes(VARIANTS[name].encode())
    assert read(path).fingerprint == expected().fingerprint


def test_labels_are_the_numbers_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "a.col"
    path.write_text(TRIANGLE)
    assert read(path).labels == ("1", "2", "3", "4")


@pytest.mark.parametrize("text", ["p edge 0 0\n", "p edge 5 0\n"])
def test_no_edges(text: str, tmp_path: Path) -> None:
    path = tmp_path / "a.col"
    path.write_text(text)
    assert read(path).num_nodes == int(text.split()[2])
    assert read(path).conflicts.num_edges == 0


def test_diagonal_of_a_file_in_both_directions_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "a.col"
    path.write_text("p edge 4 8\ne 1 2\ne 2 1\ne 2 3\ne 3 2\ne 1 3\ne 3 1\ne 4 4\ne 4 4\n")
    reading = read_closely(path)
    assert reading.graph.fingerprint == expected().fingerprint
    (loops,) = [note.text for note in reading.notes if note.kind == "loops"]
    assert loops == "2 edges from a node to itself are left out, first in line 8"


def test_line_numbers_count_over_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "_BLOCK", 5)
    path = tmp_path / "a.col"
    path.write_text("c\n\nc\np edge 4 3\ne 1 2\n\ne 2 3\ne 1 5\n")
    with pytest.raises(FormatError, match="node 5") as caught:
        read(path)
    assert (caught.value.path, caught.value.line) == (str(path), 8)


@pytest.mark.parametrize("suffix", [".col", ".col.gz", ".COL.GZ"])
@given(data=st.data())
def test_round_trip(
    suffix: str, data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    n = data.draw(st.integers(1, 30))
    node = st.integers(0, n - 1)
    pairs = data.draw(st.lists(st.tuples(node, node).filter(lambda e: e[0] != e[1]), max_size=80))
    graph = ConflictGraph.from_edges(n, pairs)
    path = tmp_path_factory.mktemp("dimacs") / f"a{suffix}"
    write(graph, path)
    assert read(path).fingerprint == graph.fingerprint


@given(seed=st.integers(0, 2**32), both=st.booleans(), doubled=st.booleans(), crlf=st.booleans())
def test_noisy_files_read_like_clean_ones(
    seed: int, both: bool, doubled: bool, crlf: bool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 20))
    graph = ConflictGraph.from_edges(n, np.argwhere(np.triu(rng.random((n, n)) < 0.4, 1)))
    edges = (graph.conflicts.edges() + 1).tolist()
    rows = [f"e {u} {v}" for u, v in edges]
    if both:
        rows += [f"e  {v}\t{u} " for u, v in edges]
    rng.shuffle(rows)
    noise = ["c e 1 1", "", "   ", "n 1 3", "c", "c p edge 1 1"]
    for _ in range(int(rng.integers(0, 8))):
        rows.insert(int(rng.integers(0, len(rows) + 1)), noise[rng.integers(len(noise))])
    text = "\n".join([f"p edge {n} {len(edges) * (1 + doubled)}", *rows])
    path = tmp_path_factory.mktemp("noisy") / "a.col"
    path.write_bytes(text.replace("\n", "\r\n" if crlf else "\n").encode())
    assert read(path).fingerprint == graph.fingerprint


@pytest.mark.parametrize(
    "limits",
    [
        Limits(file_bytes=20),
        Limits(text_bytes=20),
        Limits(nodes=3),
        Limits(edges=2),
    ],
)
def test_limits(limits: Limits, tmp_path: Path) -> None:
    path = tmp_path / "a.col"
    path.write_text(TRIANGLE)
    read(path)
    with pytest.raises(LimitError, match="limit"):
        read(path, limits=limits)


def test_more_edges_than_the_header_says_meet_the_limit(tmp_path: Path) -> None:
    path = tmp_path / "a.col"
    path.write_text("p edge 10 1\n" + "e 1 2\n" * 50)
    with pytest.raises(LimitError, match="25 edges"):
        read(path, limits=Limits(edges=10))


def test_decompressed_size_is_counted_while_it_streams(tmp_path: Path) -> None:
    path = tmp_path / "bomb.col.gz"
    path.write_bytes(gzip.compress(b"p edge 3 0\n" + b"\n" * 50_000_000))
    assert path.stat().st_size < 100_000
    with pytest.raises(LimitError, match="bytes of text, the limit is 2000000"):
        read(path, limits=Limits(text_bytes=2_000_000))


def test_endless_line(tmp_path: Path) -> None:
    path = tmp_path / "a.col"
    path.write_bytes(b"c" * 20_000_000)
    with pytest.raises(FormatError, match="a line of over"):
        read(path)


@pytest.mark.parametrize(
    "graph",
    [
        ConflictGraph.from_edges(2, [(0, 1)], [1.5]),
        ConflictGraph.from_edges(2, [(0, 1)], sizes=[1.0, 2.0]),
    ],
)
def test_weights_and_sizes_are_not_dropped_silently(graph: ConflictGraph, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="neither weights nor sizes"):
        write(graph, tmp_path / "a.col")
    assert not list(tmp_path.iterdir())


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "a.col").mkdir()
    with pytest.raises(InputError, match="cannot read"):
        read(tmp_path / "a.col")
