"""Graphs, restrictions of their colors, sizes of nodes and solutions in files.

The format follows from the suffix, before an optional ``.gz``, ``.xz`` or ``.zst``; and from the
content where the suffix does not tell it.
"""

from geocolor.io.formats import FORMATS, SUFFIXES, Format, format_to_write, require_graph_name
from geocolor.io.limits import Limits
from geocolor.io.listing import Note
from geocolor.io.meaning import Meaning
from geocolor.io.reading import Reading, read, read_closely, write
from geocolor.io.restrictions import read_fixed, read_lists, read_order
from geocolor.io.sharing_options import read_options, write_options
from geocolor.io.sizes import read_sizes
from geocolor.io.solution import Solution, read_solution, write_solution

__all__ = [
    "FORMATS",
    "SUFFIXES",
    "Format",
    "Limits",
    "Meaning",
    "Note",
    "Reading",
    "Solution",
    "format_to_write",
    "read",
    "read_closely",
    "read_fixed",
    "read_lists",
    "read_options",
    "read_order",
    "read_sizes",
    "read_solution",
    "require_graph_name",
    "write",
    "write_options",
    "write_solution",
]
