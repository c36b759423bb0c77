"""Edges as a table (``.csv``, ``.tsv``): two columns of nodes, perhaps one of weights, a header."""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from geocolor.errors import FormatError, InputError
from geocolor.graph import ConflictGraph
from geocolor.io.attributed import finite
from geocolor.io.csv_matrix import MatrixRows
from geocolor.io.edge_rows import EdgeRows, nodes_to_name_first, require_no_node
from geocolor.io.headers import Columns, columns_of, is_table_of_nodes, matrix_names
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
# Excel's first line for tables that are not separated by what the country has.
_SEPARATOR = re.compile(rb'"?sep=(.)"?[ \t\r]*', re.IGNORECASE)
# Names may begin with the signs of comments too: #love,#cat is a row.
_COMMENT = re.compile(rb"[#%](?:[#%\s].*|[^,;\t|]*)", re.DOTALL)
_DECIMAL_COMMA = re.compile(r"([+-]?[0-9]++),([0-9]++(?:[eE][+-]?[0-9]++)?)")
# A decimal comma needs another delimiter.
_BESIDE_COMMAS = ";\t"
_BLANK = BLANKS.decode()


def read_csv(source: Source, meaning: Meaning) -> Listing:
    """Read a table of edges, its delimiter (comma, semicolon or tab) told by its first row.

    A header, as :func:`geocolor.io.headers.columns_of` tells one, names the columns (source,
    target, weight, conflict, Type, as Gephi has them too), and no row is wider than it; without
    one they are the nodes and perhaps the weight. An empty weight is none, and a row with one node
    names it, as in :func:`geocolor.io.edge_list.read_edge_list`. A table whose first row and first
    column have the same names is a matrix.

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
    return reader.listing()


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
        self.source, self.name = source, source.name
        self.rows = EdgeRows(source)
        self.matrix: MatrixRows | None = None
        self.columns = Columns()
        self.header: list[str] = []
        self.header_line = 0
        self.begun = False
        self.delimiter = ","
        self.width = 3
        self.directed = False
        self.comma_line = 0  # the first with a decimal comma
        self.notes: list[Note] = []

    def feed(self, block: bytes) -> None:
        """Take a block of whole lines."""
        if not self.begun:
            block = self._begin(block)
        if not block:
            return
        if self.matrix is None and self.columns.plain(self.width) and self._is_plain(block):
            self.rows.feed(block.replace(self.delimiter.encode(), b" "), self.width)
        else:
            self._feed_rows(block)

    def listing(self) -> Listing:
        """Put the rows together."""
        if self.comma_line:
            text = f"weights have a decimal comma, first in line {self.comma_line}: 0,5 is 0.5"
            self.notes.append(Note("decimal-comma", text))
        if self.matrix is not None:
            listing = self.matrix.listing()
            self.notes.insert(0, Note("matrix", "the table is a matrix: its entries are weights"))
            return replace(listing, notes=(*self.notes, *listing.notes))
        listing = self.rows.listing(
            directed=self.directed, headed=bool(self.header), notes=tuple(self.notes)
        )
        if self.header and not self.columns.certain:
            words = [self.header[at] for at in (self.columns.tail, self.columns.head)]
            require_no_node(words, listing, self.name, self.header_line)
        return replace(listing, similarities=self.columns.similarities)

    def _begin(self, block: bytes) -> bytes:
        """Find delimiter and columns; what is left to read has no header."""
        start, mark = _start(block)
        if start == len(block):
            self.rows.lines_before += block.count(b"\n")
            return b""
        self.begun = True
        skipped = block.count(b"\n", 0, start)
        if b"#" in block[:start] or b"%" in block[:start]:
            self.notes.append(
                Note("comments", "lines before the table begin with # or % and say nothing")
            )
        self.delimiter = mark or _delimiter(_first_line(block[start:]))
        found = _first_rows(block[start:], self.delimiter)
        rows = [row for row, _ in found]
        if not rows:
            return b"\n" * skipped + block[start:]
        columns = self._told(rows, skipped + 1)
        if columns is not None:
            self.columns, self.header, self.header_line = columns, rows[0], skipped + 1
        header = columns is not None or self.matrix is not None
        self.width = len(rows[0]) if header else max(len(rows[0]), 3)
        if self.matrix is None:
            self._note_columns(rows[0], columns)
        if not header:
            return b"\n" * skipped + block[start:]
        lines = skipped + found[0][1]
        return b"\n" * lines + block.split(b"\n", lines)[lines]

    def _told(self, rows: list[list[str]], line: int) -> Columns | None:
        """Find the columns if the first row is a header; begin a matrix if it heads one."""
        columns = columns_of(rows[0], rows[1] if len(rows) > 1 else [])
        if columns is not None and columns.known:
            return columns
        names = matrix_names(rows)
        if names is not None:
            self.matrix = MatrixRows(self.source, names)
            return None
        if is_table_of_nodes(rows[0]):
            raise FormatError(
                f"a table of nodes ({', '.join(rows[0])[:60]}): the edges are in another, with "
                "columns source and target",
                self.name,
                line,
            )
        return columns

    def _note_columns(self, first: list[str], columns: Columns | None) -> None:
        used, told = self.columns.used(), []
        for at, word in enumerate(first):
            name = repr(word[:40]) if columns else f"number {at + 1}"
            if at not in used:
                told.append(f"the column {name} says nothing here")
            elif columns and at == columns.weight and not columns.weighs(word):
                told.append(f"the column {name} is read as the weight")
        if columns and not columns.known:
            words = ", ".join(repr(word[:40]) for word in first[:2])
            self.notes.append(Note("header", f"the first row, {words}, is read as a header"))
        self.notes += [Note("columns", text) for text in told[:_MOST_NOTES]]

    def _is_plain(self, block: bytes) -> bool:
        """Whether nothing is in it that only the slow way reads: quotes, blanks, empty fields."""
        mark = self.delimiter.encode()
        others = [bytes([blank]) for blank in BLANKS if blank not in b"\r\n" + mark]
        empty = [mark + mark, mark + b"\n", mark + b"\r", b"\n" + mark]
        commas = [b","] if self.delimiter in _BESIDE_COMMAS else []
        return (
            not block.startswith(mark)
            and block.count(b"\r") == block.count(b"\r\n")
            and not any(part in block for part in (b'"', *others, *empty, *commas))
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
        reader = csv.reader(_lines(text), delimiter=self.delimiter, strict=True)
        line = before + 1
        try:
            for fields in reader:
                self._row([field.strip(_BLANK) for field in fields], line, table)
                line = before + reader.line_num + 1
        except csv.Error as error:
            raise FormatError(f"not CSV: {error}", self.name, line) from error
        self.rows.add(table.words, table.ends, table.values, table.lines)
        self.rows.lines_before += block.count(b"\n")

    def _row(self, row: list[str], line: int, table: _Rows) -> None:
        if not any(row):
            return
        if self.matrix is not None:
            entries = [self._with_point(field, line) for field in row[1:]]
            self.matrix.add([row[0], *entries], line)
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
        value = math.nan
        if weight:
            value = finite(self._with_point(weight, line), "the weight", self.name, line)
        self.directed |= field(columns.direction).lower() == "directed"
        hard = field(columns.conflict).lower()
        if hard not in ("", "0", "1", "true", "false"):
            raise FormatError(f"conflict is {hard[:40]!r}, neither true nor false", self.name, line)
        table.add([tail, head], value, line)
        if weight and hard in ("1", "true"):  # a row without a weight is the conflict
            table.add([tail, head], math.nan, line)

    def _with_point(self, word: str, line: int) -> str:
        """Give a number with a decimal comma a point, where commas separate no fields."""
        if self.delimiter in _BESIDE_COMMAS and "," in word:
            found = _DECIMAL_COMMA.fullmatch(word)
            if found is not None:
                self.comma_line = self.comma_line or line
                return f"{found[1]}.{found[2]}"
        return word


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


def _start(block: bytes) -> tuple[int, str]:
    """Find where the first row begins, and the delimiter if a line before it tells one."""
    at, mark = 0, ""
    while at < len(block):
        end = block.find(b"\n", at)
        end = len(block) if end < 0 else end
        line = block[at:end].strip(BLANKS)
        separator = _SEPARATOR.fullmatch(line)
        if separator and separator[1].decode(errors="replace") in _DELIMITERS:
            mark = separator[1].decode()
        elif line and not _COMMENT.fullmatch(line):
            break
        at = end + 1
    return min(at, len(block)), mark


def _first_line(text: bytes) -> str:
    return text.split(b"\n", 1)[0].decode(errors="replace")


def _first_rows(text: bytes, delimiter: str) -> list[tuple[list[str], int]]:
    """Give the first three rows, each with the number of lines up to its end."""
    reader = csv.reader(_lines(text.decode(errors="replace")), delimiter=delimiter)
    rows: list[tuple[list[str], int]] = []
    try:
        for row in reader:
            if any(fields := [field.strip(_BLANK) for field in row]):
                rows.append((fields, reader.line_num))
            if len(rows) == 3:
                break
    except csv.Error:
        pass
    return rows


def _lines(text: str) -> Iterator[str]:
    """Give lines as a file has them: a lone carriage return ends none."""
    at = 0
    while at < len(text):
        end = text.find("\n", at) + 1 or len(text)
        yield text[at:end]
        at = end


def looks_like_csv(head: bytes) -> bool:
    """Whether the first line of a text has fields: a known header, or names without blanks."""
    text = head.removeprefix(b"\xef\xbb\xbf")
    if b"\0" in head:
        return False
    start, mark = _start(text)
    delimiter = mark or _delimiter(_first_line(text[start:]))
    rows = [row for row, _ in _first_rows(text[start:], delimiter)]
    if not rows or len(rows[0]) < 2 or text[start : start + 1] in b"{[<*":
        return False
    columns = columns_of(rows[0], [])
    return columns is not None or (delimiter != "\t" and not any(" " in field for field in rows[0]))


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
        if not name or name != name.strip(_BLANK) or {"\0", "\r", "\n", "\ufeff"} & set(name):
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
