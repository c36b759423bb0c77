"""Edge lists: lines ``NODE NODE`` or ``NODE NODE WEIGHT`` (``.edges``, ``.edgelist``, ``.txt``)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from geocolor.errors import InputError
from geocolor.graph import ConflictGraph
from geocolor.io.edge_rows import EdgeRows, nodes_to_name_first
from geocolor.io.listing import Listing
from geocolor.io.meaning import Meaning
from geocolor.io.source import Source
from geocolor.io.writing import edge_rows, names, number, require_room

__all__ = ["edge_list_text", "looks_like_edges", "read_edge_list"]

_COMMENT = re.compile(rb"^[ \t]*[#%].*$", re.MULTILINE)
# What networkx writes behind an edge: a dictionary, of which the weight alone is read.
_WEIGHT = re.compile(rb"\{[^}\n]*?'weight': *([^,}\n]+)[^}\n]*\}")
_DICTIONARY = re.compile(rb"\{[^}\n]*\}")
_LINES_TO_LOOK_AT = 20


def read_edge_list(source: Source, meaning: Meaning) -> Listing:
    """Read lines of two nodes and perhaps a weight; ``#`` and ``%`` begin lines of comment.

    Whole numbers count in ascending order, other names as they first come. A line of one word
    names a node; where such lines hold numbers out of order, these too count as they first come.

    Raises
    ------
    FormatError
        The file breaks the format; with its line.
    LimitError
        It is larger than the limits.
    """
    rows = EdgeRows(source)
    for block in source.line_blocks():
        rows.feed(_plain(block))
    return rows.listing()


def _plain(block: bytes) -> bytes:
    """Take out comments and dictionaries; line breaks stay."""
    if b"#" in block or b"%" in block:
        block = _COMMENT.sub(b"", block)
    if b"{" in block:
        block = _DICTIONARY.sub(b"", _WEIGHT.sub(rb"\1", block))
    return block


def looks_like_edges(head: bytes) -> bool:
    """Whether the first lines of a text are those of an edge list."""
    if b"\0" in head:
        return False
    lines = _plain(head.removeprefix(b"\xef\xbb\xbf")).split(b"\n")[:_LINES_TO_LOOK_AT]
    rows = [words for words in map(bytes.split, lines) if words]
    return bool(rows) and all(
        len(words) <= 2 or (len(words) == 3 and _is_number(words[2])) for words in rows
    )


def _is_number(word: bytes) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True


def edge_list_text(graph: ConflictGraph) -> Iterator[bytes]:
    """Text of a graph as an edge list, in pieces.

    Raises
    ------
    InputError
        The graph has sizes, or a name that would not come back.
    """
    require_room(graph, "an edge list", sizes=False)
    called = names(graph)
    for name in called:
        word = name.encode()
        if word.split() != [word] or word[:1] in (b"#", b"%") or {"{", "\ufeff"} & set(name):
            raise InputError(f"an edge list cannot hold the name {name!r}; write .csv or .json")
    first = nodes_to_name_first(graph)
    if first:
        yield "# nodes\n{}\n# edges\n".format("\n".join(first)).encode()
    for rows in edge_rows(graph):
        lines = []
        for u, v, weight, hard in rows:
            if weight is not None:
                lines.append(f"{called[u]} {called[v]} {number(weight)}\n")
            if hard:
                lines.append(f"{called[u]} {called[v]}\n")
        yield "".join(lines).encode()
