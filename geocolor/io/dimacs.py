"""DIMACS vertex-coloring files (``.col``), as the standard says and as they are found."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geocolor.errors import FormatError, InputError
from geocolor.graph import ConflictGraph
from geocolor.io.limits import Limits
from geocolor.io.source import line_blocks, shown

__all__ = ["dimacs_text", "read_dimacs"]

_log = logging.getLogger(__name__)

_NEWLINE, _EDGE = ord("\n"), ord("e")
_IS_SPACE = np.zeros(256, dtype=bool)
_IS_SPACE[list(b" \t\n\r\v\f")] = True
# Longer numbers are refused before they could overflow; no limit on nodes comes near.
_LONGEST_NUMBER = 15
# n, d, v, x: node values and geometry of the standard; they say nothing about the edges.
_IGNORED = (b"c", b"n", b"d", b"v", b"x")


class _Reader:
    """One pass over a file; keeps the header, the edges and the line count."""

    def __init__(self, path: str, limits: Limits) -> None:
        self.path = path
        self.limits = limits
        self.header: tuple[int, int] | None = None
        self.edge_lines = 0
        self.loops = 0
        self.first_loop = (0, 0)  # node and line
        self.parts: list[NDArray[np.int32]] = []
        self.lines_before = 0

    def error(self, message: str, line: int) -> FormatError:
        return FormatError(message, self.path, self.lines_before + line)

    def feed(self, block: bytes) -> None:
        """Take a block of whole lines."""
        data = np.frombuffer(block, dtype=np.uint8)
        solid = ~_IS_SPACE[data]
        # A block starts a line and ends in a newline, so that every token has both its ends.
        flips = np.flatnonzero(solid[1:] != solid[:-1]) + 1
        if solid[0]:
            flips = np.concatenate([[0], flips])
        starts, ends = flips[0::2], flips[1::2]
        newlines = data == _NEWLINE
        if len(starts):
            closes_line = np.logical_or.reduceat(newlines, ends)
            heads = np.concatenate([[0], np.flatnonzero(closes_line[:-1]) + 1])
            counts = np.diff(heads, append=len(starts))
            is_edge = (data[starts[heads]] == _EDGE) & (ends[heads] - starts[heads] == 1)
            for at in np.flatnonzero(~is_edge):
                first, last = heads[at], heads[at] + counts[at] - 1
                tokens = block[starts[first] : ends[last]].split()
                if tokens[0] not in _IGNORED:
                    line = _line(newlines, starts[first])
                    self._header(tokens, line, edges_before=bool(is_edge[:at].any()))
            self._edges(data, newlines, starts, ends, heads[is_edge], counts[is_edge])
        self.lines_before += int(np.count_nonzero(newlines))

    def _header(self, tokens: list[bytes], line: int, *, edges_before: bool) -> None:
        kind = tokens[0]
        if kind != b"p":
            if self.header is None:
                raise self.error(
                    f"not a DIMACS graph: {shown(kind)} before any 'p edge NODES EDGES'", line
                )
            raise self.error(f"unknown line type {shown(kind)}; known are c, p, e, n", line)
        if self.header is not None:
            raise self.error("a second p line", line)
        if edges_before or self.edge_lines:
            raise self.error("the p line must come before the edges", line)
        wanted = "must read 'p edge NODES EDGES'"
        if len(tokens) != 4 or tokens[1] not in (b"edge", b"edges", b"col"):
            raise self.error(f"the p line {wanted}", line)
        numbers = tokens[2:]
        if not all(t.isdigit() and len(t) <= _LONGEST_NUMBER for t in numbers):
            raise self.error(f"the p line {wanted}, two whole numbers", line)
        nodes, edges = int(numbers[0]), int(numbers[1])
        self.limits.require_nodes(nodes, self.path)
        # Headers may count each edge twice.
        self.limits.require_edges((edges + 1) // 2, self.path)
        self.header = (nodes, edges)

    def _edges(
        self,
        data: NDArray[np.uint8],
        newlines: NDArray[np.bool_],
        starts: NDArray[np.int64],
        ends: NDArray[np.int64],
        heads: NDArray[np.int64],
        counts: NDArray[np.int64],
    ) -> None:
        if not len(heads):
            return
        if self.header is None:
            line = _line(newlines, starts[heads[0]])
            raise self.error("an edge before the line 'p edge NODES EDGES'", line)
        whole = counts == 3
        if not whole.all():
            head = heads[int(np.argmin(whole))]
            raise self.error("an edge line must read 'e NODE NODE'", _line(newlines, starts[head]))
        nodes = self.header[0]
        pair = np.empty((len(heads), 2), dtype=np.int64)
        valid = np.ones(len(heads), dtype=bool)
        for side in (0, 1):
            at = heads + 1 + side
            pair[:, side], fine = _numbers(data, starts[at], ends[at])
            valid &= fine & (pair[:, side] >= 1) & (pair[:, side] <= nodes)
        if not valid.all():
            head = heads[int(np.argmin(valid))]
            tokens = data[starts[head + 1] : ends[head + 2]].tobytes().split()
            raise self.error(_edge_fault(tokens, nodes), _line(newlines, starts[head]))
        loops = np.flatnonzero(pair[:, 0] == pair[:, 1])
        if len(loops):
            if not self.loops:
                line = self.lines_before + _line(newlines, starts[heads[loops[0]]])
                self.first_loop = (int(pair[loops[0], 0]), line)
            self.loops += len(loops)
            pair = np.delete(pair, loops, axis=0)
        self.edge_lines += len(heads)
        # Each edge may stand in both directions.
        self.limits.require_edges((self.edge_lines + 1) // 2, self.path)
        self.parts.append((pair - 1).astype(np.int32))

    def finish(self) -> ConflictGraph:
        """Check the header against the edges and build the graph."""
        if self.header is None:
            raise FormatError("no line 'p edge NODES EDGES': not a DIMACS graph", self.path)
        nodes, declared = self.header
        pairs = np.concatenate(self.parts) if self.parts else np.empty((0, 2), dtype=np.int32)
        labels = tuple(map(str, range(1, nodes + 1)))
        graph = ConflictGraph.from_edges(nodes, pairs, labels=labels)
        distinct = graph.conflicts.num_edges
        self.limits.require_edges(distinct, self.path)
        if self.loops:
            self._judge_loops(distinct)
        if declared not in {self.edge_lines, distinct, 2 * distinct}:
            raise FormatError(
                f"the p line promises {declared} edges, the file has {self.edge_lines} edge lines "
                f"({distinct} distinct edges); is it cut off?",
                self.path,
            )
        return graph

    def _judge_loops(self, distinct: int) -> None:
        """Refuse loops, but for the diagonal of a file that lists every edge in both directions.

        The well-known homer.col is such a file: a co-occurrence matrix written out whole.
        """
        node, line = self.first_loop
        if distinct == 0 or self.edge_lines - self.loops != 2 * distinct:
            raise FormatError(f"node {node} has an edge to itself", self.path, line)
        _log.warning(
            "%s:%d: node %d has an edge to itself; such lines are left out, as the file lists "
            "every edge in both directions",
            self.path,
            line,
            node,
        )


def _line(newlines: NDArray[np.bool_], offset: int) -> int:
    return int(np.count_nonzero(newlines[:offset])) + 1


def _numbers(
    data: NDArray[np.uint8], starts: NDArray[np.int64], ends: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Parse decimal tokens, one digit column at a time; second, which of them are numbers."""
    lengths = ends - starts
    fine = lengths <= _LONGEST_NUMBER
    values = np.zeros(len(starts), dtype=np.int64)
    for column in range(int(min(lengths.max(), _LONGEST_NUMBER))):
        inside = column < lengths
        # The first column is inside every token; before a token's start any digit would do.
        digit = data[np.maximum(ends - 1 - column, 0)] - np.uint8(ord("0"))
        fine &= ~inside | (digit <= 9)
        values += np.where(inside, digit, 0).astype(np.int64) * 10**column
    return values, fine


