"""networkx: greedy coloring of the pairs that are dearer than a threshold."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from geocolor.problem import CorrelationClusteringProblem, Problem
from geocolor.solvers.external.networkx_greedy import networkx_graph
from geocolor.solvers.external.peer import Divide, Divider, import_library
from geocolor.solvers.search import Search

__all__ = ["NetworkxThreshold"]


class NetworkxThreshold(Divider):
    """``networkx.greedy_color`` where a pair that weighs more than a threshold is a conflict.

    It knows no weights, so the threshold stands for them: the least at which it needs at most k
    classes, found by bisection over the weights. Where the number of classes is free, pairs that
    repel are apart: the threshold is 0.

    Parameters
    ----------
    strategy : str
        As networkx names it.
    """

    package = "networkx"

    def __init__(self, strategy: str) -> None:
        self._networkx = import_library("networkx")
        self._strategy = strategy

    def divider_of(self, problem: Problem) -> Divide:
        """Convert the conflicts; pairs join them by the threshold."""
        graph = problem.graph
        edges, values = graph.weights.edges(), graph.weights.edge_values()
        conflicts = networkx_graph(graph)

        def colors_at(threshold: float) -> list[int]:
            converted = conflicts.copy()
            converted.add_edges_from(edges[values > threshold].tolist())
            colors = self._networkx.greedy_color(converted, self._strategy)
            return [colors[node] for node in range(graph.num_nodes)]

        def bisected(search: Search) -> list[int]:
            levels: NDArray[np.float64] = np.unique(np.append(values, [-np.inf, np.inf]))
            few, many = len(levels) - 1, -1
            best = colors_at(levels[few])
            while few - many > 1 and not search.out_of_time():
                middle = (few + many) // 2
                colors = colors_at(levels[middle])
                if len(set(colors)) <= problem.max_colors:
                    few, best = middle, colors
                else:
                    many = middle
            return best

        if isinstance(problem, CorrelationClusteringProblem):
            return lambda _: colors_at(0.0)
        return bisected
