"""DIMACS vertex-coloring files (``.col``), as the standard says and as they are found."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from geocolor.errors import FormatError
from geocolor.graph import ConflictGraph
from geocolor.io.limits import Limits
from geocolor.io.listing import EdgeParts, Listing, Note
from geocolor.io.meaning import Meaning
from geocolor.io.numbered import Numbering, node_pairs, number_labels, numbers_note
from geocolor.io.source import Source, shown
from geocolor.io.tokens import LONGEST_NUMBER, Tokens, tokenize
from geocolor.io.writing import edge_rows, require_room
from geocolor.wording import counted

__all__ = ["dimacs_text", "header_numbers", "read_dimacs"]

_EDGE, _TO_LOWER = ord("e"), ord("a") ^ ord("A")
_COMMENT, _VALUE = b"c", b"n"
# n, d, v, x: node values and geometry of the standard; they say nothing about the edges.
_IGNORED = (_VALUE, b"d", b"v", b"x")


def header_numbers(tokens: list[bytes]) -> tuple[int, int] | str:
    """Nodes and edges of a p line, or what is wrong with it."""
    wanted = "the p line must read 'p edge NODES EDGES'"
    if len(tokens) != 4 or tokens[1].lower() not in (b"edge", b"edges", b"col"):
        return wanted
    if not all(t.isdigit() and len(t) <= LONGEST_NUMBER for t in tokens[2:]):
        return f"{wanted}, two whole numbers"
    return int(tokens[2]), int(tokens[3])


class _Reader:
    """One pass over a file; keeps the header, the edges and the line count."""

    def __init__(self, name: str, limits: Limits, first: int) -> None:
        self.name = name
        self.limits = limits
        self.first = first
        self.header: tuple[int, int] | None = None
        self.edges = EdgeParts(name, limits)
        self.lines_before = 0
        self.values = 0  # lines of node values

    def error(self, message: str, line: int) -> FormatError:
        return FormatError(message, self.name, self.lines_before + line)

    def feed(self, block: bytes) -> None:
        """Take a block of whole lines."""
        tokens = tokenize(block)
        heads, counts = tokens.heads, tokens.counts
        starts, ends = tokens.starts[heads], tokens.ends[heads]
        is_edge = (tokens.data[starts] | _TO_LOWER == _EDGE) & (ends - starts == 1)
        for at in np.flatnonzero(~is_edge).tolist():
            words = tokens.row(at)
            kind = words[0].lower()
            if kind in _IGNORED:
                self.values += kind == _VALUE
            elif kind != _COMMENT:
                line = int(tokens.lines(heads[at : at + 1])[0])
                self._header(words, line, edges_before=bool(is_edge[:at].any()))
        if is_edge.any():
            self._edges(tokens, heads[is_edge], counts[is_edge])
        self.lines_before += len(tokens.breaks)

    def _header(self, words: list[bytes], line: int, *, edges_before: bool) -> None:
        kind = words[0]
        if kind.lower() != b"p":
            if self.header is None:
                raise self.error(
                    f"not a DIMACS graph: {shown(kind)} before any 'p edge NODES EDGES'", line
                )
            raise self.error(f"unknown line type {shown(kind)}; known are c, p, e, n", line)
        if self.header is not None:
            raise self.error("a second p line", line)
        if edges_before or self.edges.count:
            raise self.error("the p line must come before the edges", line)
        found = header_numbers(words)
        if isinstance(found, str):
            raise self.error(found, line)
        self.limits.require_nodes(found[0], self.name)
        # Headers may count each edge twice.
        self.limits.require_edges((found[1] + 1) // 2, self.name)
        self.header = found

    def _edges(self, tokens: Tokens, heads: NDArray[np.int64], counts: NDArray[np.int64]) -> None:
        lines = tokens.lines(heads)
        if self.header is None:
            raise self.error("an edge before the line 'p edge NODES EDGES'", int(lines[0]))
        whole = counts == 3
        if not whole.all():
            at = int(np.argmin(whole))
            raise self.error("an edge line must read 'e NODE NODE'", int(lines[at]))
        numbering = Numbering(self.name, "the p line", self.header[0], self.first)
        pairs = node_pairs(tokens, heads + 1, numbering, self.lines_before)
        self.edges.add(pairs, self.lines_before + lines)

    def finish(self) -> Listing:
        """Check the header against the edges."""
        if self.header is None:
            raise FormatError("no line 'p edge NODES EDGES': not a DIMACS graph", self.name)
        nodes, declared = self.header
        pairs = self.edges.pairs
        if declared != len(pairs):
            self._judge_count(declared, pairs)
        return Listing(
            nodes,
            pairs,
            lines=self.edges.lines,
            labels=number_labels(nodes, self.first),
            notes=(*numbers_note(self.first), *self._notes()),
        )

    def _notes(self) -> tuple[Note, ...]:
        if not self.values:
            return ()
        said = counted(self.values, "line", "lines")
        return (Note("values", f"values of nodes ('n NODE VALUE', {said}) are not read"),)

    def _judge_count(self, declared: int, pairs: NDArray[np.int32]) -> None:
        apart = pairs[pairs[:, 0] != pairs[:, 1]].astype(np.int64)
        distinct = len(np.unique(apart.min(axis=1) << 32 | apart.max(axis=1)))
        if declared not in {distinct, 2 * distinct}:
            raise FormatError(
                f"the p line promises {declared} edges, the file has {len(pairs)} edge lines "
                f"({distinct} distinct edges); is it cut off?",
                self.name,
            )


def read_dimacs(source: Source, meaning: Meaning) -> Listing:
    """Read a DIMACS graph; its numbers are the labels.

    Accepted beyond the standard, because files are found so: ``p edges`` and ``p col``, capital
    letters, every edge in both directions, headers that count edges twice, repeated edges,
    comments anywhere, lines that end in CRLF or CR, a byte order mark, blank lines.

    Raises
    ------
    FormatError
        The file breaks the format; with its line.
    LimitError
        It is larger than the limits.
    """
    first = 1 if meaning.first_node is None else meaning.first_node
    reader = _Reader(source.name, source.limits, first)
    for block in source.line_blocks():
        one_line = reader.header is None and block.find(b"\n") == len(block) - 1
        reader.feed(block.replace(b"\r", b"\n") if one_line and b"\r" in block[:-2] else block)
    return reader.finish()


def dimacs_text(graph: ConflictGraph) -> Iterator[bytes]:
    """Text of a graph in DIMACS form, in pieces.

    Labels are left out: the format knows numbers only.

    Raises
    ------
    InputError
        The graph has weights or sizes, which the format cannot hold.
    """
    require_room(graph, "DIMACS .col", weights=False, sizes=False)
    yield f"p edge {graph.num_nodes} {graph.conflicts.num_edges}\n".encode()
    for rows in edge_rows(graph):
        yield "".join([f"e {u + 1} {v + 1}\n" for u, v, _, _ in rows]).encode()
