"""GraphML files (``.graphml``)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from geocolor.graph import ConflictGraph
from geocolor.io.listing import Listing, Note
from geocolor.io.meaning import Meaning
from geocolor.io.source import Source
from geocolor.io.writing import edge_rows, number
from geocolor.io.xml_graph import GraphDocument, xml_names

__all__ = ["graphml_text", "read_graphml"]

# Attributes of nodes in a drawing, beside which a size is that of a shape.
_COLORS, _PLACE = {"r", "g", "b"}, {"x", "y"}


def read_graphml(source: Source, meaning: Meaning) -> Listing:
    """Read the graph of a GraphML document.

    A node is called by its attribute ``name``, else its ``label`` or the text that yEd draws it
    with, else its id. A ``size`` beside colors or places is that of a drawing, as Gephi writes it.
    (Brandes et al., GraphML primer, http://graphml.graphdrawing.org.)

    Raises
    ------
    FormatError
        The file breaks the format; with its line.
    LimitError
        It is larger than the limits.
    """
    return _Document(source, meaning).listing(source, "graphml")


class _Document(GraphDocument):
    """The elements that say something."""

    def __init__(self, source: Source, meaning: Meaning) -> None:
        super().__init__(source, meaning)
        self.keys: dict[str, tuple[str, str]] = {}  # what for, and the attribute's name
        self.defaults: dict[tuple[str, str], str] = {}
        self.key = ""
        self.drawn = False
        self.text_before = ""  # of an element in the label that yEd draws
        self.labels: list[str] = []  # that it draws of the node that is open

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
                of_nodes = {name for what, name in self.keys.values() if what in ("node", "all")}
                self.drawn = bool(_COLORS & of_nodes) or of_nodes >= _PLACE
                if self.drawn and "size" in of_nodes:
                    self.parts.notes.append(
                        Note("sizes", "sizes beside colors or places are of a drawing, not read")
                    )
            case "node" | "edge":
                self.begin_row(element, attributes)
                self.labels = []
                self.parts.directed |= attributes.get("directed") == "true"
            case "hyperedge":
                raise self.error("an edge of more than two nodes")
            case "data":
                self.key = attributes.get("key", "")
            case "NodeLabel":
                self.text_before = ""
            case _ if self.path[-2:-1] == ["NodeLabel"]:
                self.text_before = self.text_before or self.text

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
                label = self._found("node", "label") or "".join(self.labels[:1])
                called = (self._found("node", "name") or None, label or None)
                size = None if self.drawn else self._found("node", "size")
                self.parts.node(self.row["id"], called, size, self.began)
            case "NodeLabel" if "node" in self.path and not self.labels:
                self.labels.append((self.text_before + self.text).strip())
            case "EdgeLabel" if self.text.strip():
                self.parts.ignore(element)
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
