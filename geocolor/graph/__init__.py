"""Conflict graphs: what may share a class, what must not, and what it costs."""

from geocolor.graph.adjacency import Adjacency
from geocolor.graph.conflict_graph import ConflictGraph
from geocolor.graph.generators import gnp, layers, mycielski, queen
from geocolor.graph.line import line_graph
from geocolor.graph.sharing_options import SharingOptions

__all__ = [
    "Adjacency",
    "ConflictGraph",
    "SharingOptions",
    "gnp",
    "layers",
    "line_graph",
    "mycielski",
    "queen",
]
