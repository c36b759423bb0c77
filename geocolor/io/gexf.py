"""GEXF files (``.gexf``), as Gephi writes them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from geocolor.errors import FormatError, InputError
from geocolor.graph import ConflictGraph
from geocolor.io.attributed import AttributedParts
from geocolor.io.graphml import is_xml_name, quoted
from geocolor.io.listing import Listing
from geocolor.io.meaning import Meaning
from geocolor.io.source import Source
from geocolor.io.writing import edge_rows, names, number
from geocolor.io.xml_text import Elements, parse_xml

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
    document = _Document(source)
    parse_xml(source, document)
    if not document.graphs:
        raise FormatError("no <graph> in <gexf>: not a GEXF file", source.name)
    return document.parts.listing()


class _Document(Elements):
    """The elements that say something."""

    def __init__(self, source: Source) -> None:
        super().__init__(source)
        self.parts = AttributedParts(source.name, source.limits)
        self.graphs = 0
        self.of = ""  # what the attributes being declared are of
        self.titles: dict[tuple[str, str], str] = {}
        self.kind = ""  # node or edge, while in one
        self.row: dict[str, str] = {}
        self.began = 0

    def begin(self, element: str, attributes: Mapping[str, str]) -> None:
        match element:
            case "graph":
                self.graphs += 1
                if self.graphs > 1:
                    raise self.error("a second graph; one is read")
                self.parts.directed = attributes.get("defaultedgetype") == "directed"
            case "attributes":
                self.of = attributes.get("class", "")
            case "attribute":
                key = (self.of, attributes.get("id", ""))
                self.titles[key] = attributes.get("title", key[1])
            case "node" | "edge":
                if self.kind:
                    raise self.error(f"a <{element}> inside a <{self.kind}>")
                self.kind, self.row, self.began = element, dict(attributes), self.line
                for name in ("id",) if element == "node" else ("source", "target"):
                    if name not in attributes:
                        raise self.error(f"a <{element}> without its {name}")
                self.parts.directed |= element == "edge" and attributes.get("type") == "directed"
            case "attvalue" if self.kind:
                key = (self.kind, attributes.get("for", attributes.get("id", "")))
                title = self.titles.get(key, key[1])
                self.row.setdefault(f"@{title}", attributes.get("value", ""))

    def end(self, element: str) -> None:
        if element == "node":
            self.parts.node(
                self.row["id"], self.row.get("label"), self.row.get("@size"), self.began
            )
            self.kind = ""
        elif element == "edge":
            weight = self.row.get("weight", self.row.get("@weight"))
            ends = (self.row["source"], self.row["target"])
            self.parts.edge(ends, weight, self.row.get("@conflict", False), self.began)
            for name in self.row:
                if name.startswith("@") and name not in ("@weight", "@conflict"):
                    self.parts.ignore(name[1:])
            self.kind = ""


def gexf_text(graph: ConflictGraph) -> Iterator[bytes]:
    """Text of a graph in GEXF 1.2, in pieces.

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
        b'<gexf xmlns="http://www.gexf.net/1.2draft" version="1.2">\n'
        b'<graph mode="static" defaultedgetype="undirected">\n'
        b'<attributes class="node" mode="static">'
        b'<attribute id="size" title="size" type="double"/></attributes>\n'
        b'<attributes class="edge" mode="static">'
        b'<attribute id="conflict" title="conflict" type="boolean"/></attributes>\n<nodes>\n'
    )
    for node, (name, size) in enumerate(zip(called, graph.sizes.tolist(), strict=True)):
        inside = "" if size == 1.0 else _attribute("size", number(size))
        yield f'<node id="{node}" label={quoted(name)}>{inside}</node>\n'.encode()
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
