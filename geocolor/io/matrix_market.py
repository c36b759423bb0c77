"""Matrix Market files (``.mtx``): a symmetric matrix of weights, or a pattern of conflicts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from geocolor.errors import FormatError
from geocolor.graph import ConflictGraph
from geocolor.io.limits import Limits
from geocolor.io.listing import EdgeParts, Listing
from geocolor.io.matrix import matrix_listing
from geocolor.io.meaning import Meaning
from geocolor.io.numbered import Numbering, node_pairs, number_labels
from geocolor.io.source import Source, shown
from geocolor.io.tokens import LONGEST_NUMBER, Tokens, tokenize
from geocolor.io.writing import edge_rows, number, require_room

__all__ = ["matrix_market_text", "read_matrix_market"]

_COMMENT = ord("%")
_BANNER = b"%%MatrixMarket"
_LAYOUTS = (b"coordinate", b"array")
_FIELDS = (b"real", b"double", b"integer", b"unsigned-integer", b"pattern")
_SYMMETRIES = (b"general", b"symmetric")


def read_matrix_market(source: Source, meaning: Meaning) -> Listing:
    """Read a square matrix, real or a pattern, in coordinates or as an array.

    Entries of a pattern are conflicts, numbers are weights; stored zeros in coordinates are
    weights of zero, in an array no weights. (Boisvert et al., NISTIR 5935, 1996.)

    Raises
    ------
    FormatError
        The file breaks the format, or holds another kind of matrix; with its line.
    LimitError
        It is larger than the limits.
    """
    reader = _Reader(source.name, source.limits)
    for block in source.line_blocks():
        reader.feed(block)
    return reader.finish()


class _Banner(NamedTuple):
    """What the first line says."""

    layout: bytes
    kind: bytes
    symmetry: bytes


class _Reader:
    """One pass over a file."""

    def __init__(self, name: str, limits: Limits) -> None:
        self.name, self.limits = name, limits
        self.banner: _Banner | None = None
        self.size: tuple[int, int] | None = None  # rows, and entries that must be there
        self.edges = EdgeParts(name, limits)
        self.array: list[NDArray[np.float64]] = []
        self.entries = 0
        self.lines_before = 0

    def error(self, message: str, line: int) -> FormatError:
        return FormatError(message, self.name, self.lines_before + line)

    def feed(self, block: bytes) -> None:
        """Take a block of whole lines."""
        tokens = tokenize(block)
        if self.banner is None and len(tokens.heads):
            self.banner = self._banner(tokens.row(0), int(tokens.lines(tokens.heads[:1])[0]))
        rows = np.flatnonzero(tokens.data[tokens.starts[tokens.heads]] != _COMMENT)
        if self.banner is not None and self.size is None and len(rows):
            line = int(tokens.lines(tokens.heads[rows[:1]])[0])
            self.size = self._size(self.banner, tokens.row(int(rows[0])), line)
            rows = rows[1:]
        if self.banner is not None and self.size is not None and len(rows):
            heads, counts = tokens.heads[rows], tokens.counts[rows]
            self._entries(self.banner, self.size, tokens, heads, counts)
        self.lines_before += len(tokens.breaks)

    def _banner(self, words: list[bytes], line: int) -> _Banner:
        if words[0] != _BANNER or len(words) != 5 or words[1].lower() != b"matrix":
            raise self.error("the first line must read '%%MatrixMarket matrix ...'", line)
        layout, kind, symmetry = (word.lower() for word in words[2:])
        for word, known in ((layout, _LAYOUTS), (kind, _FIELDS), (symmetry, _SYMMETRIES)):
            if word not in known:
                said = ", ".join(name.decode() for name in known)
                raise self.error(f"a matrix that is {shown(word)}; read are {said}", line)
        if (layout, kind) == (b"array", b"pattern"):
            raise self.error("an array cannot be a pattern", line)
        return _Banner(layout, kind, symmetry)

    def _size(self, banner: _Banner, words: list[bytes], line: int) -> tuple[int, int]:
        array = banner.layout == b"array"
        wanted = "ROWS COLUMNS" if array else "ROWS COLUMNS ENTRIES"
        if len(words) != (2 if array else 3) or not all(
            word.isdigit() and len(word) <= LONGEST_NUMBER for word in words
        ):
            raise self.error(f"the line of sizes must read '{wanted}', whole numbers", line)
        rows, columns = int(words[0]), int(words[1])
        if rows != columns:
            raise self.error(f"a matrix of {rows} rows and {columns} columns is no graph", line)
        self.limits.require_nodes(rows, self.name)
        half = banner.symmetry == b"symmetric"
        if array:
            self.limits.require_edges(rows * (rows - 1) // 2, self.name)
            return rows, rows * (rows + 1) // 2 if half else rows * rows
        entries = int(words[2])
        # A general matrix has each pair twice, and there is a diagonal.
        self.limits.require_edges((entries - rows) // (1 if half else 2), self.name)
        return rows, entries

    def _entries(
        self,
        banner: _Banner,
        size: tuple[int, int],
        tokens: Tokens,
        heads: NDArray[np.int64],
        counts: NDArray[np.int64],
    ) -> None:
        lines = tokens.lines(heads)
        words = 1 if banner.layout == b"array" else 2 if banner.kind == b"pattern" else 3
        if not (counts == words).all():
            at = int(np.argmax(counts != words))
            wanted = {1: "VALUE", 2: "ROW COLUMN", 3: "ROW COLUMN VALUE"}[words]
            raise self.error(f"an entry must read '{wanted}'", int(lines[at]))
        self.entries += len(heads)
        if self.entries > size[1]:
            raise FormatError(
                f"more entries than the {size[1]} that the line of sizes promises", self.name
            )
        values = None
        if words != 2:
            values, fine = tokens.real(heads + words - 1)
            if not fine.all():
                at = int(np.argmin(fine))
                said = shown(tokens.word(int(heads[at]) + words - 1))
                raise self.error(f"{said} is not a finite number", int(lines[at]))
            if words == 1:
                self.array.append(values)
                return
        numbering = Numbering(self.name, "the line of sizes", size[0])
        pairs = node_pairs(tokens, heads, numbering, self.lines_before)
        self.edges.add(pairs, self.lines_before + lines, values)

    def finish(self) -> Listing:
        """Check the promised number of entries and list them."""
        if self.banner is None or self.size is None:
            raise FormatError("no line of sizes: not a Matrix Market file", self.name)
        rows, entries = self.size
        if self.entries != entries:
            raise FormatError(
                f"the line of sizes promises {entries} entries, the file has {self.entries}; "
                "is it cut off?",
                self.name,
            )
        half, labels = self.banner.symmetry == b"symmetric", number_labels(rows, 1)
        if self.banner.layout == b"array":
            # Columns one after the other; of a symmetric matrix, from the diagonal down.
            values = np.concatenate([np.empty(0), *self.array])
            columns, places = (
                np.triu_indices(rows) if half else np.divmod(np.arange(rows**2), max(rows, 1))
            )
            told = values != 0
            pairs = np.stack([places[told], columns[told]], axis=1).astype(np.int32)
            return matrix_listing(rows, pairs, values[told], half=half, labels=labels)
        return matrix_listing(
            rows,
            self.edges.pairs,
            None if self.banner.kind == b"pattern" else self.edges.values,
            lines=self.edges.lines,
            half=half,
            labels=labels,
        )


def matrix_market_text(graph: ConflictGraph) -> Iterator[bytes]:
    """Text of a graph as a symmetric matrix in coordinates, in pieces; names are left out.

    Raises
    ------
    InputError
        The graph has both weights and conflicts, or sizes.
    """
    require_room(graph, "a Matrix Market file", both=False, sizes=False)
    weighted = graph.is_weighted
    count = graph.weights.num_edges if weighted else graph.conflicts.num_edges
    kind = "real" if weighted else "pattern"
    yield f"%%MatrixMarket matrix coordinate {kind} symmetric\n".encode()
    yield f"{graph.num_nodes} {graph.num_nodes} {count}\n".encode()
    for rows in edge_rows(graph):
        yield "".join(
            f"{v + 1} {u + 1}\n" if weight is None else f"{v + 1} {u + 1} {number(weight)}\n"
            for u, v, weight, _ in rows
        ).encode()
