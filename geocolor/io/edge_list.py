"""Edge lists: lines ``NODE NODE`` or ``NODE NODE WEIGHT`` (``.edges``, ``.edgelist``, ``.txt``)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from geocolor.errors import FormatError, InputError
from geocolor.graph import ConflictGraph
from geocolor.io.edge_rows import EdgeRows, nodes_to_name_first, require_no_node
from geocolor.io.headers import Columns, columns_of
from geocolor.io.limits import Limits
from geocolor.io.listing import Listing, Note
from geocolor.io.meaning import Meaning
from geocolor.io.source import Source, shown
from geocolor.io.tokens import BLANKS
from geocolor.io.writing import edge_rows, names, number, require_room

__all__ = ["edge_list_text", "looks_like_edges", "read_edge_list"]

_COMMENT = re.compile(rb"^[ \t]*+[#%].*$", re.MULTILINE)
# What networkx writes behind an edge: a dictionary, of which the weight alone is read.
_BEHIND = re.compile(rb"^([^{\n]*+)(\{[^\n]*+)", re.MULTILINE)
_SIMPLE = re.compile(rb"\{(?:['\"]weight['\"]: *+([-+.0-9eE]++))?\}[ \t\r]*+")
_PIECE = re.compile(rb"'(?:[^'\\]|\\.)*+'|\"(?:[^\"\\]|\\.)*+\"|[{}\[\](),:]|[^'\"{}\[\](),:]++")
_NUMPY = re.compile(rb"(?:np|numpy)\.\w++\(([^()]*+)\)")
_OPEN, _CLOSED = (b"{", b"[", b"("), (b"}", b"]", b")")
_LINES_TO_LOOK_AT = 20


def read_edge_list(source: Source, meaning: Meaning) -> Listing:
    """Read lines of two nodes and perhaps a weight; ``#`` and ``%`` begin lines of comment.

    Whole numbers count in ascending order, other names as they first come. A line of one word
    names a node; where such lines hold numbers out of order, these too count as they first come.
    A first line may be a header, as :func:`geocolor.io.headers.columns_of` tells one, or hold the
    numbers of nodes and edges.

    Raises
    ------
    FormatError
        The file breaks the format; with its line.
    LimitError
        It is larger than the limits.
    """
    rows = EdgeRows(source)
    header: list[str] = []
    columns, line, begun = Columns(), 0, False
    for block in source.line_blocks():
        text = _plain(block, source.name, rows.lines_before)
        if not begun:
            start = len(text) - len(text.lstrip(BLANKS))
            found = _header(text[start:])
            begun = start < len(text)
            if found is not None:
                columns, header = found
                line = rows.lines_before + text.count(b"\n", 0, start) + 1
                text = text[:start] + text[text.index(b"\n", start) :]
        rows.feed(text)
    if not header:
        listing = rows.listing()
        _require_no_adjacency(listing, rows)
        return _without_counts(listing, rows, source.limits)
    words = " ".join(word[:40] for word in header)
    told = Note("header", f"the first line, {words!r}, is read as a header")
    listing = replace(rows.listing(headed=True, notes=(told,)), similarities=columns.similarities)
    require_no_node(header[:2], listing, source.name, line)
    return listing


def _header(text: bytes) -> tuple[Columns, list[str]] | None:
    """Find the columns and words of a header, if a text begins with one."""
    first, _, rest = text.partition(b"\n")
    second = rest.lstrip(BLANKS).partition(b"\n")[0]
    if not 2 <= len(first.split(None, 3)) <= 3:
        return None
    words = [word.decode(errors="replace") for word in first.split()]
    below = [word.decode(errors="replace") for word in second.split(None, 3)]
    columns = columns_of(words, below)
    return None if columns is None or not columns.plain(len(words)) else (columns, words)


def _require_no_adjacency(listing: Listing, rows: EdgeRows) -> None:
    """Refuse lines of nodes with up to two neighbors: each node begins one line, or is alone."""
    labels, values, firsts = listing.labels, listing.values, listing.pairs[:, 0]
    if not rows.num_alone or len(firsts) + rows.num_alone != listing.num_nodes:
        return
    if labels is None or values is None or len(np.unique(firsts)) < len(firsts):
        return
    weights = values[~np.isnan(values)]
    if len(weights) and (weights == np.rint(weights)).all():
        nodes = set(labels)
        if all(f"{weight:.0f}" in nodes for weight in weights.tolist()):
            raise FormatError(
                "an adjacency list, it seems: each node begins one line, and what would be weights "
                "are nodes; save an edge list (networkx.write_edgelist), or leave out lines of "
                "single nodes",
                rows.name,
            )


def _without_counts(listing: Listing, rows: EdgeRows, limits: Limits) -> Listing:
    """Take out a first line with the numbers of nodes and edges, if it fits all others."""
    labels, values, lines = listing.labels, listing.values, listing.lines
    if labels is None or values is None or lines is None:
        return listing
    rest = len(listing.pairs) - 1
    if rest < 1 or rows.num_alone or not rows.numeric:
        return listing
    nodes, edges = (int(labels[node]) for node in listing.pairs[0])
    if edges != rest or not np.isnan(values[0]):
        return listing
    numbers = np.array(labels, dtype=np.int64)[listing.pairs[1:]]
    low, high = int(numbers.min()), int(numbers.max())
    first = min(low, 1)
    if high >= nodes + first:
        return listing
    limits.require_nodes(nodes, rows.name)
    told = (
        f"the first line, '{nodes} {edges}', is read as the numbers of nodes and edges: "
        f"nodes are the numbers {first} to {nodes + first - 1}"
    )
    return replace(
        listing,
        num_nodes=nodes,
        pairs=(numbers - first).astype(np.int32),
        values=values[1:],
        lines=lines[1:],
        labels=list(map(str, range(first, nodes + first))),
        notes=(Note("counts", told),),
    )


def _plain(block: bytes, name: str, lines_before: int) -> bytes:
    """Take out comments and dictionaries; line breaks stay."""
    if b"#" in block or b"%" in block:
        block = _COMMENT.sub(b"", block)
    if b"{" not in block:
        return block

    def plain(found: re.Match[bytes]) -> bytes:
        nodes, dictionary = found.groups()
        simple = _SIMPLE.fullmatch(dictionary)
        try:
            weight = (simple[1] or b"") if simple else _weight(dictionary)
            if len(nodes.split(None, 1)) < 2 or not nodes[-1:].isspace():
                raise ValueError("a dictionary stands behind two nodes")
        except ValueError as error:
            line = lines_before + block.count(b"\n", 0, found.start()) + 1
            raise FormatError(str(error), name, line) from None
        return nodes + weight

    return _BEHIND.sub(plain, block)


def _weight(text: bytes) -> bytes:
    """Find the weight in what networkx writes behind an edge; nothing if there is none.

    One pass over pieces, none of which can be parted in another way.
    """
    text = text.strip()
    weight = b""
    at = depth = 0
    key, begin = b"", -1  # of the entry at hand, and where its value begins
    last = b""
    while at < len(text) and (at == 0 or depth):
        piece = _PIECE.match(text, at)
        if piece is None:
            break
        word = piece[0]
        if depth == 1 and word == b":" and begin < 0:
            key, begin = last, piece.end()
        elif depth == 1 and (word == b"," or word in _CLOSED):
            value = text[begin:at].strip() if begin >= 0 else b""
            nothing = begin < 0 and last in (b"{", b",")
            if word in (b"]", b")") or not (value or nothing):
                break
            if key.strip().strip(b"'\"") == b"weight":
                weight = value
            key, begin = b"", -1
        depth += (word in _OPEN) - (word in _CLOSED)
        last = word if word.strip() else last
        at = piece.end()
    if depth or at < len(text):
        raise ValueError("what begins with { is no dictionary as networkx writes it behind an edge")
    number = _NUMPY.fullmatch(weight)
    weight = number[1].strip() if number else weight
    if len(weight.split()) > 1:
        raise ValueError(f"the weight is {shown(weight)}, not a finite number")
    return weight


def looks_like_edges(head: bytes) -> bool:
    """Whether the first lines of a text are those of an edge list."""
    text = head.removeprefix(b"\xef\xbb\xbf")
    text = text[: text.rfind(b"\n") + 1] or text  # the last line may be cut
    begun = text.lstrip(BLANKS).split(b"\n", _LINES_TO_LOOK_AT)[:_LINES_TO_LOOK_AT]
    if b"\0" in head:
        return False
    try:
        text = _plain(b"\n".join(begun), "", 0)
    except FormatError:
        return False
    headed = _header(text.lstrip(BLANKS)) is not None
    rows = [words for words in map(bytes.split, text.split(b"\n")) if words][headed:]
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
    pieces = _lines(graph, called)
    start = next(pieces, b"")
    # Behind nodes by themselves no line is a header.
    first = nodes_to_name_first(graph) or (called if _header(start) else [])
    if first:
        yield "# nodes\n{}\n# edges\n".format("\n".join(first)).encode()
    yield start
    yield from pieces


def _lines(graph: ConflictGraph, called: list[str]) -> Iterator[bytes]:
    for rows in edge_rows(graph):
        lines = []
        for u, v, weight, hard in rows:
            if weight is not None:
                lines.append(f"{called[u]} {called[v]} {number(weight)}\n")
            if hard:
                lines.append(f"{called[u]} {called[v]}\n")
        yield "".join(lines).encode()