def _edge_fault(tokens: list[bytes], nodes: int) -> str:
    for token in tokens:
        if not token.isdigit() or len(token) > _LONGEST_NUMBER:
            return f"{shown(token)} is not a node number"
        if int(token) < 1:
            return "node 0: DIMACS counts nodes from 1"
    highest = max(int(token) for token in tokens)
    return f"node {highest}, but the p line promises {nodes} nodes"


def read_dimacs(path: Path, limits: Limits) -> ConflictGraph:
    """Read a DIMACS graph; its edges become hard conflicts, its numbers the labels.

    Accepted beyond the standard, because files are found so: ``p edges`` and ``p col``, every
    edge in both directions, headers that count edges twice, repeated edges, comments anywhere,
    CRLF line ends, a byte order mark, blank lines; loops only in a file that lists every edge in
    both directions, where they are left out with a warning.

    Raises
    ------
    FormatError
        The file breaks the format; with its line.
    LimitError
        It is larger than `limits`.
    """
    reader = _Reader(str(path), limits)
    for block in line_blocks(path, limits):
        reader.feed(block)
    return reader.finish()


def dimacs_text(graph: ConflictGraph) -> Iterator[bytes]:
    """Text of a graph in DIMACS form, in pieces.

    Labels are left out: the format knows numbers only.

    Raises
    ------
    InputError
        The graph has weights or sizes, which the format cannot hold.
    """
    if graph.is_weighted or bool((graph.sizes != 1.0).any()):
        raise InputError("DIMACS .col holds neither weights nor sizes; write .json")
    edges: NDArray[Any] = graph.conflicts.edges() + 1
    yield f"p edge {graph.num_nodes} {len(edges)}\n".encode()
    for start in range(0, len(edges), 1 << 16):
        rows = edges[start : start + (1 << 16)].tolist()
        yield "".join([f"e {u} {v}\n" for u, v in rows]).encode()
