"""What files leave open: each default, each other choice, and that it is reported."""

from pathlib import Path

import numpy as np
import pytest

from geocolor.errors import FormatError, InputError, LimitError
from geocolor.io import Limits, Meaning, Reading, read_closely


@pytest.fixture
def reading(tmp_path: Path):
    def load(text: str, suffix: str = ".edges", limits: Limits | None = None, **meant) -> Reading:
        path = tmp_path / f"graph{suffix}"
        path.write_text(text)
        return read_closely(path, Meaning(**meant), limits=limits)

    return load


def weights(found: Reading) -> dict[tuple[int, int], float]:
    pairs = map(tuple, found.graph.weights.edges().tolist())
    return dict(zip(pairs, found.graph.weights.edge_values().tolist(), strict=True))


def conflicts(found: Reading) -> list[list[int]]:
    return found.graph.conflicts.edges().tolist()


def kinds(found: Reading) -> set[str]:
    return {note.kind for note in found.notes} - {"numbers", "names"}


def text_of(found: Reading, kind: str) -> str:
    (text,) = [note.text for note in found.notes if note.kind == kind]
    return text


def test_a_weight_is_a_cost_unless_it_is_a_similarity(reading) -> None:
    text = "a b 2\nb c -1.5\n"
    assert weights(reading(text)) == {(0, 1): 2.0, (1, 2): -1.5}
    found = reading(text, weights="similarity")
    assert weights(found) == {(0, 1): -2.0, (1, 2): 1.5}
    assert kinds(found) == {"similarity"}
    ignored = reading(text, weights="ignore")
    assert (weights(ignored), conflicts(ignored)) == ({}, [[0, 1], [1, 2]])


def test_a_format_of_similarities_may_be_told_that_they_are_costs(reading) -> None:
    text = "3\n1 -2\n5\n"
    assert weights(reading(text, ".txt")) == {(0, 1): -1.0, (0, 2): 2.0, (1, 2): -5.0}
    assert weights(reading(text, ".txt", weights="cost"))[0, 1] == 1.0


def test_cluster_editing_counts_edits(reading) -> None:
    found = reading("p cep 3 1\n1 2\n", ".gr")
    assert weights(found) == {(0, 1): -1.0, (0, 2): 1.0, (1, 2): 1.0}
    assert text_of(found, "cluster-editing").endswith("the objective and 1 more")
    assert conflicts(reading("p tw 3 1\n1 2\n", ".gr")) == [[0, 1]]


def test_cluster_editing_counts_no_edge_twice_and_no_loop(reading) -> None:
    text = "c\np cep 3 4\n1 2\n2 1\n3 3\n1 2\n"
    found = reading(text, ".gr")
    assert weights(found) == {(0, 1): -1.0, (0, 2): 1.0, (1, 2): 1.0}
    assert text_of(found, "cluster-editing").endswith("the objective and 1 more")
    assert text_of(found, "parallel") == "2 edges repeat another, first in line 4"
    assert text_of(found, "loops").endswith("is left out, first in line 5")
    assert [found.line_of(0, 1), found.line_of(0, 2)] == [3, None]
    with pytest.raises(FormatError, match=r":4: the pair 2, 1 is listed again"):
        reading(text, ".gr", parallel="refuse")
    with pytest.raises(FormatError, match=r":5: node 3 has an edge to itself"):
        reading(text, ".gr", loops="refuse")
    assert kinds(reading("p cep 0 0\n", ".gr")) == {"cluster-editing"}


def test_an_edge_without_a_weight_is_a_conflict_unless_it_is_one(reading) -> None:
    found = reading("a b\nb c\n")
    assert (weights(found), conflicts(found)) == ({}, [[0, 1], [1, 2]])
    found = reading("a b\nb c\n", unweighted="one")
    assert (weights(found), conflicts(found)) == ({(0, 1): 1.0, (1, 2): 1.0}, [])
    assert kinds(found) == {"equal-weights"}


