"""What every solver does first: the empty graph, and bounds that may already settle the case."""

from __future__ import annotations

import math
import time

from geocolor.bounds import Clique, find_clique, weight_lower_bound
from geocolor.problem import (
    ColoringProblem,
    CorrelationClusteringProblem,
    EquitableColoringProblem,
    Problem,
)
from geocolor.solvers.result import StopReason
from geocolor.solvers.search import Outcome, Search

__all__ = ["begin", "stopped"]


def begin(problem: Problem, search: Search, *, clique_work: int) -> tuple[Clique, Outcome | None]:
    """Report a clique of the hard conflicts and the cheap bounds to `search`.

    Parameters
    ----------
    problem : Problem
        The question.
    search : Search
        Where the bounds go.
    clique_work : int
        Budget of :func:`geocolor.bounds.find_clique`.

    Returns
    -------
    clique : Clique
        Nodes that need different classes.
    outcome : Outcome or None
        Set if the problem is settled: no nodes, or proven infeasible.
    """
    graph = problem.graph
    if graph.num_nodes == 0:
        search.offer([])
        search.raise_lower_bound(0.0)
        nothing = find_clique(graph.conflicts)
        return nothing, Outcome(StopReason.COMPLETED, message="the graph has no nodes")
    # A tenth of the time left is the most a bound may cost that nobody asked for by name.
    deadline = time.monotonic() + 0.1 * search.remaining()
    k = problem.max_colors
    given_k = not isinstance(problem, CorrelationClusteringProblem) and k < graph.num_nodes
    clique = find_clique(
        graph.conflicts,
        seed=search.seed,
        max_work=clique_work,
        deadline=deadline,
        enough=k + 1 if given_k else None,
    )
    if len(clique) > k:
        names = ", ".join(graph.label(int(node)) for node in clique.nodes[:10])
        more = ", ..." if len(clique) > 10 else ""
        return clique, Outcome(
            StopReason.COMPLETED,
            infeasible=True,
            message=f"{k} classes cannot do: these {len(clique)} nodes all conflict: {names}{more}",
        )
    if isinstance(problem, ColoringProblem | EquitableColoringProblem):
        search.raise_lower_bound(float(len(clique)))
        return clique, None
    bound = weight_lower_bound(graph, k if given_k else None)
    if math.isinf(bound):
        return clique, Outcome(
            StopReason.COMPLETED,
            infeasible=True,
            message=f"{k} classes force more pairs inside than the hard conflicts leave (Turán)",
        )
    search.raise_lower_bound(bound)
    return clique, None


def stopped(search: Search) -> StopReason:
    """Tell a search that ran out of time from one that ended by itself."""
    return StopReason.TIME if search.out_of_time() else StopReason.COMPLETED
