"""Graphs, restrictions of their colors, sizes of nodes and solutions in files.

The format follows from the suffix, before an optional ``.gz``, ``.xz`` or ``.zst``; and from the
content where the suffix does not tell it.

The names are loaded when first used, so that what files may mean is known without numpy.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from geocolor.io.formats import FORMATS, SUFFIXES, Format, format_to_write, require_graph_name
    from geocolor.io.frontier import SavedFrontier, read_frontier
    from geocolor.io.limits import Limits
    from geocolor.io.listing import Note
    from geocolor.io.meaning import Meaning
    from geocolor.io.reading import Reading, read, read_closely, write
    from geocolor.io.restrictions import read_fixed, read_lists, read_order
    from geocolor.io.sharing_options import read_options, write_options
    from geocolor.io.sizes import read_sizes
    from geocolor.io.solution import Solution, read_solution, write_solution

_HOMES = {
    "FORMATS": "geocolor.io.formats",
    "Format": "geocolor.io.formats",
    "Limits": "geocolor.io.limits",
    "Meaning": "geocolor.io.meaning",
    "Note": "geocolor.io.listing",
    "Reading": "geocolor.io.reading",
    "SUFFIXES": "geocolor.io.formats",
    "SavedFrontier": "geocolor.io.frontier",
    "Solution": "geocolor.io.solution",
    "format_to_write": "geocolor.io.formats",
    "read": "geocolor.io.reading",
    "read_closely": "geocolor.io.reading",
    "read_fixed": "geocolor.io.restrictions",
    "read_frontier": "geocolor.io.frontier",
    "read_lists": "geocolor.io.restrictions",
    "read_options": "geocolor.io.sharing_options",
    "read_order": "geocolor.io.restrictions",
    "read_sizes": "geocolor.io.sizes",
    "read_solution": "geocolor.io.solution",
    "require_graph_name": "geocolor.io.formats",
    "write": "geocolor.io.reading",
    "write_options": "geocolor.io.sharing_options",
    "write_solution": "geocolor.io.solution",
}

__all__ = [
    "FORMATS",
    "SUFFIXES",
    "Format",
    "Limits",
    "Meaning",
    "Note",
    "Reading",
    "SavedFrontier",
    "Solution",
    "format_to_write",
    "read",
    "read_closely",
    "read_fixed",
    "read_frontier",
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


def __getattr__(name: str) -> Any:  # the names are as varied as their types
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value
