"""Correlation clustering falls apart where nothing attracts.

A class whose attracting pairs do not connect it can be split without raising the cost, so some
optimal clustering has every class inside one connected component of the attracting pairs. The
components are solved on their own; objectives and bounds add up.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from operator import add

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.sparse.csgraph import connected_components

from geocolor.graph import ConflictGraph
from geocolor.problem import CorrelationClusteringProblem, Problem
from geocolor.solvers.result import StopReason
from geocolor.solvers.search import Outcome, Search
from geocolor.wording import counted

__all__ = ["attracting_components", "solve_by_components"]


def attracting_components(graph: ConflictGraph) -> list[NDArray[np.int64]]:
    """Give the components of the pairs that gain by sharing and may, smallest first; O(n + m).

    Parameters
    ----------
    graph : ConflictGraph
        Weighted pairs and hard conflicts.
    """
    count = graph.num_nodes
    hard = graph.conflicts.edges().astype(np.int64)
    pairs = graph.weights.edges().astype(np.int64)
    forbidden = np.isin(pairs @ [count, 1], hard @ [count, 1])
    pairs = pairs[(graph.weights.edge_values() < 0) & ~forbidden]
    links = sp.coo_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(count, count))
    number, member_of = connected_components(links, directed=False)
    order = np.argsort(member_of, kind="stable")
    ends = np.cumsum(np.bincount(member_of, minlength=number))
    parts = np.split(order, ends[:-1]) if number else []
    return sorted(parts, key=len)


def solve_by_components(
    components: list[NDArray[np.int64]],
    search: Search,
    solve_part: Callable[[Problem, Search], Outcome],
) -> Outcome:
    """Solve every component and put the answers together.

    Parameters
    ----------
    components : list of ndarray
        From :func:`attracting_components`, of the graph of ``search.problem``.
    search : Search
        Gets each joint incumbent; from the last and largest component, all that is found, and the
        summed bounds, as they come.
    solve_part : callable
        Solver for one component.
    """
    graph = search.problem.graph
    colors = np.arange(graph.num_nodes)
    search.offer(colors)
    waiting = [nodes for nodes in components if len(nodes) > 1]
    left = sum(len(nodes) for nodes in waiting)
    bound, error, reason = 0.0, 0.0, StopReason.COMPLETED
    messages: set[str] = set()
    for nodes in waiting[:-1]:
        if search.out_of_time():
            return _ended(StopReason.TIME, waiting, messages)
        problem = CorrelationClusteringProblem(graph.induced(nodes))
        part = search.part(problem, len(nodes) / left)
        left -= len(nodes)
        try:
            outcome = solve_part(problem, part)
        finally:  # an interrupt keeps what the component has
            if part.coloring is not None:
                colors = _joined(colors, nodes, part.coloring.colors)
                search.offer(colors)
        error += part.scaling_error
        search.scaling_error = max(search.scaling_error, error)
        bound += -np.inf if part.lower_bound is None else part.lower_bound
        messages.add(outcome.message)
        if outcome.stop_reason is not StopReason.COMPLETED:
            reason = outcome.stop_reason
    for nodes in waiting[-1:]:
        if search.out_of_time():
            return _ended(StopReason.TIME, waiting, messages)
        part = search.within(
            CorrelationClusteringProblem(graph.induced(nodes)),
            partial(_joined, colors, nodes),
            partial(add, bound),
        )
        outcome = solve_part(part.problem, part)
        error += part.scaling_error
        search.scaling_error = max(search.scaling_error, error)
        messages.add(outcome.message)
        if outcome.stop_reason is not StopReason.COMPLETED:
            reason = outcome.stop_reason
    if not waiting:
        search.raise_lower_bound(bound)
    return _ended(reason, waiting, messages)


def _ended(reason: StopReason, parts: list[NDArray[np.int64]], messages: set[str]) -> Outcome:
    how = "; ".join(sorted(message for message in messages if message))
    return Outcome(
        reason,
        message=f"{counted(len(parts), 'component')} with something to gain, each alone: {how}",
    )


def _joined(
    colors: NDArray[np.int64], nodes: NDArray[np.int64], found: NDArray[np.int32]
) -> NDArray[np.int64]:
    """Color all nodes as before, but `nodes` as found; classes are named by a member."""
    _, first, member = np.unique(found, return_index=True, return_inverse=True)
    joined = colors.copy()
    joined[nodes] = nodes[first[member]]
    return joined
