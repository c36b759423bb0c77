"""What GraphML and GEXF share: one graph in a document, and names that XML can hold."""

from __future__ import annotations

from collections.abc import Mapping
from xml.sax.saxutils import quoteattr

from geocolor.errors import FormatError, InputError
from geocolor.graph import ConflictGraph
from geocolor.io.attributed import AttributedParts
from geocolor.io.listing import Listing
from geocolor.io.meaning import Meaning
from geocolor.io.source import Source
from geocolor.io.writing import names
from geocolor.io.xml_text import Elements, parse_xml

__all__ = ["GraphDocument", "xml_names"]


class GraphDocument(Elements):
    """The elements that say something of one graph.

    Attributes
    ----------
    parts : AttributedParts
        Nodes and edges so far.
    row : dict of str to str
        What is said of the node or edge that is open.
    began : int
        Its line.
    """

    def __init__(self, source: Source, meaning: Meaning) -> None:
        super().__init__(source)
        self.parts = AttributedParts(source.name, source.limits, meaning)
        self.row: dict[str, str] = {}
        self.began = 0
        self._graphs = 0

    def begin_graph(self, *, directed: bool) -> None:
        """Take the begin of the graph; there may be one."""
        self._graphs += 1
        if self._graphs > 1:
            raise self.error("a second graph; one is read")
        self.parts.directed = directed

    def begin_row(self, element: str, attributes: Mapping[str, str]) -> None:
        """Take the begin of a node or an edge, which must say what it is or joins."""
        for name in ("id",) if element == "node" else ("source", "target"):
            if name not in attributes:
                raise self.error(f"a <{element}> without its {name}")
        self.row, self.began = dict(attributes), self.line

    def end_edge(self, weight: str | None, conflict: str | None) -> None:
        """Take the end of an edge; attributes that are data begin with ``@``."""
        ends = (self.row["source"], self.row["target"])
        self.parts.edge(ends, weight, conflict or False, self.began)
        for name in self.row:
            if name.startswith("@") and name not in ("@weight", "@conflict"):
                self.parts.ignore(name[1:])

    def listing(self, source: Source, root: str) -> Listing:
        """Read the document, and list what is in it.

        Parameters
        ----------
        source : Source
            The file.
        root : str
            The element that a graph is in.

        Raises
        ------
        FormatError
            The file breaks the format; with its line.
        LimitError
            It is larger than the limits.
        """
        parse_xml(source, self)
        if not self._graphs:
            raise FormatError(f"no <graph> in <{root}>", source.name)
        return self.parts.listing()


def xml_names(graph: ConflictGraph) -> list[str]:
    """Names of all nodes, as values of attributes with their quotes.

    Raises
    ------
    InputError
        A name has a character that XML has not.
    """
    called = names(graph)
    for name in called:
        if not all(map(_is_xml, name)):
            raise InputError(f"XML cannot hold the name {name!r}; write .json")
    # Line breaks and tabs in attributes would come back as blanks.
    breaks = {"\n": "&#10;", "\r": "&#13;", "\t": "&#9;"}
    return [quoteattr(name, breaks) for name in called]


def _is_xml(c: str) -> bool:
    return c in "\t\n\r" or " " <= c <= "\ud7ff" or "\ue000" <= c <= "\ufffd" or c > "\uffff"
