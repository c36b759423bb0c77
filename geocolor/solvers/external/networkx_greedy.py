"""networkx: greedy coloring in pure Python."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from geocolor.graph import ConflictGraph
from geocolor.solvers.external.peer import GreedyLibrary, import_library

__all__ = ["NetworkxGreedy", "networkx_graph"]


def networkx_graph(graph: ConflictGraph) -> Any:
    """Hard conflicts as a ``networkx.Graph``, nodes by number and in order."""
    networkx = import_library("networkx")
    converted = networkx.Graph()
    converted.add_nodes_from(range(graph.num_nodes))
    converted.add_edges_from(graph.conflicts.edges().tolist())
    return converted


class NetworkxGreedy(GreedyLibrary):
    """``networkx.greedy_color``.

    Parameters
    ----------
    strategy : str
        As networkx names it.
    """

    package = "networkx"

    def __init__(self, strategy: str) -> None:
        self._networkx = import_library("networkx")
        self._strategy = strategy

    def coloring_of(self, graph: ConflictGraph) -> Callable[[], Sequence[int]]:
        """Convert the graph and give what colors it."""
        converted = networkx_graph(graph)

        def color() -> Sequence[int]:
            colors = self._networkx.greedy_color(converted, self._strategy)
            return [colors[node] for node in range(len(converted))]

        return color
