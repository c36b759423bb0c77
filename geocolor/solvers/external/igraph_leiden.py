"""igraph: the Leiden algorithm, in C."""

from __future__ import annotations

import math

from geocolor.graph import generators
from geocolor.problem import CorrelationClusteringProblem, Problem
from geocolor.solvers.external.gcol_search import seeded
from geocolor.solvers.external.peer import Divide, Divider, import_library
from geocolor.solvers.search import Search

__all__ = ["IgraphLeiden"]


class IgraphLeiden(Divider):
    """``igraph.Graph.community_leiden`` for correlation clustering, until it is stable.

    With the constant Potts model at resolution 0 its quality is the weight inside communities: that
    of the weights with their signs turned is the objective. A hard conflict weighs more than all
    weights together.
    """

    package = "igraph"

    def __init__(self) -> None:
        self._igraph = import_library("igraph")

    def small_problem(self) -> Problem:
        """Give something to try it on."""
        return CorrelationClusteringProblem(generators.layers(6))

    def divider_of(self, problem: Problem) -> Divide:
        """Convert the graph."""
        graph = problem.graph
        values = graph.weights.edge_values()
        hard = graph.conflicts.edges().tolist()
        heavy = 1.0 + math.fsum(abs(values))
        converted = self._igraph.Graph(graph.num_nodes, graph.weights.edges().tolist() + hard)
        likes = (-values).tolist() + [-heavy] * len(hard)

        def divide(search: Search) -> list[int]:
            # igraph draws from Python's global generator.
            with seeded(search.seed):
                found = converted.community_leiden(
                    objective_function="CPM", weights=likes, resolution=0.0, n_iterations=-1
                )
            membership: list[int] = found.membership
            return membership

        return divide
