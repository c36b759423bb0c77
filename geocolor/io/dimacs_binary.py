"""DIMACS binary graphs (``.col.b``): a preamble as in ``.col``, then a lower triangle of bits."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from geocolor.errors import FormatError, LimitError
from geocolor.graph import ConflictGraph
from geocolor.io.dimacs import header_numbers
from geocolor.io.limits import Limits
from geocolor.io.listing import EdgeParts, Listing
from geocolor.io.meaning import Meaning
from geocolor.io.numbered import number_labels
from geocolor.io.source import Source
from geocolor.io.writing import require_room

__all__ = ["dimacs_binary_text", "looks_like_dimacs_binary", "read_dimacs_binary"]

_LENGTH = re.compile(rb"\s*(\d{1,7})\r?\n")


def looks_like_dimacs_binary(head: bytes) -> bool:
    """Whether a file begins with the length of a preamble, and the preamble."""
    found = _LENGTH.match(head)
    return found is not None and head[found.end() : found.end() + 2] in (b"c ", b"c\n", b"p ")


def read_dimacs_binary(source: Source, meaning: Meaning) -> Listing:
    """Read the bits of an adjacency matrix, row i of which has those of the nodes up to i.

    (DIMACS challenge, ``genbin.h``: a row takes (i + 8) / 8 bytes, the first node in the highest
    bit of the first.)

    Raises
    ------
    FormatError
        The file breaks the format.
    LimitError
        It is larger than the limits.
    """
    bits = _Bits(source)
    found = _LENGTH.match(bits.take(8))
    if found is None:
        raise FormatError(
            "not a binary DIMACS graph: the preamble's length must come first", source.name
        )
    bits.give_back(found.end())
    preamble = bits.take(int(found[1]))
    headers = [words for words in map(bytes.split, preamble.split(b"\n")) if words[:1] == [b"p"]]
    said = header_numbers(headers[0]) if len(headers) == 1 else "one p line must be in the preamble"
    if isinstance(said, str):
        raise FormatError(said, source.name)
    nodes, declared = said
    source.limits.require_nodes(nodes, source.name)
    source.limits.require_edges((declared + 1) // 2, source.name)
    total = _matrix_bytes(nodes)
    if total > source.limits.text_bytes:
        raise source.limits.beyond("text_bytes", source.name, f"{total} bytes of matrix")
    pairs = _pairs(bits, nodes, source.limits)
    if declared not in (len(pairs), 2 * len(pairs)):
        raise FormatError(
            f"the p line promises {declared} edges, the matrix has {len(pairs)}", source.name
        )
    return Listing(nodes, pairs, labels=number_labels(nodes, 1))


def _matrix_bytes(nodes: int) -> int:
    """Sum the bytes of all rows, (node + 8) / 8 each."""
    whole, rest = divmod(nodes, 8)
    return (4 * whole + rest) * (whole + 1)


class _Bits:
    """Bytes of a source in pieces of any length."""

    def __init__(self, source: Source) -> None:
        self.name = source.name
        self._blocks = source.blocks()
        self._block, self._at = b"", 0

    def take(self, size: int) -> bytes:
        while len(self._block) - self._at < size:
            more = next(self._blocks, b"")
            if not more:
                raise FormatError("it ends within the graph; is it cut off?", self.name)
            self._block, self._at = self._block[self._at :] + more, 0
        self._at += size
        return self._block[self._at - size : self._at]

    def give_back(self, used: int) -> None:
        """Return all but the first `used` bytes of the last piece, of 8."""
        self._at -= 8 - used


def _pairs(bits: _Bits, nodes: int, limits: Limits) -> NDArray[np.int32]:
    edges = EdgeParts(bits.name, limits)
    for node in range(nodes):
        row = np.frombuffer(bits.take((node + 8) // 8), dtype=np.uint8)
        others = np.flatnonzero(np.unpackbits(row, count=node + 1))
        ends = np.stack([others, np.full_like(others, node)], axis=1)
        edges.add(ends, np.zeros(len(ends), dtype=np.int64))
    return edges.pairs


def dimacs_binary_text(graph: ConflictGraph) -> Iterator[bytes]:
    """Give a graph in binary DIMACS form, in pieces; names are left out.

    Raises
    ------
    InputError
        The graph has weights or sizes.
    LimitError
        It has so many nodes that the file would not be read by default, however few its edges.
    """
    require_room(graph, "DIMACS .col.b", weights=False, sizes=False)
    total, most = _matrix_bytes(graph.num_nodes), Limits().file_bytes
    if total > most:
        raise LimitError(
            f"{graph.num_nodes} nodes take {total} bytes in DIMACS .col.b, which has a bit for "
            f"every pair; the limit is {most}; write .col, or .json, which keeps the names"
        )
    preamble = b"p col %d %d\n" % (graph.num_nodes, graph.conflicts.num_edges)
    yield b"%d\n" % len(preamble) + preamble
    for node in range(graph.num_nodes):
        row = np.zeros(node + 1, dtype=bool)
        neighbors = graph.conflicts.neighbors(node)
        row[neighbors[neighbors < node]] = True
        yield np.packbits(row).tobytes()
