from __future__ import annotations

import csv
import io

from hypothesis import given
from hypothesis import strategies as st

from geocolor.io.table import table_text

CELLS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))


@given(st.lists(st.lists(CELLS, min_size=2, max_size=3)))
def test_every_cell_comes_back(rows: list[list[str]]) -> None:
    text = table_text(rows).decode()
    assert list(csv.reader(io.StringIO(text, newline=""))) == rows
    assert text.endswith("\n") or not rows


def test_only_what_must_be_is_quoted() -> None:
    assert table_text([["a", 1], ["b\rc", 2]]) == b'a,1\n"b\rc","2"\n'
