"""Every file of the malformed corpus gets its documented answer, in one line, with exit code 2."""

from pathlib import Path

import pytest

from geocolor.cli.main import main

CORPUS = Path(__file__).parent / "malformed"

# File: the end of its line on stderr, after the path.
ANSWERS = {
    "beyond.txt": ": more than the 3 similarities that 3 nodes have",
    "broken.json": ":3: not JSON: Expecting property name enclosed in double quotes",
    "conflict_beyond.json": ": conflicts[1] names node 3; nodes are the whole numbers 0 to 2",
    "conflict_loop.json": ": conflicts[0] joins node 2 to itself",
    "conflict_true.json": ": conflicts[0] names node True; nodes are the whole numbers 0 to 2",
    "conflicts_word.json": ": conflicts must be a list",
    "control_characters.col": r":2: '\x1b[31m2' is not a node number",
    "crlf_fault.col": ":3: node 9, but the p line promises 3 nodes",
    "cut_off.col": ": the p line promises 5 edges, the file has 2 edge lines (2 distinct edges); "
    "is it cut off?",
    "cut_off.txt": ": 2 similarities, but 3 nodes have 3 pairs; is it cut off?",
    "cut_off.col.gz": ": not a whole gzip file: ",
    "damaged.col.gz": ": not a whole gzip file: ",
    "deep.json": ": not a geocolor file: nested too deeply",
    "edge_before_header.col": ":3: the p line must come before the edges",
    "empty.col": ": no line 'p edge NODES EDGES': not a DIMACS graph",
    "empty.txt": ": no number of nodes: not a clique partitioning file",
    "empty.json": ":1: not JSON: Expecting value",
    "few_labels.json": ": 3 nodes but 2 labels",
    "few_sizes.json": ": 2 nodes but sizes of shape (1,)",
    "float_node.col": ":2: '2.0' is not a node number",
    "header_cnf.col": ":1: the p line must read 'p edge NODES EDGES'",
    "header_negative.col": ":1: the p line must read 'p edge NODES EDGES', two whole numbers",
    "header_short.col": ":1: the p line must read 'p edge NODES EDGES'",
    "header_words.col": ":1: the p line must read 'p edge NODES EDGES', two whole numbers",
    "html.col": ":1: not a DIMACS graph: '<!DOCTYPE' before any 'p edge NODES EDGES'",
    "huge_edges.col": ": 50000000000 edges, the limit is 50000000",
    "huge_nodes.col": ": 2000000000 nodes, the limit is 2000000",
    "huge_nodes.txt": ": 2000000000 nodes, the limit is 2000000",
    "huge_pairs.txt": ": 499999500000 edges, the limit is 50000000",
    "huge_number.json": ": not JSON that can be read: ",
    "infinite_size.json": ": sizes[1] is inf, not a finite number",
    "infinite_weight.json": ": weights[0][2] is -inf, not a finite number",
    "json_inside.col": ":1: not a DIMACS graph: '{\"format\":' before any 'p edge NODES EDGES'",
    "key_twice.json": ": the key 'num_nodes' occurs twice",
    "latin1.json": ":2: not UTF-8 text",
    "list.json": ": must hold one JSON object",
    "nan.txt": ":3: 'nan' is not a finite number",
    "nan_weight.json": ": weights[1][2] is nan, not a finite number",
    "negative_node.col": ":3: '-1' is not a node number",
    "negative_size.json": ": node sizes must be positive and finite",
    "newer.json": ": version 99 of geocolor.graph; this geocolor reads up to 1, a newer "
    "one may help",
    "no_format.json": ": nodes must be a list",
    "no_header.col": ": no line 'p edge NODES EDGES': not a DIMACS graph",
    "no_nodes.json": ": num_nodes must be a whole number, not None",
    "no_suffix": ": cannot tell its graph format: use .npz, ",
    "no_number.txt": ":2: '1,5' is not a finite number",
    "no_weight.json": ": weights[0] must be [node, node, weight]",
    "node_beyond.col": ":3: node 4, but the p line promises 3 nodes",
    "node_zero.col": ":3: node 0: nodes are counted from 1",
    "nodes_float.json": ": num_nodes must be a whole number, not 2.5",
    "nodes_nan.json": ": num_nodes must be a whole number, not nan",
    "not_gzip.col.gz": ": not a whole gzip file: ",
    "nul_bytes.col": r":3: unknown line type '\x00\x00\x00\x00'; known are c, p, e, n",
    "number_label.json": ": labels[1] must be a string, not 1",
    "one_end.col": ":2: an edge line must read 'e NODE NODE'",
    "only_loops.col": ":2: node 1 has an edge to itself",
    "other_format.json": ": its \"format\" is 'geocolor.solution', not 'geocolor.graph': another "
    "kind of file",
    "overflow_node.col": ":2: '18446744073709551617' is not a node number",
    "overflowing_weight.json": ": weights[0][2] is inf, not a finite number",
    "pair_twice.json": ": weights[1] repeats the pair [0, 1]",
    "prose.col": ":1: not a DIMACS graph: 'This' before any 'p edge NODES EDGES'",
    "same_labels.json": ": two nodes have the label 'a'",
    "self_loop.col": ":5: node 2 has an edge to itself",
    "three_ends.col": ":2: an edge line must read 'e NODE NODE'",
    "too_many_nodes.json": ": 2000000000 nodes, the limit is 2000000",
    "two_headers.col": ":2: a second p line",
    "unknown_key.json": ": unknown key 'weight'",
    "unknown_line.col": ":2: unknown line type 'q'; known are c, p, e, n",
    "unknown_suffix.xyz": ": cannot tell its graph format: use .npz, ",
    "version_word.json": ": its \"version\" must be a positive integer, not '1'",
    "word_for_node.col": ":2: 'two' is not a node number",
    "word_weight.json": ": weights[0][2] is much, not a finite number",
}


def test_every_corpus_file_has_its_answer() -> None:
    assert {path.name for path in CORPUS.iterdir()} == set(ANSWERS)


@pytest.mark.parametrize("name", sorted(ANSWERS))
def test_malformed_file(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["info", str(CORPUS / name)]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("geocolor: error: ")
    assert err.endswith("\n")
    assert err.count("\n") == 1
    assert f"{CORPUS / name}{ANSWERS[name]}" in err
