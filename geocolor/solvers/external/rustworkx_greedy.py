"""rustworkx: greedy coloring in Rust."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from geocolor.graph import ConflictGraph
from geocolor.solvers.external.peer import GreedyLibrary, import_library

__all__ = ["RustworkxGreedy"]


class RustworkxGreedy(GreedyLibrary):
    """``rustworkx.graph_greedy_color``.

    Parameters
    ----------
    strategy : str
        A name of ``rustworkx.ColoringStrategy``: Saturation, Degree or IndependentSet.
    """

    package = "rustworkx"

    def __init__(self, strategy: str) -> None:
        self._rustworkx = import_library("rustworkx")
        self._strategy = getattr(self._rustworkx.ColoringStrategy, strategy)

    def coloring_of(self, graph: ConflictGraph) -> Callable[[], Sequence[int]]:
        """Convert the graph and give what colors it."""
        converted = self._rustworkx.PyGraph(multigraph=False)
        converted.add_nodes_from(range(graph.num_nodes))
        converted.add_edges_from_no_data([(u, v) for u, v in graph.conflicts.edges().tolist()])

        def color() -> Sequence[int]:
            colors = self._rustworkx.graph_greedy_color(converted, strategy=self._strategy)
            return [colors[node] for node in range(graph.num_nodes)]

        return color
