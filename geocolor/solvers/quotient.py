"""Graphs whose nodes are the classes of a partition."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from geocolor.graph import Adjacency
from geocolor.solvers.kernels.quotient import merge_rows

__all__ = ["quotient"]


def quotient(adjacency: Adjacency, member: NDArray[np.int32], classes: int) -> Adjacency:
    """Join the nodes of each class to one; O(n + m).

    Parameters
    ----------
    adjacency : Adjacency
        With values, or only a pattern.
    member : ndarray of int32, shape (num_nodes,)
        Class of each node, below `classes`.
    classes : int
        Nodes of the result.

    Returns
    -------
    Adjacency
        The sums of values between classes; without values, the pairs of classes that are joined.

    Examples
    --------
    >>> path = Adjacency.from_edges(4, [(0, 1), (1, 2), (2, 3)], [1.0, 2.0, 4.0])
    >>> quotient(path, np.array([0, 0, 1, 0], dtype=np.int32), 2).edge_values().tolist()
    [6.0]
    """
    values = np.empty(0) if adjacency.values is None else adjacency.values
    indptr, indices, total = merge_rows(
        adjacency.indptr, adjacency.indices, values, member.astype(np.int32), classes
    )
    return Adjacency(indptr, indices, None if adjacency.values is None else total)
