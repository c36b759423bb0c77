"""Names of nodes, block by block, against names looked up one by one."""

import io
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from geocolor.errors import LimitError
from geocolor.io import Limits
from geocolor.io import names as module
from geocolor.io.edge_rows import EdgeRows, is_plain_number
from geocolor.io.source import Source

# Numbers; words of at most 16 bytes; and any, some of which begin with the same 16.
NUMBERS = st.integers(0, 120).map(lambda number: b"%d" % number)
SHORT = st.text("ab0\u00e9", min_size=1, max_size=8).map(str.encode)
ANY = SHORT | st.text("ab\0", min_size=1, max_size=2).map(lambda end: b"x" * 15 + end.encode())
KINDS = [NUMBERS, SHORT, ANY]


@st.composite
def blocks(draw: st.DrawFn) -> list[list[list[bytes]]]:
    """Lines of one or two names in blocks, later ones of stranger names."""
    kinds = sorted(draw(st.lists(st.integers(0, 2), min_size=1, max_size=4)))
    return [
        draw(st.lists(st.lists(KINDS[kind], min_size=1, max_size=2), min_size=1, max_size=6))
        for kind in kinds
    ]


def one_by_one(lines: list[list[bytes]]) -> list[str]:
    """Give the names of nodes in their order."""
    every = [word for line in lines for word in line]
    alone = [line[0] for line in lines if len(line) == 1]
    if all(map(is_plain_number, every)) and list(map(int, alone)) == sorted(map(int, alone)):
        return [str(number) for number in sorted(set(map(int, every)))]
    return [word.decode() for word in dict.fromkeys(every)]


def rows(limits: Limits | None = None) -> EdgeRows:
    return EdgeRows(Source(Path("graph"), io.BytesIO(), limits or Limits()))


def require_same(parts: list[list[list[bytes]]]) -> None:
    found = rows()
    for part in parts:
        found.feed(b"".join(b" ".join(line) + b"\n" for line in part))
    listing = found.listing()
    lines = [line for part in parts for line in part]
    assert listing.labels == one_by_one(lines)
    pairs = [[listing.labels[node] for node in pair] for pair in listing.pairs.tolist()]
    assert pairs == [[word.decode() for word in line] for line in lines if len(line) == 2]


@given(parts=blocks())
def test_nodes_are_those_that_a_dictionary_gives(parts: list[list[list[bytes]]]) -> None:
    require_same(parts)


@given(parts=blocks())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
def test_words_that_share_a_number_are_told_apart(
    parts: list[list[list[bytes]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_mixed", lambda texts: np.zeros(len(texts), dtype=np.uint64))
    require_same(parts)


@pytest.mark.parametrize("last", ["x", "17", "a word of more than sixteen bytes".replace(" ", "_")])
def test_too_many_names(last: str) -> None:
    found = rows(Limits(nodes=3))
    found.feed(b"1 2\n3 2\n")

    def the_rest() -> None:
        found.feed(last.encode() + b" 1\n")
        found.listing()

    with pytest.raises(LimitError, match="4 nodes, the limit is 3"):
        the_rest()
