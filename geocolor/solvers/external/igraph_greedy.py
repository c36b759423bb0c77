"""igraph: greedy coloring in C."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from geocolor.graph import ConflictGraph
from geocolor.solvers.external.peer import GreedyLibrary, import_library

__all__ = ["IgraphGreedy"]


class IgraphGreedy(GreedyLibrary):
    """``igraph.Graph.vertex_coloring_greedy``.

    Parameters
    ----------
    method : str
        As igraph names it: dsatur or colored_neighbors.
    """

    package = "igraph"

    def __init__(self, method: str) -> None:
        self._igraph = import_library("igraph")
        self._method = method

    def coloring_of(self, graph: ConflictGraph) -> Callable[[], Sequence[int]]:
        """Convert the graph and give what colors it."""
        converted = self._igraph.Graph(graph.num_nodes, graph.conflicts.edges().tolist())

        def color() -> Sequence[int]:
            colors: list[int] = converted.vertex_coloring_greedy(self._method)
            return colors

        return color
