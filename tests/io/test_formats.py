"""What holds for every format: round trips, one fingerprint for one graph, told by content."""

import gzip
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from geocolor.errors import FormatError, InputError, LimitError
from geocolor.graph import ConflictGraph, queen
from geocolor.io import FORMATS, SUFFIXES, Limits, Meaning, read, read_closely, write

from .graphs import ROOM, graphs

EVERY = sorted(FORMATS)
SHARED = [HealthCheck.function_scoped_fixture]


def test_every_format_is_tested() -> None:
    assert set(ROOM) == set(FORMATS)


def require_same(name: str, path: Path, graph: ConflictGraph) -> None:
    found = read(path, format=name)
    assert found.fingerprint == graph.fingerprint
    if ROOM[name].get("names") and graph.labels is not None:
        assert found.labels == graph.labels


@pytest.mark.parametrize("name", EVERY)
@given(data=st.data())
@settings(max_examples=15, suppress_health_check=SHARED)
def test_round_trip(name: str, data: st.DataObject, tmp_path: Path) -> None:
    graph = data.draw(graphs(name))
    packed = data.draw(st.sampled_from(["", ".gz", ".xz", ".zst"]))
    path = tmp_path / f"graph{FORMATS[name].suffixes[0]}{packed}"
    write(graph, path, format=name)
    require_same(name, path, graph)


@pytest.mark.slow
@pytest.mark.parametrize("name", EVERY)
@given(data=st.data())
@settings(max_examples=500, suppress_health_check=SHARED)
def test_500_round_trips(name: str, data: st.DataObject, tmp_path: Path) -> None:
    graph = data.draw(graphs(name))
    path = tmp_path / "graph"
    # Not by write, which waits for the disk.
    path.write_bytes(b"".join(FORMATS[name].text(graph)))
    require_same(name, path, graph)


def example(kind: str) -> ConflictGraph:
    """Eight nodes, one of them alone, under names that have no order."""
    pairs = [(0, 3), (1, 2), (1, 5), (2, 3), (3, 4), (4, 7), (5, 7)]
    values = [3.0, 1.0, 4.0, 1.0, 5.0, 9.0, 2.0]
    every = np.argwhere(np.triu(np.ones((8, 8)), 1))
    signs = np.where(np.arange(28) % 3 == 0, -1.0, 1.0)
    return {
        "conflicts": ConflictGraph.from_edges(8, pairs),
        "weights": ConflictGraph.from_edges(8, pairs, values),
        "signs": ConflictGraph.from_edges(8, every, signs),
    }[kind]


@pytest.mark.parametrize("kind", ["conflicts", "weights", "signs"])
def test_one_graph_has_one_fingerprint_in_all_formats(kind: str, tmp_path: Path) -> None:
    graph, held = example(kind), set()
    previous = tmp_path / "first.json"
    write(graph, previous)
    for name in EVERY:  # from each format into the next
        path = tmp_path / f"{name}{FORMATS[name].suffixes[0]}"
        try:
            write(read(previous), path, format=name)
        except InputError:
            continue
        held.add(name)
        previous = path
        assert read(path).fingerprint == graph.fingerprint, name
    missing = {
        "conflicts": {"cplib"},
        "weights": {"dimacs", "dimacs-binary", "pace"},
        "signs": {"dimacs", "dimacs-binary", "metis"},
    }
    assert held == set(FORMATS) - missing[kind]


@pytest.mark.parametrize("name", EVERY)
@given(data=st.data())
@settings(max_examples=10, suppress_health_check=SHARED)
def test_content_tells_the_format(name: str, data: st.DataObject, tmp_path: Path) -> None:
    graph = data.draw(graphs(name))
    (tmp_path / "graph").write_bytes(b"".join(FORMATS[name].text(graph)))
    if name in ("metis", "edges", "csv", "cplib"):  # numbers and words are all that these have
        return
    assert read_closely(tmp_path / "graph").format.name == name


def test_content_tells_tables_and_lists_from_each_other(tmp_path: Path) -> None:
    path = tmp_path / "graph.txt"
    for text, name in {
        "1 2\n2 3\n": "edges",
        "a b 1.5\n": "edges",
        "# nodes\n1\n2\n# edges\n1 2\n": "edges",
        "3\n1 2\n3\n": "cplib",
        "4 1 2 3 4 5 6\n": "cplib",
        "1,2\n": "csv",
        "source\ttarget\n1\t2\n": "csv",
        "a;b;2\n": "csv",
    }.items():
        path.write_text(text)
        assert read_closely(path).format.name == name, text
        path.rename(tmp_path / "graph")
        assert read_closely(tmp_path / "graph").format.name == name, text


