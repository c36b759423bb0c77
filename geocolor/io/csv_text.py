"""Edges as a table (``.csv``, ``.tsv``): two columns of nodes, perhaps one of weights, a header."""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from geocolor.errors import FormatError, InputError
from geocolor.graph import ConflictGraph
from geocolor.io.attributed import finite
from geocolor.io.edge_rows import EdgeRows, is_plain_number, nodes_to_name_first
from geocolor.io.listing import Listing, Note
from geocolor.io.meaning import Meaning
from geocolor.io.source import Source
from geocolor.io.table import table_text
from geocolor.io.tokens import BLANKS
from geocolor.io.writing import edge_rows, names, number, require_room
from geocolor.wording import counted

__all__ = ["csv_text", "looks_like_csv", "read_csv"]

_DELIMITERS = ",;\t"
_QUOTED = re.compile(r'"[^"]*(?:"|$)')
# What is longer has an open quote that is none, as in 5".
_LONGEST_ROW = 1 << 24
_MOST_NOTES = 8
# What headers call the columns, by the attribute of _Columns.
_CALLED = {
    "tail": ("source", "from", "src", "node1", "node_1", "u", "i", "tail"),
    "head": ("target", "to", "dst", "node2", "node_2", "v", "j", "head"),
    "weight": ("weight", "w", "value", "cost", "similarity"),
    "conflict": ("conflict",),
    "direction": ("type",),
}


@dataclass(frozen=True)
class _Columns:
    """Where things are in a row; -1 for what is not there."""

    tail: int = 0
    head: int = 1
    weight: int = 2
    conflict: int = -1
    direction: int = -1

    def plain(self, width: int) -> bool:
        """Whether rows of at most `width` fields are two nodes and perhaps a weight."""
        rest = (self.weight, self.conflict, self.direction)
        return (self.tail, self.head) == (0, 1) and (
            (rest == (2, -1, -1) and width <= 3) or (rest == (-1, -1, -1) and width == 2)
        )


def read_csv(source: Source, meaning: Meaning) -> Listing:
    """Read a table of edges, its delimiter (comma, semicolon or tab) told by its first line.

    A header names the columns (source, target, weight, conflict, Type, as Gephi has them too), and
    no row is wider than it; without one, or with one that names no nodes, they are the nodes and
    perhaps the weight. An empty weight is none, and a row with one node names it, as in
    :func:`geocolor.io.edge_list.read_edge_list`.

    Raises
    ------
    FormatError
        The file breaks the format; with its line.
    LimitError
        It is larger than the limits.
    """
    reader = _Reader(source)
    for block in _whole_rows(source.line_blocks()):
        reader.feed(block)
    return reader.rows.listing(directed=reader.directed, notes=tuple(reader.notes))


def _whole_rows(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """Join blocks where the line break between them stands in a quoted field."""
    held: list[bytes] = []
    quotes = size = 0
    for block in blocks:
        held.append(block)
        quotes += block.count(b'"')
        size += len(block)
        if quotes % 2 == 0 or size > _LONGEST_ROW:
            yield b"".join(held)
            held, quotes, size = [], 0, 0
    if held:
        yield b"".join(held)


class _Reader:
    """One pass over a file."""

    def __init__(self, source: Source) -> None:
        self.name = source.name
        self.rows = EdgeRows(source)
        self.columns = _Columns()
        self.begun = False
        self.delimiter = ","
        self.width = 3
        self.directed = False
        self.notes: list[Note] = []

    def feed(self, block: bytes) -> None:
        """Take a block of whole lines."""
        if not self.begun:
            if not block.strip():
                self.rows.lines_before += block.count(b"\n")
                return
            block = self._begin(block)
        if self.columns.plain(self.width) and self._is_plain(block):
            self.rows.feed(block.replace(self.delimiter.encode(), b" "), self.width)
        else:
            self._feed_rows(block)

    def _begin(self, block: bytes) -> bytes:
        """Find delimiter and columns; what is left to read has no header."""
        self.begun = True
        start = len(block) - len(block.lstrip(b" \r\n"))
        lines = block[start:].split(b"\n", 2)[:2]
        first = lines[0].decode(errors="replace")
        self.delimiter = mark = _delimiter(first)
        rows = [_fields(line.decode(errors="replace"), mark) for line in lines]
        self.columns, header = _columns(rows[0], rows[1] if len(rows) > 1 else [])
        self.width = len(rows[0]) if header else max(len(rows[0]), 3)
        self._note_columns(rows[0], header)
        return block[:start] + block[block.index(b"\n", start) :] if header else block

    def _note_columns(self, first: list[str], header: bool) -> None:
        used = vars(self.columns).values()
        told = []
        for at, word in enumerate(first):
            name = repr(word[:40]) if header else f"number {at + 1}"
            if at not in used:
                told.append(f"the column {name} says nothing here")
            elif header and at == self.columns.weight and word.lower() not in _CALLED["weight"]:
                told.append(f"the column {name} is read as the weight")
        self.notes = [Note("columns", text) for text in told[:_MOST_NOTES]]

    def _is_plain(self, block: bytes) -> bool:
        """Whether nothing is in it that only the slow way reads: quotes, blanks, empty fields."""
        mark = self.delimiter.encode()
        others = [bytes([blank]) for blank in BLANKS if blank not in b"\r\n" + mark]
        empty = [mark + mark, mark + b"\n", mark + b"\r", b"\n" + mark]
        return (
            not block.startswith(mark)
            and block.count(b"\r") == block.count(b"\r\n")
            and not any(part in block for part in (b'"', *others, *empty))
        )

    def _feed_rows(self, block: bytes) -> None:
        """Take a block row by row."""
        before = self.rows.lines_before
        try:
            text = block.decode()
        except UnicodeDecodeError as error:
            line = before + block.count(b"\n", 0, error.start) + 1
            raise FormatError("not UTF-8 text", self.name, line) from error
        table = _Rows([], [], [], [])
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=self.delimiter, strict=True)
        try:
            for fields in reader:
                self._row([field.strip() for field in fields], before + reader.line_num, table)
        except csv.Error as error:
            line = before + max(reader.line_num, 1)
            raise FormatError(f"not CSV: {error}", self.name, line) from error
        self.rows.add(table.words, table.ends, table.values, table.lines)
        self.rows.lines_before += block.count(b"\n")

    def _row(self, row: list[str], line: int, table: _Rows) -> None:
        if not any(row):
            return
        columns = self.columns
        if len(row) > self.width:
            raise FormatError(
                f"{counted(len(row), 'field')}, {self.width} expected", self.name, line
            )

        def field(at: int) -> str:
            return row[at] if 0 <= at < len(row) else ""

        tail, head, weight = field(columns.tail), field(columns.head), field(columns.weight)
        if not tail or (weight and not head):
            raise FormatError("expected two nodes and perhaps a weight", self.name, line)
        value = finite(weight, "the weight", self.name, line) if weight else math.nan
        self.directed |= field(columns.direction).lower() == "directed"
        hard = field(columns.conflict).lower()
        if hard not in ("", "0", "1", "true", "false"):
            raise FormatError(f"conflict is {hard[:40]!r}, neither true nor false", self.name, line)
        table.add([tail, head], value, line)
        if weight and hard in ("1", "true"):  # a row without a weight is the conflict
            table.add([tail, head], math.nan, line)