@pytest.mark.parametrize("unweighted", ["conflict", "one"])
def test_a_graph_without_edges(reading, unweighted: str) -> None:
    text = '{"format": "geocolor.graph", "version": 1, "num_nodes": 2}'
    found = reading(text, ".json", unweighted=unweighted)
    assert (weights(found), conflicts(found), kinds(found)) == ({}, [], {"isolated"})


def test_a_file_with_and_without_weights_says_so(reading) -> None:
    found = reading("a b\nb c 2\na c 3\na c\n")
    assert (weights(found), conflicts(found)) == ({(0, 2): 3.0, (1, 2): 2.0}, [[0, 1], [0, 2]])
    assert text_of(found, "unweighted") == (
        "2 edges have no weight and are hard conflicts, first in line 1"
    )


def test_a_missing_pair_is_zero_unless_it_is_forbidden(reading) -> None:
    text = "a b 2\nb c 3\nc d 1\n"
    assert conflicts(reading(text)) == []
    found = reading(text, missing="forbidden")
    assert conflicts(found) == [[0, 2], [0, 3], [1, 3]]
    assert len(weights(found)) == 3
    assert text_of(found, "missing").startswith("3 pairs")
    with pytest.raises(LimitError, match="6 edges, the limit is 5"):
        reading(text, missing="forbidden", limits=Limits(edges=5))


ARCS = '<graphml><graph edgedefault="directed">{}</graph></graphml>'.format(
    "".join(f'<node id="{name}"/>' for name in "abc")
    + '<edge source="a" target="b"/><edge source="b" target="a"/><edge source="c" target="b"/>'
)


def test_arcs_become_edges_unless_they_are_refused(reading) -> None:
    found = reading(ARCS, ".graphml")
    assert conflicts(found) == [[0, 1], [1, 2]]
    assert kinds(found) == {"directed", "parallel"}
    with pytest.raises(FormatError, match="the graph is directed"):
        reading(ARCS, ".graphml", directed="refuse")


def test_a_loop_is_left_out_of_weights_and_refused_among_conflicts(reading) -> None:
    found = reading("a b 1\nb b 5\nb c 2\n")
    assert weights(found) == {(0, 1): 1.0, (1, 2): 2.0}
    assert text_of(found, "loops").endswith("is left out, first in line 2")
    with pytest.raises(FormatError, match=r":2: node b has an edge to itself"):
        reading("a b 1\nb b 5\n", loops="refuse")
    with pytest.raises(FormatError, match=r":2: node b has an edge to itself"):
        reading("a b\nb b\n")
    assert conflicts(reading("a b\nb b\n", loops="drop")) == [[0, 1]]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [("auto", 7.0), ("add", 7.0), ("first", 4.0), ("smallest", 1.0), ("largest", 4.0)],
)
def test_a_pair_listed_again(reading, rule: str, expected: float) -> None:
    found = reading("a b 4\nb c 1\nb a 1\na b 2\n", parallel=rule)
    assert weights(found) == {(0, 1): expected, (1, 2): 1.0}
    assert text_of(found, "parallel").startswith("1 pair is listed more than once")
    assert text_of(found, "parallel").endswith("first in line 3")


def test_a_pair_listed_again_may_be_refused(reading) -> None:
    with pytest.raises(FormatError, match=r":3: the pair b, a is listed again"):
        reading("a b 4\nb c 1\nb a 1\n", parallel="refuse")
    with pytest.raises(FormatError, match="1 edge is listed again"):
        reading("a b\nb c\nb a\n", parallel="refuse")


def test_a_file_that_lists_both_directions_lists_each_pair_once(reading) -> None:
    text = "a b 4\nb a 4\nb c 1\nc b 1\n"
    found = reading(text)
    assert weights(found) == {(0, 1): 4.0, (1, 2): 1.0}
    assert kinds(found) == {"both-directions"}
    assert weights(reading(text, parallel="add")) == {(0, 1): 8.0, (1, 2): 2.0}
    twice = reading("a b 4\nb a 3\na b 3\nb a 4\nb c 1\nc b 1\n")
    assert weights(twice) == {(0, 1): 7.0, (1, 2): 1.0}
    one_differs = reading("a b 4\nb a 4\nb c 1\nc b 2\n")
    assert weights(one_differs) == {(0, 1): 8.0, (1, 2): 3.0}
    assert kinds(reading("a b\nb a\n")) == {"both-directions"}


