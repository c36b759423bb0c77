"""Files as other tools write them: names, sizes and notes."""

from pathlib import Path

import pytest

from geocolor.errors import FormatError, InputError
from geocolor.graph import ConflictGraph
from geocolor.io import Meaning, Reading, read_closely, write


def reading(folder: Path, name: str, text: str, **meant: str) -> Reading:
    path = folder / name
    path.write_bytes(text.encode())
    return read_closely(path, Meaning(**meant))


def notes(found: Reading) -> list[str]:
    about = [note.text for note in found.notes if note.kind not in ("isolated", "numbers")]
    return [text for text in about if not text.startswith("the graph is directed")]


def graphml(keys: str, nodes: str) -> str:
    return f'<graphml>{keys}<graph edgedefault="undirected">{nodes}</graph></graphml>'


def key(name: str, what: str = "node") -> str:
    return f'<key id="{name}" for="{what}" attr.name="{name}"/>'


def node(key: str, **data: str) -> str:
    inside = "".join(f'<data key="{name}">{value}</data>' for name, value in data.items())
    return f'<node id="{key}">{inside}</node>'


def test_what_yed_draws_at_nodes_are_their_names(tmp_path: Path) -> None:
    drawn = "<S><NodeLabel>\n {}<Model>no</Model>{}</NodeLabel><NodeLabel>2</NodeLabel></S>"
    nodes = node("n0", d6=drawn.format("Al", "ice")) + node("n1", d6=drawn.format("Bob", ""))
    edge = '<edge source="n0" target="n1"><data key="d"><EdgeLabel>5</EdgeLabel></data></edge>'
    found = reading(tmp_path, "a.graphml", graphml("", nodes + edge))
    assert found.graph.labels == ("Alice", "Bob")
    assert notes(found) == ["attributes that say nothing here: EdgeLabel, d"]


GML = "graph [ node [ id 0 {} ] node [ id 1 {} ] ]"


@pytest.mark.parametrize(
    ("first", "second", "labels", "said"),
    [
        ('label "a" name "c"', 'label "b" name "d"', ("a", "b"), []),
        (
            'label "x" name "c"',
            'label "x" name "d"',
            ("c", "d"),
            ["labels are not distinct; nodes go by their name"],
        ),
        (
            'label "x" name "y"',
            'label "x" name "y"',
            ("0", "1"),
            ["labels are not distinct; names are not distinct; nodes go by their id"],
        ),
        (
            'label "x"',
            'name "y"',
            ("x", "y"),
            [
                "not every node has a label; not every node has a name; "
                "nodes go by their label, else their name"
            ],
        ),
        ('label "x"', "", ("0", "1"), ["not every node has a label; nodes go by their id"]),
        ('name "x"', 'name "y"', ("x", "y"), []),
        ("", "", ("0", "1"), []),
    ],
)
def test_names_that_do_not_serve_are_noted(
    first: str, second: str, labels: tuple[str, ...], said: list[str], tmp_path: Path
) -> None:
    found = reading(tmp_path, "a.gml", GML.format(first, second))
    assert (found.graph.labels, notes(found)) == (labels, said)


def test_names_of_one_attribute_come_before_a_mixture(tmp_path: Path) -> None:
    text = '{"nodes": [{"id": 1, "name": "a", "label": "l"}, {"id": 2, "label": "m"}], "links": []}'
    found = reading(tmp_path, "a.json", text)
    assert found.graph.labels == ("l", "m")
    assert notes(found) == ["not every node has a name; nodes go by their label"]


@pytest.mark.parametrize("suffix", [".gml", ".net", ".json"])
def test_names_with_characters_of_old_code_pages_come_back(suffix: str, tmp_path: Path) -> None:
    names = ("\x92", "é\x80", "&#146;", "&amp;", "&#x41;", "&lt", "&#38;#38;")
    path = tmp_path / f"a{suffix}"
    write(ConflictGraph.from_edges(len(names), labels=names), path)
    assert read_closely(path).graph.labels == names


def test_a_nul_in_a_name_comes_back_or_is_refused(tmp_path: Path) -> None:
    graph = ConflictGraph.from_edges(2, [(0, 1)], labels=("nul\0", "a\0b"))
    write(graph, tmp_path / "a.gml")
    assert read_closely(tmp_path / "a.gml").graph.labels == graph.labels
    with pytest.raises(InputError, match=r"cannot hold the name 'nul\\x00', which ends in a NUL"):
        write(graph, tmp_path / "a.npz")


def test_characters_by_number_are_those_and_others_stay(tmp_path: Path) -> None:
    text = GML.format('label "&#34;&#x41;&quot;"', 'label "&#55296;&#9999999;&none;&copy"')
    assert reading(tmp_path, "a.gml", text).graph.labels == ('"A"', "&#55296;&#9999999;&none;&copy")