@dataclass(frozen=True)
class _Rows:
    """Rows as :meth:`EdgeRows.add` takes them."""

    words: list[bytes]
    ends: list[int]
    values: list[float]
    lines: list[int]

    def add(self, nodes: list[str], value: float, line: int) -> None:
        known = [node.encode() for node in nodes if node]
        self.words.extend(known)
        self.ends.append(len(known))
        self.values.append(value)
        self.lines.append(line)


def _delimiter(line: str) -> str:
    """Find what separates the fields of a line: what is most frequent outside of quotes."""
    return max(_DELIMITERS, key=_QUOTED.sub("", line).count)


def _fields(line: str, delimiter: str) -> list[str]:
    try:
        row = next(csv.reader([line.rstrip("\r")], delimiter=delimiter), [])
    except csv.Error:
        return []
    return [field.strip() for field in row]


def _columns(first: list[str], second: list[str]) -> tuple[_Columns, bool]:
    """Find the columns, and whether the first row is a header."""
    lowered = [word.lower() for word in first]
    found = {
        attribute: next((lowered.index(word) for word in known if word in lowered), -1)
        for attribute, known in _CALLED.items()
    }
    if found["tail"] >= 0 and found["head"] >= 0:
        return _Columns(**found), True
    worded = len(first) > 2 and bool(first[2]) and not _is_number(first[2])
    over_numbers = (
        len(first) > 1
        and len(second) > 1
        and all(is_plain_number(word.encode()) for word in second[:2])
        and not any(map(_is_number, first[:2]))
    )
    header = worded or over_numbers
    return _Columns(weight=-1 if header and len(first) == 2 else 2), header


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True


def looks_like_csv(head: bytes) -> bool:
    """Whether the first line of a text has fields: a known header, or names without blanks."""
    text = head.removeprefix(b"\xef\xbb\xbf").strip().split(b"\n", 1)[0].decode(errors="replace")
    delimiter = _delimiter(text)
    fields = _fields(text, delimiter)
    if b"\0" in head or len(fields) < 2 or text[0] in "#%{[<*":
        return False
    _, header = _columns(fields, [])
    return header or (delimiter != "\t" and not any(" " in field for field in fields))


def csv_text(graph: ConflictGraph) -> Iterator[bytes]:
    """Text of a graph as a table with a header, in pieces.

    Raises
    ------
    InputError
        The graph has sizes, or names that would not come back.
    """
    require_room(graph, "a .csv", sizes=False)
    called = names(graph)
    for name in called:
        if not name or name != name.strip() or {"\0", "\r", "\n", "\ufeff"} & set(name):
            raise InputError(f"a .csv cannot hold the name {name!r}; write .json")
    columns = ["source", "target"]
    if graph.is_weighted:
        columns += ["weight", "conflict"] if graph.conflicts.num_edges else ["weight"]
    empty = [""] * (len(columns) - 1)
    yield table_text([columns, *([name, *empty] for name in nodes_to_name_first(graph))])
    for rows in edge_rows(graph):
        yield table_text(
            [called[u], called[v], "" if weight is None else number(weight), str(hard).lower()][
                : len(columns)
            ]
            for u, v, weight, hard in rows
        )
