"""GraphML files (``.graphml``)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from xml.sax.saxutils import quoteattr

from geocolor.errors import FormatError, InputError
from geocolor.graph import ConflictGraph
from geocolor.io.attributed import AttributedParts
from geocolor.io.listing import Listing
from geocolor.io.meaning import Meaning
from geocolor.io.source import Source
from geocolor.io.writing import edge_rows, names, number
from geocolor.io.xml_text import Elements, parse_xml

__all__ = ["graphml_text", "is_xml_name", "quoted", "read_graphml"]

_CALLED = ("name", "label")


def read_graphml(source: Source, meaning: Meaning) -> Listing:
    """Read the graph of a GraphML document.

    A node is called by its attribute ``name``, else ``label``, else its id. (Brandes et al.,
    GraphML primer, http://graphml.graphdrawing.org.)

    Raises
    ------
    FormatError
        The file breaks the format; with its line.
    LimitError
        It is larger than the limits.
    """
    document = _Document(source)
    parse_xml(source, document)
    if not document.graphs:
        raise FormatError("no <graph> in <graphml>: not a GraphML file", source.name)
    return document.parts.listing()


class _Document(Elements):
    """The elements that say something."""

    def __init__(self, source: Source) -> None:
        super().__init__(source)
        self.parts = AttributedParts(source.name, source.limits)
        self.graphs = 0
        self.keys: dict[str, tuple[str, str]] = {}  # what for, and the attribute's name
        self.defaults: dict[tuple[str, str], str] = {}
        self.key = ""
        self.row: dict[str, str] = {}
        self.ends = ("", "")
        self.began = 0

    def begin(self, element: str, attributes: Mapping[str, str]) -> None:
        match element:
            case "graphml" if len(self.path) > 1:
                raise self.error("a <graphml> inside another element")
            case "key":
                self.key = attributes.get("id", "")
                name = attributes.get("attr.name", self.key)
                self.keys[self.key] = (attributes.get("for", "all"), name)
            case "graph":
                self.graphs += 1
                if self.graphs > 1:
                    raise self.error("a second graph, or one in a node; one is read")
                self.parts.directed = attributes.get("edgedefault") == "directed"
            case "node":
                self.row = {"id": self._needed(attributes, "id", "node")}
                self.began = self.line
            case "edge":
                self.row = {}
                self.ends = (
                    self._needed(attributes, "source", "edge"),
                    self._needed(attributes, "target", "edge"),
                )
                self.began = self.line
                self.parts.directed |= attributes.get("directed") == "true"
            case "hyperedge":
                raise self.error("an edge of more than two nodes")
            case "data":
                self.key = attributes.get("key", "")

    def _needed(self, attributes: Mapping[str, str], name: str, element: str) -> str:
        if name not in attributes:
            raise self.error(f"a <{element}> without its {name}")
        return attributes[name]

    def end(self, element: str) -> None:
        inside = self.path[-1] if self.path else ""
        match element:
            case "default" if self.key in self.keys:
                what, name = self.keys[self.key]
                for kind in ("node", "edge") if what == "all" else (what,):
                    self.defaults[kind, name] = self.text
            case "data" if inside in ("node", "edge"):
                _, name = self.keys.get(self.key, ("", self.key))
                self.row[f"@{name}"] = self.text
            case "node":
                called = next(
                    (self._found("node", name) for name in _CALLED if self._found("node", name)),
                    None,
                )
                self.parts.node(self.row["id"], called, self._found("node", "size"), self.began)
            case "edge":
                weight, conflict = self._found("edge", "weight"), self._found("edge", "conflict")
                self.parts.edge(self.ends, weight, conflict or False, self.began)
                for name in self.row.keys() - {"@weight", "@conflict"}:
                    self.parts.ignore(name[1:])

    def _found(self, kind: str, name: str) -> str | None:
        return self.row.get(f"@{name}", self.defaults.get((kind, name)))


def is_xml_name(name: str) -> bool:
    """Whether a name may stand in an XML document, and comes back from it."""
    return all(
        c in "\t\n\r" or " " <= c <= "\ud7ff" or "\ue000" <= c <= "\ufffd" or c > "\uffff"
        for c in name
    )


def graphml_text(graph: ConflictGraph) -> Iterator[bytes]:
    """Text of a graph in GraphML, in pieces; nodes have their names as ids.

    Raises
    ------
    InputError
        A name has a character that XML has not.
    """
    called = names(graph)
    for name in called:
        if not is_xml_name(name):
            raise InputError(f"XML cannot hold the name {name!r}; write .json")
    yield (
        b'<?xml version="1.0" encoding="UTF-8"?>\n'
        b'<graphml xmlns="http://graphml.graphdrawing.org/xmlns">\n'
        b'<key id="weight" for="edge" attr.name="weight" attr.type="double"/>\n'
        b'<key id="conflict" for="edge" attr.name="conflict" attr.type="boolean"/>\n'
        b'<key id="size" for="node" attr.name="size" attr.type="double"/>\n'
        b'<graph edgedefault="undirected">\n'
    )
    ids = [quoted(name) for name in called]
    for name, size in zip(ids, graph.sizes.tolist(), strict=True):
        inside = "" if size == 1.0 else _data("size", number(size))
        yield f"<node id={name}>{inside}</node>\n".encode()
    for rows in edge_rows(graph):
        lines = []
        for u, v, weight, hard in rows:
            inside = "" if weight is None else _data("weight", number(weight))
            inside += _data("conflict", "true") if weight is not None and hard else ""
            lines.append(f"<edge source={ids[u]} target={ids[v]}>{inside}</edge>\n")
        yield "".join(lines).encode()
    yield b"</graph>\n</graphml>\n"


def _data(key: str, text: str) -> str:
    return f'<data key="{key}">{text}</data>'


def quoted(name: str) -> str:
    """Write a name as an attribute's value, with its quotes."""
    # Line breaks and tabs in attributes would come back as blanks.
    return quoteattr(name, {"\n": "&#10;", "\r": "&#13;", "\t": "&#9;"})
