"""What every solver does first: the empty graph, and bounds that may already settle the case."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from geocolor.bounds import Clique, find_clique, packing_bound, weight_lower_bound
from geocolor.graph import Adjacency
from geocolor.problem import (
    ColoringProblem,
    CorrelationClusteringProblem,
    EquitableColoringProblem,
    GroupOracle,
    GroupPartitionProblem,
    PartitionProblem,
    Problem,
)
from geocolor.solvers.result import StopReason
from geocolor.solvers.search import Outcome, Search
from geocolor.wording import counted

__all__ = ["Constructor", "begin", "construct", "stopped", "without_solution"]

# Enough for the maximum clique of most sparse graphs, and no more than a greedy coloring costs.
_GREEDY_CLIQUE_WORK = 20_000_000


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
    k = problem.max_colors
    if isinstance(problem, PartitionProblem) and problem.capacity is not None:
        assert problem.sizes is not None  # noqa: S101  as there is a capacity
        needed = packing_bound(problem.sizes, problem.capacity)
        if needed > k:
            return find_clique(graph.conflicts, max_work=0), Outcome(
                StopReason.COMPLETED,
                infeasible=True,
                message=f"{counted(k, 'class')} cannot do: for their sizes, the nodes need "
                f"at least {needed} of capacity {problem.capacity}",
            )
    # A tenth of the time left is the most a bound may cost that nobody asked for by name.
    deadline = time.monotonic() + 0.1 * search.remaining()
    given_k = not isinstance(problem, CorrelationClusteringProblem) and k < graph.num_nodes
    clique = find_clique(
        graph.conflicts,
        seed=search.seed,
        max_work=clique_work,
        over=lambda: search.out_of_time() or time.monotonic() >= deadline,
        enough=k + 1 if given_k else None,
    )
    counts_classes = isinstance(problem, ColoringProblem | EquitableColoringProblem)
    if counts_classes:
        search.raise_lower_bound(float(len(clique)))
    if len(clique) > k:
        names = ", ".join(graph.label(int(node)) for node in clique.nodes[:10])
        more = ", ..." if len(clique) > 10 else ""
        capacitated = problem.kind == "capacitated-partition"
        clash = "conflict or are too large for one class" if capacitated else "all conflict"
        return clique, Outcome(
            StopReason.COMPLETED,
            infeasible=True,
            message=f"{counted(k, 'class')} cannot do: these {len(clique)} nodes "
            f"{clash}: {names}{more}",
        )
    if counts_classes:
        return clique, None
    bound = weight_lower_bound(graph, k if given_k else None)
    if math.isinf(bound):
        return clique, Outcome(
            StopReason.COMPLETED,
            infeasible=True,
            message=f"{counted(k, 'class')} cannot do: so few force more pairs inside "
            "than the hard conflicts leave (Turán)",
        )
    if isinstance(problem, GroupPartitionProblem):
        # Pairs bound a class from below, but not by their sum.
        bound = 0.0 if (graph.weights.edge_values() >= 0).all() else -math.inf
        if isinstance(problem.cost, GroupOracle):
            bound += math.fsum(problem.cost.floors_of(graph))
    search.raise_lower_bound(bound)
    return clique, None


def without_solution(problem: Problem, search: Search, tried: str, *, clique_work: int) -> Outcome:
    """Say that there is no solution: by a clique, if one explains it, else by what was tried."""
    _, outcome = begin(problem, search, clique_work=clique_work)
    if outcome is not None and outcome.infeasible:
        return outcome
    message = f"{counted(problem.max_colors, 'class')} cannot do: {tried}"
    return Outcome(StopReason.COMPLETED, infeasible=True, message=message)


def stopped(search: Search) -> StopReason:
    """Tell a search that ran out of time from one that ended by itself."""
    return StopReason.TIME if search.out_of_time() else StopReason.COMPLETED


# Colors a graph, unless time runs out.
Constructor = Callable[[Adjacency, Search], NDArray[np.int32] | None]


def construct(problem: Problem, search: Search, name: str, color: Constructor) -> Outcome:
    """Offer what a greedy method makes, and a clique bound.

    Parameters
    ----------
    problem : ColoringProblem
        With `k`, the coloring counts only if it has at most k classes.
    search : Search
        Where both are reported.
    name : str
        Of the method, for the message.
    color : callable
        The method.

    Returns
    -------
    Outcome
        COMPLETED unless time ran out.
    """
    assert isinstance(problem, ColoringProblem)  # noqa: S101  the registry sees to it
    _, outcome = begin(problem, search, clique_work=_GREEDY_CLIQUE_WORK)
    if outcome is not None:
        return outcome
    colors = color(problem.graph.conflicts, search)
    if colors is None:
        return Outcome(StopReason.TIME, message="the time ended before every node had a color")
    used = int(colors.max()) + 1
    if used > problem.max_colors:
        return Outcome(
            StopReason.COMPLETED,
            message=f"{name} needs {counted(used, 'class')}, {problem.max_colors} were asked for; "
            "another solver may find them",
        )
    search.offer(colors)
    return Outcome(StopReason.COMPLETED)