def test_an_asymmetric_matrix_weighs_both_entries(reading) -> None:
    text = "%%MatrixMarket matrix coordinate real general\n3 3 4\n1 2 4\n2 1 1\n3 3 9\n1 3 2\n"
    found = reading(text, ".mtx")
    assert weights(found) == {(0, 1): 5.0, (0, 2): 2.0}
    assert kinds(found) == {"asymmetric", "diagonal", "parallel"}


def test_isolated_nodes_are_kept_unless_they_are_dropped(reading) -> None:
    text = "# nodes\na\nb\nc\nd\n# edges\na c 1.5\nc d 2\n"
    assert reading(text).graph.labels == ("a", "b", "c", "d")
    assert text_of(reading(text), "isolated") == "1 node has no edge"
    found = reading(text, isolated="drop")
    assert found.graph.labels == ("a", "c", "d")
    assert weights(found) == {(0, 1): 1.5, (1, 2): 2.0}
    assert found.line_of(2, 1) == 8


def test_names_are_kept_and_numbers_are_sorted(reading) -> None:
    assert reading("zoe bob\nbob ann\n").graph.labels == ("zoe", "bob", "ann")
    found = reading("10 9\n9 12\n")
    assert found.graph.labels == ("9", "10", "12")
    assert text_of(found, "numbers") == (
        "nodes are the numbers 9 to 12, 1 of which are in no line and are no nodes"
    )
    assert reading("9\n3\n3 9\n5 9\n").graph.labels == ("9", "3", "5")
    assert reading("3\n4\n9\n9 3\n5 9\n").graph.labels == ("3", "4", "5", "9")
    assert reading("1 2\n2 x\n").graph.labels == ("1", "2", "x")
    assert reading("01 1\n").graph.labels == ("01", "1")
    assert reading("00 0\n").graph.labels == ("00", "0")


@pytest.mark.parametrize("suffix", [".col", ".gr"])
def test_numbers_from_zero_are_refused_unless_they_are_meant(reading, suffix: str) -> None:
    text = {".col": "p edge 3 2\ne 0 1\ne 1 2\n", ".gr": "p tw 3 2\n0 1\n1 2\n"}[suffix]
    with pytest.raises(FormatError, match=":2: node 0: nodes are counted from 1"):
        reading(text, suffix)
    found = reading(text, suffix, first_node=0)
    assert (conflicts(found), found.graph.labels) == ([[0, 1], [1, 2]], ("0", "1", "2"))
    assert text_of(found, "numbers") == "nodes are numbered from 0"


def test_the_lines_of_pairs(reading) -> None:
    found = reading("# comment\nb a 1\n\nb c 2\n")
    assert [found.line_of(0, 1), found.line_of(2, 0), found.line_of(1, 2)] == [2, 4, None]


@pytest.mark.parametrize(
    "meant", [{"weights": "much"}, {"loops": None}, {"first_node": 2}, {"parallel": "sum"}]
)
def test_a_meaning_that_is_none(meant: dict[str, object]) -> None:
    with pytest.raises(InputError, match="must be"):
        Meaning(**meant)


def test_equal_weights_are_pointed_out(reading) -> None:
    assert text_of(reading("a b 1\nb c 1\n"), "equal-weights").startswith("all weights are 1;")
    assert "equal-weights" not in kinds(reading("a b 1\nb c 2\n"))


def test_numbers_far_apart_are_no_table(reading) -> None:
    found = reading("7 900000000000000\n7 8\n")
    assert found.graph.labels == ("7", "8", "900000000000000")
    np.testing.assert_array_equal(found.graph.conflicts.degrees, [2, 1, 1])
