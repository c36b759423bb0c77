"""One page about a compression, for a person."""

from geocolor.compression.page.page import write_page

__all__ = ["write_page"]
