"""Cheap lower bounds on the weight inside classes."""

from __future__ import annotations

import math

import numpy as np

from geocolor.bounds.weight_kernels import pack_bad_triangles
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
    graph: ConflictGraph, k: int | None = None, *, max_work: int = 100_000_000
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
    pairs = graph.weights.edges().astype(np.int64)
    values = graph.weights.edge_values()
    hard = graph.conflicts.edges().astype(np.int64)
    keep = ~np.isin(pairs[:, 0] * count + pairs[:, 1], hard[:, 0] * count + hard[:, 1])
    pairs, values = pairs[keep], values[keep]
    gains = values[values < 0]
    bound = math.fsum(gains)
    if len(gains):
        rest = graph.weights.values
        assert rest is not None  # noqa: S101  weights always carry values
        bound += pack_bad_triangles(
            graph.weights.indptr,
            graph.weights.indices,
            rest.copy(),
            graph.conflicts.indptr,
            graph.conflicts.indices,
            max_work,
        )
    if k is None:
        return bound
    free = count * (count - 1) // 2 - len(hard)
    forced = least_inside_pairs(count, k)
    if forced > free:
        return math.inf
    costs = np.sort(values[values > 0])
    # Gains and weightless pairs come first; only what they cannot fill is paid for.
    paid = max(0, forced - (free - len(costs)))
    return max(bound, math.fsum(gains) + math.fsum(costs[:paid]))
