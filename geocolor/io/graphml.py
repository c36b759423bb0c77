"""GraphML files (``.graphml``)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from geocolor.graph import ConflictGraph
from geocolor.io.listing import Listing
from geocolor.io.meaning import Meaning
from geocolor.io.source import Source
from geocolor.io.writing import edge_rows, number
from geocolor.io.xml_graph import GraphDocument, xml_names

__all__ = ["graphml_text", "read_graphml"]

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
    return _Document(source).listing(source, "graphml")


class _Document(GraphDocument):
    """The elements that say something."""

    def __init__(self, source: Source) -> None:
        super().__init__(source)
        self.keys: dict[str, tuple[str, str]] = {}  # what for, and the attribute's name
        self.defaults: dict[tuple[str, str], str] = {}
        self.key = ""

    def begin(self, element: str, attributes: Mapping[str, str]) -> None:
        match element:
            case "graphml" if len(self.path) > 1:
                raise self.error("a <graphml> inside another element")
            case "key":
                self.key = attributes.get("id", "")
                name = attributes.get("attr.name", self.key)
                self.keys[self.key] = (attributes.get("for", "all"), name)
            case "graph":
                self.begin_graph(directed=attributes.get("edgedefault") == "directed")
            case "node" | "edge":
                self.begin_row(element, attributes)
                self.parts.directed |= attributes.get("directed") == "true"
            case "hyperedge":
                raise self.error("an edge of more than two nodes")
            case "data":
                self.key = attributes.get("key", "")

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
                found = (self._found("node", name) for name in _CALLED)
                called = next(filter(None, found), None)
                self.parts.node(self.row["id"], called, self._found("node", "size"), self.began)
            case "edge":
                self.end_edge(self._found("edge", "weight"), self._found("edge", "conflict"))

    def _found(self, kind: str, name: str) -> str | None:
        return self.row.get(f"@{name}", self.defaults.get((kind, name)))


def graphml_text(graph: ConflictGraph) -> Iterator[bytes]:
    """Text of a graph in GraphML, in pieces; nodes have their names as ids.

    Raises
    ------
    InputError
        A name has a character that XML has not.
    """
    ids = xml_names(graph)
    yield (
        b'<?xml version="1.0" encoding="UTF-8"?>\n'
        b'<graphml xmlns="http://graphml.graphdrawing.org/xmlns">\n'
        b'<key id="weight" for="edge" attr.name="weight" attr.type="double"/>\n'
        b'<key id="conflict" for="edge" attr.name="conflict" attr.type="boolean"/>\n'
        b'<key id="size" for="node" attr.name="size" attr.type="double"/>\n'
        b'<graph edgedefault="undirected">\n'
    )
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
