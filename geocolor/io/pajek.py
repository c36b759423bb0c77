"""Pajek networks (``.net``): ``*Vertices``, then ``*Edges`` or ``*Arcs``, also as lists."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator

import numpy as np

from geocolor.errors import FormatError, InputError
from geocolor.graph import ConflictGraph
from geocolor.io.attributed import finite, unescaped
from geocolor.io.listing import EdgeParts, Listing, Note
from geocolor.io.meaning import Meaning, Weights
from geocolor.io.source import Source
from geocolor.io.tokens import LONGEST_NUMBER, tokenize
from geocolor.io.writing import edge_rows, names, number, require_room
from geocolor.wording import counted

__all__ = ["pajek_text", "read_pajek"]

# Lines that begin a section.
_BEGINS = re.compile(rb"(^[ \t]*\*[^\n]*\n)", re.MULTILINE)
# A number, a name in quotes, and what follows.
_VERTEX = re.compile(r'\s*(\d+)(?!\S)(?:\s+"([^"]*)")?(.*)', re.DOTALL)
_CHARACTER = re.compile("&(?=#[0-9A-Fa-fXx]+;)")
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[Ee][+-]?[0-9]+)?")
# Words that follow a name: when a vertex is there, how it is drawn.
_DRAWN = frozenset(
    (
        *("box", "ellipse", "diamond", "triangle", "cross", "empty", "house", "man", "woman"),
        *("s_size", "x_fact", "y_fact", "phi", "r", "q", "ic", "bc", "bw", "lc", "la", "lr"),
        *("lphi", "fos", "font", "url"),
    )
)


def read_pajek(source: Source, meaning: Meaning) -> Listing:
    """Read the vertices, edges and arcs of the first network of a file.

    Numbers count from 1. An edge without a third number has no weight. A name with blanks is in
    double quotes; in names, ``&#34;`` is the character of that number. (Batagelj and Mrvar, Pajek
    reference manual.)

    Raises
    ------
    FormatError
        The file breaks the format; with its line.
    LimitError
        It is larger than the limits.
    """
    reader = _Reader(source, meaning)
    line = 0
    for block in source.line_blocks():
        for piece in filter(None, _BEGINS.split(block)):
            if reader.ended:
                return reader.finish()
            reader.take(piece, line)
            line += piece.count(b"\n")
    return reader.finish()


class _Reader:
    """One pass over a file."""

    def __init__(self, source: Source, meaning: Meaning) -> None:
        self.name, self.limits = source.name, source.limits
        self.ignored = meaning.weights is Weights.IGNORE
        self.ended = False  # where another network begins
        self.relations: set[str] = set()
        self.places = 0  # vertices with coordinates and no name
        self.decimals = 0  # names that may be coordinates
        self.nodes = -1
        self.labels: dict[int, str] = {}
        self.edges = EdgeParts(source.name, source.limits)
        self.rows: list[tuple[int, int, int, float]] = []  # edges that wait: line, ends, weight
        self.arcs = False
        self.notes: list[Note] = []
        self.section: Callable[[str, int], None] = self._before

    def take(self, text: bytes, lines_before: int) -> None:
        """Take lines: edges all at once, if nothing else is among them, others one by one."""
        if self.section == self._edge and self._take_edges(text, lines_before):
            return
        for line, row in enumerate(text.split(b"\n")[:-1], lines_before + 1):
            try:
                said = row.decode().strip()
            except UnicodeDecodeError as error:
                raise FormatError("not UTF-8 text", self.name, line) from error
            if said and not said.startswith(("%", "/*")):
                self._feed(said, line)
        if self.rows:
            lines, tails, tips, values = zip(*self.rows, strict=True)
            self.edges.add(np.stack([tails, tips], axis=1), np.array(lines), np.array(values))
            self.rows = []

    def _take_edges(self, text: bytes, lines_before: int) -> bool:
        tokens = tokenize(text)
        heads, counts = tokens.heads, tokens.counts
        if not text.isascii() or (counts < 2).any():
            return False
        (tails, fine), (tips, fine_too) = tokens.whole(heads), tokens.whole(heads + 1)
        pairs = np.stack([tails, tips], axis=1)
        weighted = np.flatnonzero(counts > 2)
        values = np.full(len(heads), np.nan)
        values[weighted], finite_all = tokens.real(heads[weighted] + 2)
        inside = (pairs >= 1) & (pairs <= self.nodes)
        if not (fine.all() and fine_too.all() and inside.all() and finite_all.all()):
            return False
        self.edges.add(pairs - 1, lines_before + tokens.lines(heads), values)
        return True

    def _feed(self, text: str, line: int) -> None:
        """Take a line with something in it."""
        if text.startswith("*"):
            self._begin(text.split(), line)
        else:
            self.section(text, line)

    def _begin(self, words: list[str], line: int) -> None:
        kind = words[0].lower()
        if kind == "*network":
            if self.nodes >= 0:
                self.ended = True
                self.notes.append(Note("networks", f"the first network is read, up to line {line}"))
            return
        if kind == "*vertices":
            if self.nodes >= 0:
                raise FormatError("a second *Vertices; one network is read", self.name, line)
            if len(words) < 2 or not _is_whole(words[1]):
                raise FormatError("expected '*Vertices COUNT'", self.name, line)
            self.nodes = int(words[1])
            self.limits.require_nodes(self.nodes, self.name)
            self.section = self._vertex
            return
        if self.nodes < 0:
            raise FormatError("expected '*Vertices COUNT'", self.name, line)
        sections = {
            "*edges": self._edge,
            "*arcs": self._edge,
            "*edgeslist": self._list,
            "*arcslist": self._list,
        }
        if kind not in sections:
            known = ", ".join(("*Vertices", *sections))
            raise FormatError(f"{words[0][:40]!r} is not read; known are {known}", self.name, line)
        self.relations.update(word for word in words[1:2] if word.startswith(":"))
        self.arcs |= kind.startswith("*arcs")
        self.section = sections[kind]

    def _before(self, text: str, line: int) -> None:
        raise FormatError("not a Pajek network: expected '*Vertices COUNT'", self.name, line)

    def _vertex(self, text: str, line: int) -> None:
        found = _VERTEX.match(text)
        if found is None:
            raise FormatError("expected 'NUMBER \"NAME\"'", self.name, line)
        node = self._node(found[1], line)
        if node in self.labels:
            raise FormatError(f"a second vertex {node + 1}", self.name, line)
        if found[2] is None:
            self.labels[node] = unescaped(self._bare(found[3].split(), line) or found[1])
        else:
            self.labels[node] = unescaped(found[2])

    def _bare(self, words: list[str], line: int) -> str | None:
        """Tell a name without quotes from coordinates without a name."""
        numbers = 0
        while numbers < len(words) and _NUMBER.fullmatch(words[numbers]):
            numbers += 1
        if numbers == 2:
            self.places += 1
            return None
        self.decimals += numbers > 2 and not _is_whole(words[0])
        if not words:
            return None
        follows = words[1] if len(words) > 1 else "["
        if not (follows.startswith("[") or follows.lower() in _DRAWN or _NUMBER.fullmatch(follows)):
            raise FormatError(
                f"{follows[:40]!r} after the name {words[0][:40]!r}: a name with blanks must be in "
                "double quotes",
                self.name,
                line,
            )
        return words[0]

    def _edge(self, text: str, line: int) -> None:
        words = text.split()
        if len(words) < 2:
            raise FormatError("expected 'NUMBER NUMBER' and perhaps a weight", self.name, line)
        weight = math.nan
        if len(words) > 2 and not self.ignored:
            weight = finite(words[2], "the weight", self.name, line)
        ends = self._node(words[0], line), self._node(words[1], line)
        self.rows.append((line, *ends, weight))

    def _list(self, text: str, line: int) -> None:
        first, *rest = (self._node(word, line) for word in text.split())
        self.rows += [(line, first, node, math.nan) for node in rest]

    def _node(self, word: str, line: int) -> int:
        if not _is_whole(word) or not 1 <= int(word) <= self.nodes:
            raise FormatError(
                f"{word[:40]!r} is no vertex; they are numbered 1 to {self.nodes}", self.name, line
            )
        return int(word) - 1

    def finish(self) -> Listing:
        """List what was there."""
        if self.nodes < 0:
            raise FormatError("no '*Vertices COUNT': not a Pajek network", self.name)
        if self.places:
            told = counted(self.places, "vertex has", "vertices have")
            said = f"{told} coordinates and no name; such go by their numbers"
            self.notes.append(Note("names", said))
        if self.decimals:
            told = counted(self.decimals, "name")
            said = f"{told} without quotes may be a coordinate: the first word is the name"
            self.notes.append(Note("names", said))
        if len(self.relations) > 1:
            told = counted(len(self.relations), "relation")
            self.notes.append(Note("relations", f"{told} are read as one graph"))
        labels = [self.labels.get(node, str(node + 1)) for node in range(self.nodes)]
        if len(set(labels)) < len(labels):
            self.notes.append(Note("names", "names are not distinct; nodes go by their numbers"))
            labels = [str(node + 1) for node in range(self.nodes)]
        return Listing(
            self.nodes,
            self.edges.pairs,
            self.edges.values,
            lines=self.edges.lines,
            labels=labels,
            directed=self.arcs,
            notes=tuple(self.notes),
        )


def _is_whole(word: str) -> bool:
    return word.isascii() and word.isdigit() and len(word) <= LONGEST_NUMBER


def pajek_text(graph: ConflictGraph) -> Iterator[bytes]:
    """Text of a graph as a Pajek network, in pieces.

    Raises
    ------
    InputError
        The graph has sizes, or a name with a quote or a line break.
    """
    require_room(graph, "a Pajek network", sizes=False)
    called = names(graph)
    for name in called:
        if '"' in name or len(name.splitlines()) > 1 or name.splitlines() != [name][: len(name)]:
            raise InputError(f"a Pajek network cannot hold the name {name!r}; write .json")
    yield f"*Vertices {graph.num_nodes}\n".encode()
    said = [_CHARACTER.sub("&#38;", name) for name in called]
    yield "".join(f'{at} "{name}"\n' for at, name in enumerate(said, 1)).encode()
    yield b"*Edges\n"
    for rows in edge_rows(graph):
        lines = []
        for u, v, weight, hard in rows:
            if weight is not None:
                lines.append(f"{u + 1} {v + 1} {number(weight)}\n")
            if hard:
                lines.append(f"{u + 1} {v + 1}\n")
        yield "".join(lines).encode()
