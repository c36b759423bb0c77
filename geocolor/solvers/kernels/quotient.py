"""The graph of the classes of a partition; linear in edges and classes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from geocolor.graph.jit import jit

__all__ = ["merge_rows"]


@jit
def merge_rows(
    indptr: NDArray[np.int64],
    indices: NDArray[np.int32],
    values: NDArray[np.float64],
    member: NDArray[np.int32],
    classes: int,
) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.float64]]:
    """Add up what goes from class to class.

    Parameters
    ----------
    values : ndarray of float64
        Of the entries; none if they are only a pattern, and then there is nothing to add up.
    member : ndarray of int32
        Class of each node, below `classes`.

    Returns
    -------
    tuple of ndarray
        Rows of the symmetric matrix between different classes, ascending.
    """
    count = len(member)
    weighted = len(values) > 0
    begin = np.zeros(classes + 1, dtype=np.int64)
    for v in range(count):
        begin[member[v] + 1] += 1
    for c in range(classes):
        begin[c + 1] += begin[c]
    nodes = np.empty(count, dtype=np.int32)
    place = begin[:-1].copy()
    for v in range(count):
        nodes[place[member[v]]] = v
        place[member[v]] += 1
    # Rows as they come; then the transpose, which is the same matrix with sorted rows.
    rows = np.zeros(classes + 1, dtype=np.int64)
    seen = np.full(classes, -1, dtype=np.int64)
    size = 0
    for c in range(classes):
        seen[c] = c
        for i in range(begin[c], begin[c + 1]):
            for e in range(indptr[nodes[i]], indptr[nodes[i] + 1]):
                d = member[indices[e]]
                if seen[d] != c:
                    seen[d] = c
                    size += 1
        rows[c + 1] = size
    near = np.empty(size, dtype=np.int32)
    total = np.zeros(size if weighted else 0)
    where = np.empty(classes, dtype=np.int64)
    seen[:] = -1
    size = 0
    for c in range(classes):
        for i in range(begin[c], begin[c + 1]):
            for e in range(indptr[nodes[i]], indptr[nodes[i] + 1]):
                d = member[indices[e]]
                if d == c:
                    continue
                if seen[d] != c:
                    seen[d] = c
                    where[d] = size
                    near[size] = d
                    size += 1
                if weighted:
                    total[where[d]] += values[e]
    place = rows[:-1].copy()
    sorted_near = np.empty(size, dtype=np.int32)
    sorted_total = np.empty(len(total))
    for c in range(classes):
        for i in range(rows[c], rows[c + 1]):
            d = near[i]
            sorted_near[place[d]] = c
            if weighted:
                sorted_total[place[d]] = total[i]
            place[d] += 1
    return rows, sorted_near, sorted_total
