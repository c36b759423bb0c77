"""What the XML formats share: a parser that reads no entities, no other files, and not too deep."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from xml.sax import SAXParseException
from xml.sax.handler import ContentHandler

from geocolor.errors import FormatError, LimitError
from geocolor.io.source import Source

__all__ = ["Elements", "parse_xml"]

_DEEPEST = 64
_LONGEST_TEXT = 1 << 20
# Room for a tag or a comment; the parser scans it anew with every block until it is whole.
_LONGEST_TOKEN = 1 << 24


class Elements(ContentHandler):
    """Follows the elements of a document, by names without their namespaces' prefixes.

    Attributes
    ----------
    path : list of str
        The elements that are open.
    begun : int
        How many have begun so far.
    """

    def __init__(self, source: Source) -> None:
        super().__init__()
        self.name, self._source = source.name, source
        self.path: list[str] = []
        self.begun = 0
        self._pieces: list[str] = []
        self._length = 0
        self._locator: Any = None

    def begin(self, element: str, attributes: Mapping[str, str]) -> None:
        """Take the begin of an element; the text before it is in :attr:`text`."""

    def end(self, element: str) -> None:
        """Take the end of an element; its text is in :attr:`text`."""

    @property
    def text(self) -> str:
        """What stands in the open element since the last tag."""
        return "".join(self._pieces)

    @property
    def line(self) -> int:
        """Where the parser is."""
        return int(self._locator.getLineNumber() or 1)

    def error(self, message: str) -> FormatError:
        """Make an error that says where."""
        return FormatError(message, self.name, self.line)

    # What the parser calls, by its names.

    def setDocumentLocator(self, locator: Any) -> None:  # noqa: D102, N802
        self._locator = locator

    def startElement(self, name: str, attrs: Any) -> None:  # noqa: D102, N802
        element = name.rpartition(":")[2]
        if len(self.path) >= _DEEPEST:
            raise LimitError(f"{self.name}:{self.line}: nested deeper than {_DEEPEST}, the limit")
        self.path.append(element)
        self.begun += 1
        self.begin(element, dict(attrs.items()))
        self._forget()

    def characters(self, content: str) -> None:  # noqa: D102
        self._length += len(content)
        if self._length > _LONGEST_TEXT:
            raise LimitError(f"{self.name}:{self.line}: a text of over {_LONGEST_TEXT} characters")
        self._pieces.append(content)

    def endElement(self, name: str) -> None:  # noqa: D102, N802
        self.end(self.path.pop())
        self._forget()

    def _forget(self) -> None:
        self._pieces, self._length = [], 0


def parse_xml(source: Source, elements: Elements) -> None:
    """Give the elements of a document to a handler while it streams.

    Raises
    ------
    FormatError
        It is no XML, or has entities or another file in it.
    LimitError
        It is larger than the limits, nested too deeply, or has 16 megabytes without a tag's begin.
    """
    from defusedxml import DefusedXmlException
    from defusedxml.sax import make_parser

    parser = make_parser()
    parser.setContentHandler(elements)
    elements.setDocumentLocator(parser)
    try:
        begun = waiting = 0
        for block in source.blocks():
            parser.feed(block)
            waiting = waiting + len(block) if elements.begun == begun else 0
            begun = elements.begun
            if waiting > _LONGEST_TOKEN:
                raise LimitError(
                    f"{source.name}:{elements.line}: over {_LONGEST_TOKEN} bytes in which no "
                    "element begins"
                )
        parser.close()
    except DefusedXmlException as error:
        raise FormatError(
            "declares entities or needs another file, which is not read", source.name
        ) from error
    except SAXParseException as error:
        raise FormatError(
            f"not XML: {error.getMessage()}", source.name, error.getLineNumber()
        ) from error
    except (LookupError, ValueError) as error:  # an encoding that there is not
        if isinstance(error, FormatError | LimitError):
            raise
        raise FormatError(f"not XML that can be read: {error}", source.name) from error
