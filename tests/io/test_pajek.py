"""Pajek networks: edges are read all at once, and one by one where other lines are among them."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from geocolor.errors import FormatError
from geocolor.io import Meaning, read_closely

WEIGHTS = st.sampled_from(["", " 2", " -0.5", " 1e3", " 0.12345678901234567", " 3 c Blue", " +7"])
EDGES = st.lists(st.tuples(st.integers(1, 5), st.integers(1, 5), WEIGHTS), max_size=12)


@given(edges=EDGES)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
def test_a_comment_among_edges_changes_nothing(
    edges: list[tuple[int, int, str]], tmp_path: Path
) -> None:
    path, found = tmp_path / "a.net", []
    for comment in ("", "% one\n", "/* two */\n"):
        lines = [f" {u}\t{v}{weight}\n" for u, v, weight in edges]
        lines.insert(len(lines) // 2, comment or "\n")
        path.write_text("*Vertices 5\n*Arcs\n" + "".join(lines) + "*Edges\n5 1 2.5\n")
        found.append(read_closely(path, Meaning(loops="drop")).listing)
    for one in found[1:]:
        np.testing.assert_array_equal(one.pairs, found[0].pairs)
        np.testing.assert_array_equal(one.values, found[0].values)
        np.testing.assert_array_equal(one.lines, found[0].lines)


@pytest.mark.parametrize("comment", ["", "% a comment\n"])
@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("1 4", ":6: '4' is no vertex; they are numbered 1 to 3"),
        ("0 1", ":6: '0' is no vertex"),
        ("1 -2", ":6: '-2' is no vertex"),
        ("1 2 nan", ":6: the weight is 'nan', not a finite number"),
        ("1 2 much", ":6: the weight is 'much', not a finite number"),
        ("1", ":6: expected 'NUMBER NUMBER' and perhaps a weight"),
        ("1 2 \u00e9", ":6: the weight is '\u00e9', not a finite number"),
    ],
)
def test_a_fault_among_edges_has_its_line(
    comment: str, row: str, message: str, tmp_path: Path
) -> None:
    path = tmp_path / "a.net"
    path.write_text(f"*Vertices 3\n*Edges\n1 2\n{comment or chr(10)}2 3\n{row}\n1 3\n")
    with pytest.raises(FormatError) as refused:
        read_closely(path)
    assert message in str(refused.value)
