"""Graphs, restrictions of their colors, sizes of nodes and solutions in files.

The format follows from the suffix, before an optional ``.gz``.
"""

from geocolor.io.formats import FORMATS, Format, read, require_graph_name, write
from geocolor.io.limits import Limits
from geocolor.io.restrictions import read_fixed, read_lists, read_order
from geocolor.io.sizes import read_sizes
from geocolor.io.solution import Solution, read_solution, write_solution

__all__ = [
    "FORMATS",
    "Format",
    "Limits",
    "Solution",
    "read",
    "read_fixed",
    "read_lists",
    "read_order",
    "read_sizes",
    "read_solution",
    "require_graph_name",
    "write",
    "write_solution",
]
