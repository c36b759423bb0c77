"""Greedy edge clique cover."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from geocolor.graph.jit import jit

__all__ = ["cover_chunk"]


@jit
def cover_chunk(
    indptr: NDArray[np.int64],
    indices: NDArray[np.int32],
    covered: NDArray[np.bool_],
    members: NDArray[np.int32],
    starts: NDArray[np.int64],
    place: NDArray[np.int64],
    node: int,
    cliques: int,
    max_work: int,
) -> tuple[int, int]:
    """Cover every edge (u, v), u < v, by a clique grown greedily around the first one open.

    A clique takes the common neighbor with most uncovered edges into it, until it is maximal.
    `covered` flags adjacency entries; `members` and `starts` hold the cliques, `place` is -1
    everywhere between calls. Stops early when `members` could overflow.

    Returns
    -------
    tuple of int
        The node to go on from (the number of nodes when done), cliques so far.
    """
    count = len(indptr) - 1
    work = 0
    common = np.empty(count, dtype=np.int32)
    gain = np.zeros(count, dtype=np.int32)
    hits = np.zeros(count, dtype=np.int32)
    while node < count and work < max_work:
        for first in range(indptr[node], indptr[node + 1]):
            if covered[first] or indices[first] < node:
                continue
            if starts[cliques] + indptr[node + 1] - indptr[node] + 1 > len(members):
                return node, cliques
            size = 0
            for e in range(indptr[node], indptr[node + 1]):
                u = indices[e]
                common[size] = u
                size += 1
                hits[u] = 1
                gain[u] = 0 if covered[e] else 1
            end = starts[cliques]
            members[end] = node
            length = 1
            v = indices[first]
            while v >= 0:
                members[end + length] = v
                length += 1
                # Keep the candidates that see v too, and choose the one with most open edges.
                for e in range(indptr[v], indptr[v + 1]):
                    u = indices[e]
                    if hits[u] == length - 1:
                        hits[u] = length
                        if not covered[e]:
                            gain[u] += 1
                work += indptr[v + 1] - indptr[v] + size
                best, v, kept = -1, np.int32(-1), 0
                for i in range(size):
                    u = common[i]
                    if hits[u] == length:
                        common[kept] = u
                        kept += 1
                        if gain[u] > best:
                            best, v = gain[u], u
                    else:
                        hits[u] = 0
                size = kept
            for i in range(size):
                hits[common[i]] = 0
            for i in range(length):
                place[members[end + i]] = i
            for i in range(length):
                u = members[end + i]
                for e in range(indptr[u], indptr[u + 1]):
                    if place[indices[e]] >= 0:
                        covered[e] = True
            for i in range(length):
                place[members[end + i]] = -1
            cliques += 1
            starts[cliques] = end + length
        node += 1
    return node, cliques