def test_a_node_named_as_the_package_is_no_format(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text(
        '{"nodes": [{"id": "geocolor.io"}, {"id": "b"}], '
        '"links": [{"source": "geocolor.io", "target": "b"}]}'
    )
    assert read_closely(path).format.name == "node-link"


@pytest.mark.parametrize("sign", ["%", "#", "creator ", "c\n", "<", "\n", "1,", "1 "])
def test_content_of_one_sign_is_told_at_once(sign: str) -> None:
    # Where a pattern can part it in many ways, 40 would take longer than anybody has.
    head = sign.encode() * 20_000 + b"x"
    for known in FORMATS.values():
        known.tells(head)


def test_a_format_that_is_named_is_taken(tmp_path: Path) -> None:
    path = tmp_path / "graph.data"
    write(queen(4, 4), path, format="metis")
    assert read(path, format="metis").fingerprint == queen(4, 4).fingerprint
    with pytest.raises(FormatError, match="cannot tell its graph format"):
        read(path)
    with pytest.raises(InputError, match="no graph format 'xls'; choose one of"):
        read(path, format="xls")
    with pytest.raises(InputError, match="cannot tell the graph format"):
        write(queen(4, 4), path)


@pytest.mark.parametrize("name", EVERY)
def test_the_same_graph_gives_the_same_file(name: str, tmp_path: Path) -> None:
    graph = example("weights" if name == "cplib" else "conflicts")
    for copy in ("a", "b"):
        write(graph, tmp_path / copy, format=name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


@pytest.mark.parametrize("name", EVERY)
@given(data=st.data())
@settings(max_examples=5, suppress_health_check=SHARED)
def test_a_cut_file_is_refused_or_read(name: str, data: st.DataObject, tmp_path: Path) -> None:
    path = tmp_path / "graph"
    whole = b"".join(FORMATS[name].text(data.draw(graphs(name))))
    for kept in range(0, len(whole), max(1, len(whole) // 20)):
        path.write_bytes(whole[:kept])
        try:
            read(path, Meaning(), format=name)
        except InputError as error:
            assert str(path) in str(error)  # noqa: PT017  most cuts are refused, not all


def test_suffixes_are_told_whatever_their_case(tmp_path: Path) -> None:
    for suffix in SUFFIXES:
        path = tmp_path / f"graph{suffix.upper()}"
        graph = example("weights" if suffix == ".txt" else "conflicts")
        write(graph, path)
        assert read(path).fingerprint == graph.fingerprint


TEXTS = [name for name in EVERY if name not in ("npz", "dimacs-binary")]


@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.parametrize("kind", ["conflicts", "weights", "signs"])
def test_line_ends_and_marks_of_other_systems(name: str, kind: str, tmp_path: Path) -> None:
    path = tmp_path / "graph"
    try:
        write(example(kind), path, format=name)
    except InputError:
        return
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    assert read(path, format=name).fingerprint == example(kind).fingerprint


def test_arrays_that_unpack_to_more_than_the_limit(tmp_path: Path) -> None:
    path = tmp_path / "bomb.npz"
    np.savez_compressed(path, weights=np.zeros((3000, 3000)))
    assert path.stat().st_size < 100_000
    with pytest.raises(LimitError, match="arrays of 72000128 bytes, the limit is 1000000"):
        read(path, limits=Limits(array_bytes=1_000_000))
    assert read(path).num_nodes == 3000


def sparse_arrays(**other: np.ndarray) -> dict[str, np.ndarray]:
    """Arrays of two nodes that an edge joins, some of them others."""
    arrays = {
        "indices": np.array([1, 0], dtype=np.int32),
        "indptr": np.array([0, 1, 2]),
        "format": np.array(b"csr"),
        "shape": np.array([2, 2]),
        "data": np.ones(2),
    }
    return arrays | other


def test_entries_of_a_byte_count_as_what_they_become(tmp_path: Path) -> None:
    path = tmp_path / "bomb.npz"
    np.savez_compressed(path, weights=np.zeros((3000, 3000), dtype=np.uint8))
    with pytest.raises(LimitError, match="arrays of 72000000 bytes, the limit is 70000000; raise"):
        read(path, limits=Limits(array_bytes=70_000_000))


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ("sizes", "2 nodes but sizes of shape (100000,)"),
        ("labels", "labels must be one text for each row"),
        ("indptr", "the array 'indptr' does not go with the others"),
        ("indices", "the arrays of rows, columns and data differ in length"),
        ("data", "the arrays of rows, columns and data differ in length"),
        ("shape", "the array 'shape' must be two whole numbers"),
        ("format", "the array 'format' is no name of a sparse format"),
    ],
)
def test_an_array_that_is_too_long_is_not_read(
    key: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "bomb.npz"
    np.savez_compressed(path, **sparse_arrays(**{key: np.zeros(100_000, dtype=np.uint8)}))
    entries = []

    def counting(*arguments: Any, **options: Any) -> Any:
        found = read_array(*arguments, **options)
        entries.append(found.size)
        return found

    read_array = np.lib.format.read_array
    monkeypatch.setattr(np.lib.format, "read_array", counting)
    with pytest.raises(FormatError, match=re.escape(message)):
        read(path)
    assert sum(entries) < 100


def test_names_are_as_wide_as_the_longest_in_arrays(tmp_path: Path) -> None:
    labels = ["a" * 100_000, *map(str, range(999))]
    graph = ConflictGraph.from_edges(1000, [(0, 1)], labels=labels)
    with pytest.raises(LimitError, match=r"take 400000000 bytes in .npz, the limit is 268435456;"):
        write(graph, tmp_path / "a.npz")
    assert not list(tmp_path.iterdir())
    write(graph, tmp_path / "a.json")


def test_a_pickle_in_an_archive_is_not_run(tmp_path: Path) -> None:
    path, ran = tmp_path / "trap.npz", tmp_path / "ran"

    class Trap:
        def __reduce__(self) -> tuple[object, tuple[object, ...]]:
            return (Path.touch, (ran,))

    np.savez(path, weights=np.array([[Trap()]], dtype=object))
    with pytest.raises(FormatError, match="holds pickled objects, which are never loaded"):
        read(path)
    assert not ran.exists()


def test_a_dense_matrix_is_read_with_its_conflicts(tmp_path: Path) -> None:
    path = tmp_path / "dense.npz"
    weights = np.array([[0, 1.5, 0], [1.5, 0, -2], [0, -2, 7]])
    conflicts = np.array([[0, 0, 1], [0, 0, 0], [1, 0, 0]], dtype=bool)
    np.savez(path, weights=weights, conflicts=conflicts, labels=np.array(["a", "b", "c"]))
    graph = read(path)
    expected = ConflictGraph.from_dense(weights, conflicts)
    assert (graph.fingerprint, graph.labels) == (expected.fingerprint, ("a", "b", "c"))
    np.savez(path, weights)
    assert read(path).fingerprint == ConflictGraph.from_dense(weights).fingerprint
    np.savez(path, weights != 0)
    pattern = ConflictGraph.from_edges(3, [(0, 1), (1, 2)])
    assert read(path).fingerprint == pattern.fingerprint


SIZED = ConflictGraph.from_edges(3, [(0, 1)], sizes=[1.0, 2.0, 3.0])
BOTH = ConflictGraph.from_edges(3, [(0, 1)], [2.0], conflicts=[(1, 2)])


@pytest.mark.parametrize(
    ("graph", "suffix", "message"),
    [
        (SIZED, ".edges", "an edge list holds no sizes of nodes"),
        (SIZED, ".col", "DIMACS .col holds neither weights nor sizes"),
        (example("weights"), ".col.b", "DIMACS .col.b holds neither weights nor sizes"),
        (SIZED, ".txt", "clique partitioning file (.txt) holds no sizes of nodes"),
        (BOTH, ".mtx", "a Matrix Market file holds weights or hard conflicts, and this graph has"),
        (BOTH, ".npz", "a sparse matrix (.npz) holds weights or hard conflicts, and this graph"),
        (BOTH, ".txt", "and this graph has 1 hard conflict; write .edges, .csv or .json"),
        (example("weights"), ".gr", "holds conflicts, or a weight of -1 or 1 for every pair"),
        (example("signs"), ".graph", "a METIS graph holds whole weights from 1 only"),
    ],
)
def test_what_a_format_has_no_room_for_is_refused(
    graph: ConflictGraph, suffix: str, message: str, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=re.escape(message)):
        write(graph, tmp_path / f"a{suffix}")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("graph", "name", "message"),
    [
        (
            ConflictGraph.from_edges(200_000, [(0, 1)]),
            "dimacs-binary",
            "take 2500100000 bytes in DIMACS",
        ),
        (
            ConflictGraph.from_edges(20_000, [(0, 1)], [1.0]),
            "cplib",
            "lists every pair, which are 199990000 of 20000 nodes, the limit is 50000000; write "
            ".edges, .csv or .json, or name the format edges (--to edges)",
        ),
    ],
)
def test_what_would_not_be_read_is_not_written(
    graph: ConflictGraph, name: str, message: str
) -> None:
    pieces = FORMATS[name].text(graph)
    with pytest.raises(LimitError, match=re.escape(message)):
        next(pieces)


@pytest.mark.parametrize(
    ("suffix", "name"),
    [
        (".edges", "a b"),
        (".edges", "#a"),
        (".csv", " a"),
        (".csv", "a\nb"),
        (".net", 'a"b'),
        (".graphml", "a\0b"),
        (".gexf", "a\x1bb"),
    ],
)
def test_a_name_that_would_not_come_back_is_refused(suffix: str, name: str, tmp_path: Path) -> None:
    graph = ConflictGraph.from_edges(2, [(0, 1)], labels=["fine", name])
    with pytest.raises(InputError, match=f"cannot hold the name {re.escape(repr(name))}"):
        write(graph, tmp_path / f"a{suffix}")


@pytest.mark.parametrize("name", EVERY)
def test_a_graph_without_edges_comes_back(name: str, tmp_path: Path) -> None:
    for count in (0, 1, 3):
        graph = ConflictGraph.from_edges(count)
        write(graph, tmp_path / "a", format=name)
        assert read(tmp_path / "a", format=name).fingerprint == graph.fingerprint


def test_a_text_in_xml_that_has_no_end(tmp_path: Path) -> None:
    path = tmp_path / "a.graphml"
    path.write_text("<graphml><graph><node id='a'><data>" + "x" * 2_000_000)
    with pytest.raises(LimitError, match=r":1: a text of over 1048576 characters"):
        read(path)


@pytest.mark.parametrize(
    ("begin", "end"), [('<node id="', '"/>'), ("<!--", "-->"), ("<data></data", ">")]
)
def test_a_tag_in_xml_that_has_no_end(begin: str, end: str, tmp_path: Path) -> None:
    path = tmp_path / "a.graphml.gz"
    inside = " " * 20_000_000 if end == ">" else "a" * 20_000_000
    with gzip.open(path, "wt", compresslevel=1) as file:
        file.write(f"<graphml>\n<graph>{begin}{inside}{end}</graph></graphml>")
    with pytest.raises(LimitError, match=r":2: over 16777216 bytes in which no element begins"):
        read(path)


def test_a_text_in_xml_that_comes_in_pieces(tmp_path: Path) -> None:
    path = tmp_path / "a.graphml"
    name = "<data key='name'>an<?x?>n&amp;<!-- -->\n<![CDATA[<b>]]></data>"
    path.write_text(f"<graphml><graph><node id='a'>{name}</node></graph></graphml>")
    assert read(path).labels == ("ann&\n<b>",)


def test_few_of_many_attributes_are_named(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    keys = ", ".join(f'"k{at:03}": 0' for at in range(300))
    path.write_text(
        f'{{"nodes": [{{"id": 1}}, {{"id": 2}}], "links": [{{"source": 1, "target": 2, {keys}}}]}}'
    )
    (note,) = [note for note in read_closely(path).notes if note.kind == "attributes"]
    assert note.text.count("k") == 8


def test_a_format_without_lines_has_no_line_of_a_pair(tmp_path: Path) -> None:
    write(queen(3, 3), tmp_path / "a.json")
    assert read_closely(tmp_path / "a.json").line_of(0, 1) is None


@pytest.mark.parametrize("unit", ["[[]]", "{}", '{"a":1}', '""', "0"])
def test_json_of_many_small_objects_is_refused_before_it_is_parsed(
    unit: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parsed = []
    monkeypatch.setattr("geocolor.io.json_text.json.loads", lambda *_, **__: parsed.append(1))
    path = tmp_path / "a.json"
    path.write_text('{"nodes": [' + ",".join([unit] * 10_000) + "]}")
    limits = Limits(json_bytes=path.stat().st_size)
    message = r"JSON that takes about \d+ bytes once it is parsed, the limit is \d+, 16 times"
    with pytest.raises(LimitError, match=message):
        read(path, format="node-link", limits=limits)
    assert not parsed


def test_json_that_is_written_compactly_is_within_its_limit(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    graph = queen(12, 12)
    write(graph, path)
    path.write_text(path.read_text().replace(" ", "").replace("\n", ""))
    assert read(path, limits=Limits(json_bytes=2 * path.stat().st_size)).fingerprint == (
        graph.fingerprint
    )


def test_what_the_package_has_not() -> None:
    import geocolor.io

    with pytest.raises(AttributeError, match="has no attribute 'no_such_thing'"):
        _ = geocolor.io.no_such_thing
