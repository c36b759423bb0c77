"""METIS graph files (``.graph``, ``.metis``): a line of neighbors for each node."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geocolor.errors import FormatError, InputError
from geocolor.graph import ConflictGraph
from geocolor.io.limits import Limits
from geocolor.io.listing import EdgeParts, Listing, Note, Symmetry
from geocolor.io.meaning import Meaning
from geocolor.io.numbered import number_labels
from geocolor.io.source import Source, shown
from geocolor.io.tokens import LONGEST_NUMBER, Tokens, tokenize
from geocolor.io.writing import number, require_room

__all__ = ["metis_text", "read_metis"]

_COMMENT = ord("%")


@dataclass(frozen=True)
class _Header:
    """The first line: ``NODES EDGES [FMT [NCON]]``, where FMT says which numbers there are."""

    nodes: int
    edges: int
    node_sizes: bool
    node_weights: int
    edge_weights: bool

    @property
    def before(self) -> int:
        """Numbers in a line before its first neighbor."""
        return self.node_sizes + self.node_weights


def read_metis(source: Source, meaning: Meaning) -> Listing:
    """Read a graph of which line i lists the neighbors of node i, numbered from 1.

    Weights of edges are weights, the first weight of a node is its size. Beyond the standard,
    weights may be any finite numbers. (Karypis, METIS manual 5.1, section 4.1.)

    Raises
    ------
    FormatError
        The file breaks the format; with its line.
    LimitError
        It is larger than the limits.
    """
    reader = _Reader(source.name, source.limits)
    for block in source.line_blocks():
        reader.feed(block)
    return reader.finish()


class _Reader:
    """One pass over a file."""

    def __init__(self, name: str, limits: Limits) -> None:
        self.name = name
        self.limits = limits
        self.header: _Header | None = None
        self.edges = EdgeParts(name, limits)
        self.sizes: list[NDArray[np.float64]] = []
        self.rows = 0  # lines of nodes so far
        self.lines_before = 0

    def error(self, message: str, line: int) -> FormatError:
        return FormatError(message, self.name, self.lines_before + line)

    def feed(self, block: bytes) -> None:
        """Take a block of whole lines."""
        tokens = tokenize(block)
        lines = tokens.lines(tokens.heads) - 1
        comment = tokens.data[tokens.starts[tokens.heads]] == _COMMENT
        # Every line that is no comment is a node's, be it empty; the first one is the header.
        is_row = np.ones(len(tokens.breaks), dtype=bool)
        is_row[lines[comment]] = False
        heads, counts, lines = tokens.heads[~comment], tokens.counts[~comment], lines[~comment]
        if self.header is None:
            if len(heads):
                self.header = self._header(tokens, int(heads[0]), int(counts[0]), int(lines[0]) + 1)
                is_row[: lines[0] + 1] = False
                heads, counts, lines = heads[1:], counts[1:], lines[1:]
            else:
                is_row[:] = False
        if self.header is not None:
            nodes = self.rows + np.cumsum(is_row) - 1
            if len(heads):
                self._rows(self.header, tokens, heads, counts, lines + 1, nodes[lines])
            self.rows += int(np.count_nonzero(is_row))
        self.lines_before += len(tokens.breaks)

    def _header(self, tokens: Tokens, head: int, count: int, line: int) -> _Header:
        words = [tokens.word(head + at) for at in range(min(count, 5))]
        if not 2 <= len(words) <= 4 or not all(
            word.isdigit() and len(word) <= LONGEST_NUMBER for word in words
        ):
            raise self.error("the first line must read 'NODES EDGES [FMT [NCON]]'", line)
        nodes, edges = int(words[0]), int(words[1])
        kind = words[2].rjust(3, b"0") if len(words) > 2 else b"000"
        if len(kind) != 3 or kind.strip(b"01"):
            raise self.error(f"FMT must be three digits 0 or 1, not {shown(words[2])}", line)
        weights = int(words[3]) if len(words) > 3 else 1
        self.limits.require_nodes(nodes, self.name)
        self.limits.require_edges(edges, self.name)
        weighted = kind[1:2] == b"1"
        return _Header(nodes, edges, kind[:1] == b"1", weights if weighted else 0, kind[2:] == b"1")

    def _rows(
        self,
        header: _Header,
        tokens: Tokens,
        heads: NDArray[np.int64],
        counts: NDArray[np.int64],
        lines: NDArray[np.int64],
        nodes: NDArray[np.int64],
    ) -> None:
        if nodes[-1] >= header.nodes:
            at = int(np.argmax(nodes >= header.nodes))
            raise self.error(f"a line beyond those of {header.nodes} nodes", int(lines[at]))
        step = 2 if header.edge_weights else 1
        short = (counts < header.before) | ((counts - header.before) % step != 0)
        if short.any():
            raise self.error("numbers are missing in this line", int(lines[np.argmax(short)]))
        if header.node_weights:
            self.sizes.append(self._real(tokens, heads + header.node_sizes, lines))
        degrees = (counts - header.before) // step
        line_of = np.repeat(np.arange(len(heads)), degrees)
        within = np.arange(len(line_of)) - np.repeat(np.cumsum(degrees) - degrees, degrees)
        words = heads[line_of] + header.before + step * within
        found, fine = tokens.whole(words)
        fine &= (found >= 1) & (found <= header.nodes)
        if not fine.all():
            at = int(np.argmin(fine))
            raise self.error(
                f"{shown(tokens.word(int(words[at])))} is no node; they are numbered 1 to "
                f"{header.nodes}",
                int(lines[line_of[at]]),
            )
        pairs = np.stack([nodes[line_of], found - 1], axis=1)
        values = self._real(tokens, words + 1, lines[line_of]) if header.edge_weights else None
        self.edges.add(pairs, self.lines_before + lines[line_of], values)

    def _real(
        self, tokens: Tokens, words: NDArray[np.int64], lines: NDArray[np.int64]
    ) -> NDArray[np.float64]:
        values, fine = tokens.real(words)
        if not fine.all():
            at = int(np.argmin(fine))
            said = shown(tokens.word(int(words[at])))
            raise self.error(f"{said} is not a finite number", int(lines[at]))
        return values

    def finish(self) -> Listing:
        """Check the promised numbers of nodes and edges, and list them."""
        header = self.header
        if header is None:
            raise FormatError("no line 'NODES EDGES': not a METIS graph", self.name)
        if self.rows < header.nodes:
            raise FormatError(
                f"the first line promises {header.nodes} nodes, the file has lines for "
                f"{self.rows}; is it cut off?",
                self.name,
            )
        if self.edges.count != 2 * header.edges:
            raise FormatError(
                f"the first line promises {header.edges} edges, which are {2 * header.edges} "
                f"neighbors; the file has {self.edges.count}",
                self.name,
            )
        notes = []
        if header.node_weights > 1 or header.node_sizes:
            notes.append(Note("sizes", "only the first weight of each node is read, as its size"))
        return Listing(
            header.nodes,
            self.edges.pairs,
            self.edges.values if header.edge_weights else None,
            lines=self.edges.lines,
            labels=number_labels(header.nodes, 1),
            sizes=np.concatenate(self.sizes) if header.node_weights and self.sizes else None,
            symmetry=Symmetry.REQUIRED,
            notes=tuple(notes),
        )


def metis_text(graph: ConflictGraph) -> Iterator[bytes]:
    """Text of a graph in METIS form, in pieces; names are left out.

    Raises
    ------
    InputError
        The graph has both weights and conflicts, or weights or sizes that METIS would refuse:
        others than whole numbers from 1.
    """
    require_room(graph, "a METIS graph", both=False)
    sized, weighted = bool((graph.sizes != 1.0).any()), graph.is_weighted
    for what, numbers in (("weights", graph.weights.edge_values()), ("sizes", graph.sizes)):
        if ((numbers < 1) | (numbers != np.floor(numbers))).any():
            raise InputError(f"a METIS graph holds whole {what} from 1 only; write .json")
    part = graph.weights if weighted else graph.conflicts
    kind = f" 0{int(sized)}{int(weighted)}" if sized or weighted else ""
    yield f"{graph.num_nodes} {part.num_edges}{kind}\n".encode()
    for node in range(graph.num_nodes):
        row = [number(float(graph.sizes[node]))] if sized else []
        neighbors = (part.neighbors(node) + 1).tolist()
        if part.values is None or not weighted:
            row += map(str, neighbors)
        else:
            values = part.values[part.indptr[node] : part.indptr[node + 1]].tolist()
            for neighbor, value in zip(neighbors, values, strict=True):
                row += (str(neighbor), number(value))
        yield (" ".join(row) + "\n").encode()
