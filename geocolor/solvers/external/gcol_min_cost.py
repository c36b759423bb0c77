"""gcol: tabu search for least weight inside k classes, in pure Python."""

from __future__ import annotations

import math

from geocolor.graph import generators
from geocolor.problem import PartitionProblem, Problem
from geocolor.solvers.external.gcol_search import ever_longer, in_order, seeded
from geocolor.solvers.external.networkx_greedy import networkx_graph
from geocolor.solvers.external.peer import LibrarySolver, import_library, named_failures
from geocolor.solvers.info import Solver
from geocolor.solvers.result import StopReason
from geocolor.solvers.search import Outcome, Search

__all__ = ["GcolMinCost"]

# Tabu search iterations of the first call where only a time limit is given.
_FIRST = 100


class GcolMinCost(LibrarySolver):
    """``gcol.min_cost_k_coloring`` with weights at edges: TabuCol on their sum.

    A hard conflict weighs more than all weights together; an answer with one inside a class is
    none. gcol takes no negative weights, and no single class. For the clock see
    :func:`geocolor.solvers.external.gcol_search.ever_longer`.
    """

    def __init__(self) -> None:
        self._gcol = import_library("gcol")

    def small_problem(self) -> Problem:
        """Give something to try it on."""
        return PartitionProblem(generators.layers(6), 3)

    def prepare(self, problem: Problem) -> Solver:
        """Convert the graph."""
        graph = problem.graph
        values = graph.weights.edge_values()
        k = min(problem.max_colors, max(2, graph.num_nodes))
        if k < 2 or (values < 0).any():
            return _refuse
        heavy = 1.0 + math.fsum(values)
        converted = networkx_graph(graph)
        converted.add_edges_from(converted.edges, cost=heavy)
        for (u, v), weight in zip(graph.weights.edges().tolist(), values.tolist(), strict=True):
            if weight > 0 and not converted.has_edge(u, v):
                converted.add_edge(u, v, cost=weight)
        conflicts = graph.conflicts.edges().tolist()

        def attempt(iterations: int) -> list[int] | None:
            colors = in_order(
                self._gcol.min_cost_k_coloring(
                    converted, k, weight="cost", weights_at="edges", it_limit=iterations
                )
            )
            return None if any(colors[u] == colors[v] for u, v in conflicts) else colors

        def solve(problem: Problem, search: Search) -> Outcome:
            search.raise_lower_bound(0.0)
            with named_failures("gcol"), seeded(search.seed):
                return ever_longer(search, attempt, _FIRST)

        return solve


def _refuse(problem: Problem, search: Search) -> Outcome:
    return Outcome(
        StopReason.COMPLETED, message="gcol takes no negative weights and needs two classes"
    )