@pytest.mark.parametrize(
    ("vertex", "label", "said"),
    [
        ("0.1 0.2", "2", ["1 vertex has coordinates and no name; such go by their numbers"]),
        ("7 0.1 0.2", "7", []),
        ("-", "-", []),
        ("x 0.1 0.2 0.5 ellipse ic Red", "x", []),
        ("x diamond", "x", []),
        ("x [1-3]", "x", []),
        (
            "0.1 0.2 0.3",
            "0.1",
            ["1 name without quotes may be a coordinate: the first word is the name"],
        ),
        ('"C&#34;c"', 'C"c', []),
        ("", "2", []),
    ],
)
def test_vertices_of_pajek(vertex: str, label: str, said: list[str], tmp_path: Path) -> None:
    found = reading(tmp_path, "a.net", f'*Vertices 2\n1 "a"\n2 {vertex}\n*Edges\n1 2\n')
    assert (found.graph.labels, notes(found)) == (("a", label), said)


def test_a_name_with_blanks_needs_quotes_in_pajek(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match=r":2: 'York' after the name 'New': a name with blanks"):
        reading(tmp_path, "a.net", "*Vertices 1\n1 New York\n")


def test_of_networks_the_first_is_read_and_relations_are_one(tmp_path: Path) -> None:
    text = '*Vertices 2\n*Arcs :1 "x"\n1 2 strong\n*Edges :2 "y"\n1 2\n*Network b\n*Vertices 1\nz'
    found = reading(tmp_path, "a.net", text, weights="ignore")
    assert found.graph.conflicts.edges().tolist() == [[0, 1]]
    assert {note.text for note in found.notes} >= {
        "the first network is read, up to line 6",
        "2 relations are read as one graph",
    }


@pytest.mark.parametrize("beside", ["r", "xy", "rgbxy"])
def test_sizes_of_a_drawing_are_none_of_nodes(beside: str, tmp_path: Path) -> None:
    keys = "".join(map(key, [*beside, "size"]))
    found = reading(tmp_path, "a.graphml", graphml(keys, node("a", size="0")))
    assert found.graph.sizes.tolist() == [1.0]
    assert notes(found) == ["sizes beside colors or places are of a drawing, not read"]


def test_sizes_without_a_drawing_are_those_of_nodes(tmp_path: Path) -> None:
    keys = key("x") + key("size") + key("r", "edge")
    found = reading(tmp_path, "a.graphml", graphml(keys, node("a", size="2.5")))
    assert (found.graph.sizes.tolist(), notes(found)) == ([2.5], [])
    with pytest.raises(FormatError, match=r":2: the size of node 'a' is 0, not above 0"):
        reading(tmp_path, "a.graphml", "\n" + graphml(keys, node("a", size="0")))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (
            "a.graphml",
            graphml(
                key("weight", "edge"),
                node("a")
                + node("b")
                + '<edge source="a" target="b"><data key="weight">strong</data></edge>',
            ),
        ),
        ("a.net", "*Vertices 2\n*Edges\n1 2 strong\n"),
        (
            "a.json",
            '{"directed": null, "nodes": [{"id": 1}, {"id": 2}], '
            '"links": [{"source": 1.0, "target": 2, "weight": "strong"}]}',
        ),
    ],
)
def test_weights_that_are_ignored_are_not_read(name: str, text: str, tmp_path: Path) -> None:
    found = reading(tmp_path, name, text, weights="ignore")
    assert found.graph.conflicts.edges().tolist() == [[0, 1]]
    with pytest.raises(FormatError, match=r"'strong', not a finite number"):
        reading(tmp_path, name, text)


@pytest.mark.parametrize("ends", ["\n", "\r", "\r\n"])
def test_dimacs_in_capitals_with_values_and_any_line_ends(ends: str, tmp_path: Path) -> None:
    text = ends.join(["C x", "P EDGE 3 2", "N 1 5", "n 2 5", "E 1 2", "e 2 3", ""])
    found = reading(tmp_path, "a.col", text)
    assert found.graph.conflicts.edges().tolist() == [[0, 1], [1, 2]]
    assert found.line_of(1, 2) == 6
    assert notes(found) == ["values of nodes ('n NODE VALUE', 2 lines) are not read"]


def test_whole_numbers_without_sign_are_weights(tmp_path: Path) -> None:
    text = "%%MatrixMarket matrix coordinate unsigned-integer symmetric\n2 2 1\n2 1 5\n"
    assert reading(tmp_path, "a.mtx", text).graph.weights.edge_values().tolist() == [5.0]
