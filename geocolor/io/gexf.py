"""GEXF files (``.gexf``), as Gephi writes them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from geocolor.graph import ConflictGraph
from geocolor.io.listing import Listing
from geocolor.io.meaning import Meaning
from geocolor.io.source import Source
from geocolor.io.writing import edge_rows, number
from geocolor.io.xml_graph import GraphDocument, xml_names

__all__ = ["gexf_text", "read_gexf"]


def read_gexf(source: Source, meaning: Meaning) -> Listing:
    """Read the graph of a GEXF document.

    Nodes are called by their labels. An edge without a weight has none here, and is a hard
    conflict, where the standard says 1. (https://gexf.net.)

    Raises
    ------
    FormatError
        The file breaks the format; with its line.
    LimitError
        It is larger than the limits.
    """
    return _Document(source, meaning).listing(source, "gexf")


class _Document(GraphDocument):
    """The elements that say something."""

    def __init__(self, source: Source, meaning: Meaning) -> None:
        super().__init__(source, meaning)
        self.parts.calls = ("label", "name")
        self.of = ""  # what the attributes being declared are of
        self.titles: dict[tuple[str, str], str] = {}
        self.kind = ""  # node or edge, while in one

    def begin(self, element: str, attributes: Mapping[str, str]) -> None:
        match element:
            case "graph":
                self.begin_graph(directed=attributes.get("defaultedgetype") == "directed")
            case "attributes":
                self.of = attributes.get("class", "")
            case "attribute":
                key = (self.of, attributes.get("id", ""))
                self.titles[key] = attributes.get("title", key[1])
            case "node" | "edge":
                if self.kind:
                    raise self.error(f"a <{element}> inside a <{self.kind}>")
                self.begin_row(element, attributes)
                self.kind = element
                self.parts.directed |= element == "edge" and attributes.get("type") == "directed"
            case "attvalue" if self.kind:
                key = (self.kind, attributes.get("for", attributes.get("id", "")))
                title = self.titles.get(key, key[1])
                self.row.setdefault(f"@{title}", attributes.get("value", ""))

    def end(self, element: str) -> None:
        row = self.row
        if element == "node":
            called = (row.get("label"), row.get("@name"))
            self.parts.node(row["id"], called, row.get("@size"), self.began)
            self.kind = ""
        elif element == "edge":
            self.end_edge(row.get("weight", row.get("@weight")), row.get("@conflict"))
            self.kind = ""


def gexf_text(graph: ConflictGraph) -> Iterator[bytes]:
    """Text of a graph in GEXF 1.2, in pieces.

    Raises
    ------
    InputError
        A name has a character that XML has not.
    """
    called = xml_names(graph)
    yield (
        b'<?xml version="1.0" encoding="UTF-8"?>\n'
        b'<gexf xmlns="http://www.gexf.net/1.2draft" version="1.2">\n'
        b'<graph mode="static" defaultedgetype="undirected">\n'
        b'<attributes class="node" mode="static">'
        b'<attribute id="size" title="size" type="double"/></attributes>\n'
        b'<attributes class="edge" mode="static">'
        b'<attribute id="conflict" title="conflict" type="boolean"/></attributes>\n<nodes>\n'
    )
    for node, (name, size) in enumerate(zip(called, graph.sizes.tolist(), strict=True)):
        inside = "" if size == 1.0 else _attribute("size", number(size))
        yield f'<node id="{node}" label={name}>{inside}</node>\n'.encode()
    yield b"</nodes>\n<edges>\n"
    at = 0
    for rows in edge_rows(graph):
        lines = []
        for u, v, weight, hard in rows:
            weighted = "" if weight is None else f' weight="{number(weight)}"'
            inside = _attribute("conflict", "true") if weight is not None and hard else ""
            lines.append(f'<edge id="{at}" source="{u}" target="{v}"{weighted}>{inside}</edge>\n')
            at += 1
        yield "".join(lines).encode()
    yield b"</edges>\n</graph>\n</gexf>\n"


def _attribute(key: str, text: str) -> str:
    return f'<attvalues><attvalue for="{key}" value="{text}"/></attvalues>'
