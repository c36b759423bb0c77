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


class Elements(ContentHandler):
    """Follows the elements of a document, by names without their namespaces' prefixes."""

    def __init__(self, source: Source) -> None:
        super().__init__()
        self.name, self._source = source.name, source
        self.path: list[str] = []
        self.text = ""
        self._locator: Any = None

    def begin(self, element: str, attributes: Mapping[str, str]) -> None:
        """Take the begin of an element."""

    def end(self, element: str) -> None:
        """Take the end of an element; its text is in :attr:`text`."""

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
        self.text = ""
        self.begin(element, dict(attrs.items()))

    def characters(self, content: str) -> None:  # noqa: D102
        if len(self.text) + len(content) > _LONGEST_TEXT:
            raise LimitError(f"{self.name}:{self.line}: a text of over {_LONGEST_TEXT} characters")
        self.text += content

    def endElement(self, name: str) -> None:  # noqa: D102, N802
        self.end(self.path.pop())
        self.text = ""


def parse_xml(source: Source, elements: Elements) -> None:
    """Give the elements of a document to a handler while it streams.

    Raises
    ------
    FormatError
        It is no XML, or has entities or another file in it.
    LimitError
        It is larger than the limits, or nested too deeply.
    """
    from defusedxml import DefusedXmlException
    from defusedxml.sax import make_parser

    parser = make_parser()
    parser.setContentHandler(elements)
    elements.setDocumentLocator(parser)
    try:
        for block in source.blocks():
            parser.feed(block)
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
