"""GML files (``.gml``): nested lists of keys and values."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from typing import Any

from geocolor.errors import FormatError, LimitError
from geocolor.graph import ConflictGraph
from geocolor.io.attributed import AttributedParts
from geocolor.io.listing import Listing
from geocolor.io.meaning import Meaning
from geocolor.io.source import Source
from geocolor.io.writing import edge_rows, names, number

__all__ = ["gml_text", "read_gml"]

_TOKEN = re.compile(
    r"""(?P<space>\s+|\#[^\n]*)
    |(?P<key>[A-Za-z_][0-9A-Za-z_]*)
    |(?P<number>[+-]?(?:\d+\.?\d*|\.\d+)(?:[Ee][+-]?\d+)?|[+-]?(?:INF|inf))
    |(?P<string>"[^"]*")
    |(?P<open>\[)
    |(?P<close>\])""",
    re.VERBOSE,
)
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
    parser = _Parser(text, source)
    parser.run()
    return parser.parts.listing()


class _Parser:
    """One pass over a text; keeps the path of open lists and what is in the innermost."""

    def __init__(self, text: str, source: Source) -> None:
        self.text, self.name = text, source.name
        self.parts = AttributedParts(source.name, source.limits)
        self.graphs = 0
        self.open: list[tuple[str, int]] = []
        self.row: dict[str, str] = {}

    def run(self) -> None:
        """Take the text token by token."""
        at, line, key = 0, 1, ""
        while at < len(self.text):
            found = _TOKEN.match(self.text, at)
            if found is None:
                raise FormatError(f"cannot read {self.text[at : at + 20]!r}", self.name, line)
            kind, word = str(found.lastgroup), found[0]
            at = found.end()
            match kind:
                case "key" if not key or word.lower() in ("inf", "nan"):
                    if key:
                        self._value(key, word, line)
                        key = ""
                    else:
                        key = word.lower()
                case "number" | "string" if key:
                    self._value(key, word, line)
                    key = ""
                case "open" if key:
                    self._begin(key, line)
                    key = ""
                case "close" if not key and self.open:
                    self._end()
                case "space":
                    pass
                case _:
                    raise FormatError(f"{word[:40]!r} is out of place", self.name, line)
            line += word.count("\n")
        if self.open or key:
            raise FormatError("it ends inside a list; is it cut off?", self.name, line)
        if not self.graphs:
            raise FormatError("no 'graph [': not a GML file", self.name)

    def _begin(self, key: str, line: int) -> None:
        if len(self.open) >= _DEEPEST:
            raise LimitError(f"{self.name}:{line}: nested deeper than {_DEEPEST}, the limit")
        if not self.open and key == "graph":
            self.graphs += 1
            if self.graphs > 1:
                raise FormatError("a second graph; one is read", self.name, line)
        self.open.append((key, line))
        if self._place in (["graph", "node"], ["graph", "edge"]):
            self.row = {}

    @property
    def _place(self) -> list[str]:
        return [key for key, _ in self.open]

    def _value(self, key: str, word: str, line: int) -> None:
        text = html.unescape(word[1:-1]) if word.startswith('"') else word
        if self._place == ["graph"] and key == "directed":
            self.parts.directed = text == "1"
        elif self._place in (["graph", "node"], ["graph", "edge"]):
            self.row.setdefault(key, text)

    def _end(self) -> None:
        place, row = self._place, self.row
        _, line = self.open.pop()
        if place == ["graph", "node"]:
            if "id" not in row:
                raise FormatError("a node without an id", self.name, line)
            self.parts.node(row["id"], row.get("label", row.get("name")), row.get("size"), line)
        elif place == ["graph", "edge"]:
            for end in _ENDS:
                if end not in row:
                    raise FormatError(f"an edge without its {end}", self.name, line)
            weight = row.get("weight", row.get("value"))
            ends = (row["source"], row["target"])
            self.parts.edge(ends, weight, row.get("conflict", False), line)
            for key in row.keys() - {*_ENDS, *_DRAWN, "weight", "value", "conflict", "key"}:
                self.parts.ignore(key)


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
