"""Cheap lower bounds on the weight inside classes."""

from __future__ import annotations

import math

import numpy as np

from geocolor.bounds.weight_kernels import in_both, pack_bad_triangles
from geocolor.graph import ConflictGraph

__all__ = ["least_inside_pairs", "weight_lower_bound"]


def least_inside_pairs(num_nodes: int, k: int) -> int:
    """Least number of pairs inside classes when `num_nodes` nodes fall into at most `k`.

    Turán's theorem: balanced classes have the fewest pairs inside.

    Examples
    --------
    >>> least_inside_pairs(7, 3)
    5
    """
    if num_nodes == 0:
        return 0
    small, larger = divmod(num_nodes, k)
    return larger * (small + 1) * small // 2 + (k - larger) * small * (small - 1) // 2


def weight_lower_bound(
    graph: ConflictGraph, k: int | None = None, *, max_work: int = 30_000_000
) -> float:
    """Bound the weight inside classes from below, in near-linear time.

    The larger of two bounds: all gains (negative weights), less what edge-disjoint triangles of
    two gains and a cost or conflict must give up; and the cheapest way to have as many pairs
    inside as `k` classes force (:func:`least_inside_pairs`).

    Parameters
    ----------
    graph : ConflictGraph
        Weights and hard conflicts.
    k : int, optional
        Most classes; None for any number.
    max_work : int
        Budget of the triangle packing in adjacency entries read.

    Returns
    -------
    float
        No partition without a hard conflict inside costs less; infinite if `k` classes force
        more pairs inside than the hard conflicts leave.

    Examples
    --------
    >>> from geocolor.graph import ConflictGraph
    >>> graph = ConflictGraph.from_edges(3, [(0, 1), (1, 2), (0, 2)], [2.0, 3.0, 5.0])
    >>> weight_lower_bound(graph, k=2)
    2.0
    """
    count = graph.num_nodes
    weights, hard = graph.weights, graph.conflicts
    rest = np.zeros(0) if weights.values is None else weights.values.copy()
    rest[in_both(weights.indptr, weights.indices, hard.indptr, hard.indices)] = 0.0
    # Every pair is stored twice; halving is exact.
    bound = gains = math.fsum(rest[rest < 0]) / 2
    num_costs = int((rest > 0).sum()) // 2
    costs = rest[rest > 0]
    if gains < 0:
        bound += pack_bad_triangles(
            weights.indptr, weights.indices, rest, hard.indptr, hard.indices, max_work
        )
    if k is None:
        return bound
    free = count * (count - 1) // 2 - hard.num_edges
    forced = least_inside_pairs(count, k)
    if forced > free:
        return math.inf
    # Gains and weightless pairs come first; only what they cannot fill is paid for.
    paid = forced - (free - num_costs)
    if paid <= 0:
        return max(bound, gains)
    return max(bound, gains + math.fsum(np.sort(costs)[: 2 * paid]) / 2)
