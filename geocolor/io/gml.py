"""GML files (``.gml``): nested lists of keys and values."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.entities import html5
from typing import Any

from geocolor.errors import FormatError, LimitError
from geocolor.graph import ConflictGraph
from geocolor.io.attributed import AttributedParts, unescaped
from geocolor.io.listing import Listing
from geocolor.io.meaning import Meaning
from geocolor.io.source import Source
from geocolor.io.writing import edge_rows, names, number

__all__ = ["gml_text", "read_gml"]

_BLANK = r"(?:\s++|\#[^\n]*+)*+"
_KEY = r"[A-Za-z_][0-9A-Za-z_]*+"
_REAL = r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[Ee][+-]?[0-9]+)?(?![\w.])"
# A key with what it stands for, the end of a list, or that of the text.
_ITEM = re.compile(
    rf"""{_BLANK}(?:
    (?P<key>{_KEY}){_BLANK}(?:
        (?P<value>"[^"]*" | {_REAL} | [+-]?(?:inf|nan)\b)
        | (?P<open>\[))
    | (?P<close>\])
    | (?P<end>\Z))""",
    re.VERBOSE | re.IGNORECASE,
)
_BEGUN = re.compile(rf"{_BLANK}(?:{_KEY}{_BLANK})?")
_ENTITY = re.compile(r"&(?:([A-Za-z][0-9A-Za-z]*;)|#[0-9A-Fa-fXx]+;)")
_NODE, _EDGE = ["graph", "node"], ["graph", "edge"]
_DEEPEST = 32
_ENDS = ("source", "target")
# Keys that say where and how a drawing shows things.
_DRAWN = ("graphics", "id", "label", "name", "size")


def read_gml(source: Source, meaning: Meaning) -> Listing:
    """Read the graph of a GML file.

    An edge's ``weight``, else its ``value``, is its weight; a node's ``label``, else its ``name``,
    what it is called. (Himsolt, GML: a portable graph file format, 1996.)

    Raises
    ------
    FormatError
        The file breaks the format; with its line.
    LimitError
        It is larger than the limits, or nested too deeply.
    """
    data = source.read_all().removeprefix(b"\xef\xbb\xbf")
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise FormatError("not UTF-8 text", source.name, line) from error
    parser = _Parser(text, source, meaning)
    parser.run()
    return parser.parts.listing()


class _Parser:
    """One pass over a text; keeps the path of open lists, and the row of a node or an edge."""

    def __init__(self, text: str, source: Source, meaning: Meaning) -> None:
        self.text, self.name = text, source.name
        self.parts = AttributedParts(source.name, source.limits, meaning, ("label", "name"))
        self.graphs = 0
        self.path: list[str] = []
        self.began: list[int] = []  # the lines of its lists
        self.row: dict[str, str] = {}

    def run(self) -> None:
        """Take the text item by item."""
        at, line, counted = 0, 1, 0
        while True:
            found = _ITEM.match(self.text, at)
            if found is None:
                raise self._fault(at)
            kind = str(found.lastgroup)
            if kind == "end":
                break
            at = found.end()
            start = found.start("close" if kind == "close" else "key")
            line += self.text.count("\n", counted, start)
            counted = start
            if kind == "value":
                self._value(found["key"].lower(), found["value"])
            elif kind == "open":
                self._begin(found["key"].lower(), line)
            elif self.path:
                self._end()
            else:
                raise FormatError("']' is out of place", self.name, line)
        if self.path:
            raise self._fault(len(self.text))
        if not self.graphs:
            raise FormatError("no 'graph [': not a GML file", self.name)

    def _fault(self, at: int) -> FormatError:
        """Say what is wrong with the item that should begin at a place."""
        begun = _BEGUN.match(self.text, at)
        end = at if begun is None else begun.end()
        line = self.text.count("\n", 0, end) + 1
        if end == len(self.text):
            return FormatError("it ends inside a list; is it cut off?", self.name, line)
        word = self.text[end:].split(maxsplit=1)[0]
        return FormatError(f"{word[:40]!r} is out of place", self.name, line)

    def _begin(self, key: str, line: int) -> None:
        if len(self.path) >= _DEEPEST:
            raise LimitError(f"{self.name}:{line}: nested deeper than {_DEEPEST}, the limit")
        if not self.path and key == "graph":
            self.graphs += 1
            if self.graphs > 1:
                raise FormatError("a second graph; one is read", self.name, line)
        self.path.append(key)
        self.began.append(line)
        if self.path in (_NODE, _EDGE):
            self.row = {}

    def _value(self, key: str, word: str) -> None:
        if self.path in (_NODE, _EDGE):
            self.row.setdefault(key, _plain(word))
        elif self.path == ["graph"] and key == "directed":
            self.parts.directed = word == "1"

    def _end(self) -> None:
        line, row = self.began.pop(), self.row
        if self.path == _NODE:
            if "id" not in row:
                raise FormatError("a node without an id", self.name, line)
            called = (row.get("label"), row.get("name"))
            self.parts.node(row["id"], called, row.get("size"), line)
        elif self.path == _EDGE:
            for end in _ENDS:
                if end not in row:
                    raise FormatError(f"an edge without its {end}", self.name, line)
            weight = row.get("weight", row.get("value"))
            ends = (row["source"], row["target"])
            self.parts.edge(ends, weight, row.get("conflict", False), line)
            for key in row.keys() - {*_ENDS, *_DRAWN, "weight", "value", "conflict", "key"}:
                self.parts.ignore(key)
        self.path.pop()


def _plain(word: str) -> str:
    if not word.startswith('"'):
        return word
    return _ENTITY.sub(_entity, word[1:-1]) if "&" in word else word[1:-1]


def _entity(found: re.Match[str]) -> str:
    return unescaped(found[0]) if found[1] is None else html5.get(found[1], found[0])


def gml_text(graph: ConflictGraph) -> Iterator[bytes]:
    """Text of a graph in GML form, in pieces."""
    yield b"graph [\n"
    for node, (name, size) in enumerate(zip(names(graph), graph.sizes.tolist(), strict=True)):
        sized = "" if size == 1.0 else f" size {_real(size)}"
        yield f'  node [ id {node} label "{_escaped(name)}"{sized} ]\n'.encode()
    for rows in edge_rows(graph):
        yield "".join(map(_edge, rows)).encode()
    yield b"]\n"


def _edge(row: tuple[int, int, Any, bool]) -> str:
    u, v, weight, hard = row
    weighted = "" if weight is None else f" weight {_real(weight)}"
    marked = " conflict 1" if weight is not None and hard else ""
    return f"  edge [ source {u} target {v}{weighted}{marked} ]\n"


def _real(value: float) -> str:
    """Write a number so that its digits have a point, as GML wants it."""
    text = number(value)
    mantissa, mark, exponent = text.partition("e")
    return text if not mark or "." in mantissa else f"{mantissa}.0{mark}{exponent}"


def _escaped(name: str) -> str:
    """Write a name in ASCII, which is all that GML has."""
    return "".join(c if " " <= c <= "~" and c not in '"&' else f"&#{ord(c)};" for c in name)
