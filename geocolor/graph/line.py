"""Line graphs, which turn edge coloring into coloring."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from geocolor.errors import LimitError
from geocolor.graph.conflict_graph import ConflictGraph

__all__ = ["line_graph"]

# Conflicts of the line graph: what a graph file may have.
_MOST_CONFLICTS = 50_000_000


def line_graph(graph: ConflictGraph) -> tuple[ConflictGraph, NDArray[np.int32]]:
    """Make the line graph of the hard conflicts: edges that meet in a node are in conflict.

    Its colorings are the edge colorings of `graph`. By Vizing's theorem ("On an estimate of the
    chromatic class of a p-graph", 1964) the fewest colors are the maximum degree or one more; the
    edges at a node are a clique, which proves the maximum degree as a bound.

    Parameters
    ----------
    graph : ConflictGraph
        Weights play no part.

    Returns
    -------
    lines : ConflictGraph
        One node per edge.
    edges : ndarray of int32, shape (m, 2)
        The edge that each of its nodes stands for, ``u < v``, ascending.

    Raises
    ------
    LimitError
        There would be too many conflicts: the sum over nodes of d (d - 1) / 2.

    Notes
    -----
    O(m + c) for c conflicts of the line graph, and the sorting of these.

    Examples
    --------
    >>> star = ConflictGraph.from_edges(4, [(0, 1), (0, 2), (0, 3)])
    >>> lines, edges = line_graph(star)
    >>> lines.conflicts.num_edges, edges.tolist()
    (3, [[0, 1], [0, 2], [0, 3]])
    """
    edges = graph.conflicts.edges()
    degrees = graph.conflicts.degrees
    total = int((degrees * (degrees - 1) // 2).sum())
    if total > _MOST_CONFLICTS:
        raise LimitError(
            f"the line graph would have {total:,} conflicts; the limit is {_MOST_CONFLICTS:,}"
        )
    # Edges by node: the places of a node are consecutive.
    incident = np.argsort(edges.ravel(), kind="stable") // 2
    ends = np.repeat(np.cumsum(degrees), degrees)
    places = np.arange(len(incident))
    # Every place pairs up with those after it at the same node. Two edges of a simple graph meet
    # in one node at most, so that no pair comes twice.
    later = ends - places - 1
    first = np.repeat(places, later)
    second = first + 1 + np.arange(total) - np.repeat(np.cumsum(later) - later, later)
    pairs = np.stack([incident[first], incident[second]], axis=1)
    return ConflictGraph.from_edges(len(edges), pairs), edges
