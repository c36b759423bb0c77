"""Consecutive layers together: the rule of published methods, which look at no cost at all."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from geocolor.graph import ConflictGraph
from geocolor.problem import Problem
from geocolor.solvers.external.peer import Divide, Divider
from geocolor.solvers.search import Search

__all__ = ["Adjacent"]


class Adjacent(Divider):
    """Nodes in their order, cut into k runs whose lengths differ by at most one.

    The rule has no word on hard conflicts, so one is added: a node that conflicts with an earlier
    one of its run goes where its weights add up to least, among the classes that it conflicts with
    nobody in. There may be none, and then there is no answer.

    Wang et al., "Basis Sharing: Cross-Layer Parameter Sharing for Large Language Model
    Compression", ICLR 2025.
    """

    package = "the rule"

    def divider_of(self, problem: Problem) -> Divide:
        """Cut into runs; O(n k + edges)."""
        graph = problem.graph
        count = graph.num_nodes
        k = min(problem.max_colors, count)

        def divide(search: Search) -> NDArray[np.int64]:
            colors = np.arange(count) * k // max(count, 1)
            for node in range(count):
                hard = graph.conflicts.neighbors(node)
                if (colors[hard[hard < node]] == colors[node]).any():
                    prices = _prices(graph, colors, node, k)
                    prices[colors[hard]] = np.inf
                    if np.isfinite(prices).any():
                        colors[node] = np.argmin(prices)
            return colors

        return divide


def _prices(
    graph: ConflictGraph, colors: NDArray[np.int64], node: int, k: int
) -> NDArray[np.float64]:
    """Add up what a node weighs with each class."""
    weights = graph.weights
    row = slice(weights.indptr[node], weights.indptr[node + 1])
    prices = np.zeros(k)
    if weights.values is not None:
        np.add.at(prices, colors[weights.indices[row]], weights.values[row])
    return prices
