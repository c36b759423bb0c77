"""Every file of the well-formed corpus, variants of each format, gives the graph it means."""

from pathlib import Path

import pytest

from geocolor.io import FORMATS, read_closely

CORPUS = Path(__file__).parent / "wellformed"

# File: its format, its nodes with sizes that are not 1, its hard conflicts and weighted pairs.
ANSWERS = {
    "array.mtx": ("mtx", "1 | 2", ["1 - 2 = 1.5"]),
    "bare.graphml": ("graphml", "a | b", ["a - b"]),
    "blank.csv": ("csv", "", []),
    "both_ways.col": ("dimacs", "1 | 2 | 3", ["1 - 2", "2 - 3"]),
    "both_ways.edges": ("edges", "a | b | c", ["a - b = 4.0", "b - c = 1.0"]),
    "commas_in_names.csv": ("csv", "a,b,c | d | e", ["a,b,c - d = 2.0", "d - e = -1.0"]),
    "comments.csv": ("csv", "a | b", ["a - b = 1.0"]),
    "comments.edges": ("edges", "a | b | c | d", ["c - d", "a - b = 2.5", "b - c = -0.001"]),
    "conflicts.csv": ("csv", "1 | 2 | 3", ["1 - 2", "1 - 3", "1 - 2 = 3.0", "2 - 3 = 4.0"]),
    "contest.txt": ("edges", "0 | 1 | 2 | 3", ["0 - 1", "1 - 2", "2 - 3"]),
    "coo.npz": ("npz", "0 | 1 | 2", ["0 - 1 = 1.5", "1 - 2 = -2.0"]),
    "csc.npz": ("npz", "0 | 1 | 2", ["0 - 1 = 1.5", "1 - 2 = -2.0"]),
    "csr.npz": ("npz", "0 | 1 | 2", ["0 - 1 = 1.5", "1 - 2 = -2.0"]),
    "decimal_commas.csv": ("csv", "a | b | c | d", ["a - b = 0.5", "c - d = 1.0"]),
    "dense.npz": ("npz", "a | b*2 | c*3", ["a - c", "a - b = 1.5", "b - c = -2.0"]),
    "dictionaries.edges": ("edges", "a | b | c", ["b - c", "a - b = 2.5", "a - c = -1.0"]),
    "drawn.gml": (
        "gml",
        'ann*2.5 | bob | c"d',
        ['ann - c"d', 'bob - c"d', "ann - bob = 1.5", 'bob - c"d = -0.5'],
    ),
    "edge_weights.graph": ("metis", "1 | 2 | 3", ["1 - 2 = 5.0", "2 - 3 = 2.5"]),
    "edges.json": ("node-link", "a | b", ["a - b"]),
    "editing.gr": (
        "pace",
        "1 | 2 | 3 | 4",
        [
            "1 - 2 = -1.0",
            "1 - 3 = 1.0",
            "1 - 4 = 1.0",
            "2 - 3 = -1.0",
            "2 - 4 = 1.0",
            "3 - 4 = 1.0",
        ],
    ),
    "empty_lines.graph": ("metis", "1 | 2 | 3", ["2 - 3"]),
    "ends_as_ids.csv": ("csv", "a1 | b1", ["a1 - b1"]),
    "excel.csv": ("csv", "a | b", ["a - b"]),
    "far_numbers.edges": ("edges", "7 | 8 | 900000000000000", ["7 - 8", "7 - 900000000000000"]),
    "general.mtx": ("mtx", "1 | 2 | 3", ["1 - 2 = 8.0", "1 - 3 = -25.0"]),
    "gephi.csv": ("csv", "ann | bob | cat", ["ann - bob = 1.5", "bob - cat = -2.0"]),
    "gephi.gexf": ("gexf", "ann*2.5 | bob | cat", ["bob - cat", "ann - bob = 3.0"]),
    "gephi_matrix.csv": ("csv", "2 | 1", ["2 - 1 = 3.0"]),
    "half_array.mtx": ("mtx", "1 | 2 | 3", ["1 - 2 = 1.0", "2 - 3 = -2.0"]),
    "header.edges": ("edges", "1 | 2 | 3", ["1 - 2 = 0.5", "2 - 3 = 1.0"]),
    "header_over_numbers.csv": ("csv", "1 | 2 | 3", ["1 - 2", "2 - 3"]),
    "header_twice.col": ("dimacs", "1 | 2 | 3", ["1 - 2", "2 - 3"]),
    "ids.csv": ("csv", "1 | 2 | 3", ["1 - 2", "1 - 3", "2 - 3"]),
    "keys.graphml": (
        "graphml",
        "A & B*2 | C*3 | <D>*2",
        ["A & B - C", "A & B - C = 1.5", "C - <D> = -4.0"],
    ),
    "kinds.col": ("dimacs", "1 | 2 | 3 | 4", ["1 - 2", "1 - 4", "2 - 3"]),
    "leading_zeros.edges": ("edges", "01 | 1 | x", ["01 - 1", "1 - x"]),
    "list.txt": ("edges", "1 | 2 | 3", ["1 - 2 = 0.5", "2 - 3 = 1.0"]),
    "lists.net": (
        "pajek",
        "ann bee | bob | 3 | 4 | eve",
        ["ann bee - eve", "bob - 3", "3 - 4", "3 - eve", "ann bee - bob = 2.5"],
    ),
    "lone_first.csv": ("csv", "lone | 1 | 2", ["1 - 2"]),
    "lone_nodes.edges": ("edges", "9 | 3 | 5", ["9 - 3", "9 - 5 = 0.5"]),
    "long_decimals.edges": (
        "edges",
        "a | b1 | b2 | b3 | b4 | b5 | b6 | b7 | b8 | b9",
        [f"a - b{i} = {float('0.' + 16 * str(i))}" for i in range(1, 10)],
    ),
    "long_numbers.edges": (
        "edges",
        "1 | 2 | 3",
        ["1 - 2 = 0.12345678901234566", "1 - 3 = 7.0", "2 - 3 = -100.0"],
    ),
    "matrix.csv": ("csv", "a | b | c", ["a - b = 1.0", "a - c = 0.5"]),
    "matrix_diagonal.col": ("dimacs", "1 | 2 | 3", ["1 - 2", "2 - 3"]),
    "native.json": ("native", "a | é*2.5 | c*1000", ["a - é", "a - é = 7.0", "é - c = -0.5"]),
    "neo4j.csv": ("csv", "ann | bob", ["ann - bob = 2.0"]),
    "networkx.json": (
        "node-link",
        "ann*2 | bob | cat",
        ["ann - cat", "bob - cat", "ann - bob = 2.5", "ann - cat = -1.0"],
    ),
    "no_break_space.csv": ("csv", "a\xa0 | b | c", ["a\xa0 - b", "a\xa0 - c"]),
    "no_counts.edges": ("edges", "1 | 2 | 3 | 4", ["1 - 2", "2 - 3", "3 - 4"]),
    "node_sizes.graph": ("metis", "1 | 2 | 3", ["1 - 2"]),
    "node_weights.graph": ("metis", "1*4 | 2 | 3*2", ["1 - 2 = 5.0", "2 - 3 = 2.0"]),
    "nodes_as_header.csv": ("csv", "source | target", ["source - target"]),
    "old_mac.csv": ("csv", "a | b | c", ["a - b", "b - c"]),
    "one_line.txt": ("cplib", "1 | 2 | 3", ["1 - 2 = -1.0", "1 - 3 = -2.0", "2 - 3 = -3.0"]),
    "one_sided.mtx": ("mtx", "1 | 2 | 3", ["1 - 2 = 4.0", "1 - 3 = 2.0"]),
    "packed.col.gz": ("dimacs", "1 | 2 | 3", ["1 - 2", "2 - 3"]),
    "packed.col.xz": ("dimacs", "1 | 2 | 3", ["1 - 2", "2 - 3"]),
    "packed.col.zst": ("dimacs", "1 | 2 | 3", ["1 - 2", "2 - 3"]),
    "pattern.mtx": ("mtx", "1 | 2 | 3", ["1 - 2", "2 - 3"]),
    "plain.csv": ("csv", "a | b | c | lone", ["a - b = 1.5", "b - c = -2.0"]),
    "plain.gr": ("pace", "1 | 2 | 3", ["1 - 2", "2 - 3"]),
    "plain.graph": ("metis", "1 | 2 | 3 | 4", ["1 - 2", "2 - 3", "3 - 4"]),
    "preamble.col.b": ("dimacs-binary", "1 | 2 | 3 | 4 | 5", ["1 - 2", "1 - 5", "2 - 3"]),
    "quotes.csv": ("csv", 'a, b | c | d "e"', ['c - d "e"', "a, b - c = 2.0"]),
    "repeated.edges": ("edges", "a | b | c", ["a - b = 5.0", "b - c = 2.0"]),
    "rows.txt": (
        "cplib",
        "1 | 2 | 3 | 4",
        ["1 - 2 = -1.0", "1 - 3 = 2.0", "1 - 4 = -3.5", "2 - 4 = -100.0", "3 - 4 = 7.0"],
    ),
    "rudy.txt": ("edges", "1 | 2 | 3 | 4 | 5", ["1 - 2 = 1.0", "2 - 3 = -1.0", "3 - 4 = 1.0"]),
    "same_names.net": ("pajek", "1 | 2 | 3", ["1 - 2 = -1.0", "1 - 3 = 1000.0"]),
    "similarity.csv": ("csv", "a | b", ["a - b = -2.0"]),
    "symmetric.mtx": ("mtx", "1 | 2 | 3", ["1 - 2 = 4.0", "2 - 3 = 0.0"]),
    "table.txt": ("csv", "1 | 2", ["1 - 2"]),
    "tabs.tsv": ("csv", "1 | 2 | 3", ["2 - 3", "1 - 2 = 0.5"]),
    "truth.npz": ("npz", "0 | 1 | 2", ["0 - 1", "1 - 2"]),
    "weight_later.csv": ("csv", "1 | 2 | 3", ["1 - 2", "1 - 3 = 5.0"]),
    "windows.col": ("dimacs", "1 | 2 | 3", ["1 - 2", "2 - 3"]),
    "windows.csv": ("csv", "1 | 2 | 3", ["1 - 2 = 0.5", "2 - 3 = 1.0"]),
    "words_over_numbers.txt": ("edges", "1 | 2 | 3", ["1 - 2", "2 - 3"]),
    "written_dictionaries.edgelist": (
        "edges",
        "a | b | c | d",
        ["a - b = 0.5", "a - c = 2.0", "b - c = 3.0", "c - d = 4.0"],
    ),
}


def test_every_corpus_file_has_its_answer() -> None:
    assert {path.name for path in CORPUS.iterdir()} == set(ANSWERS)


def test_every_format_has_a_file() -> None:
    assert {name for name, _, _ in ANSWERS.values()} == set(FORMATS)


@pytest.mark.parametrize("name", sorted(ANSWERS))
def test_well_formed_file(name: str) -> None:
    reading = read_closely(CORPUS / name)
    graph = reading.graph
    nodes = [
        graph.label(node) + ("" if size == 1 else f"*{size:g}")
        for node, size in enumerate(graph.sizes.tolist())
    ]
    pairs = [f"{graph.label(u)} - {graph.label(v)}" for u, v in graph.conflicts.edges().tolist()]
    values = graph.weights.edge_values().tolist()
    pairs += [
        f"{graph.label(u)} - {graph.label(v)} = {value!r}"
        for (u, v), value in zip(graph.weights.edges().tolist(), values, strict=True)
    ]
    assert (reading.format.name, " | ".join(nodes), pairs) == ANSWERS[name]
