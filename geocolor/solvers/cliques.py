"""What exact models know about cliques: a cover of the edges, and an order from one on."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from geocolor.graph import Adjacency
from geocolor.solvers.kernels.cover import cover_chunk
from geocolor.solvers.search import Search

__all__ = ["edge_clique_cover", "order_around"]

# Adjacency entries in one kernel call: some 30 ms.
_CHUNK = 5_000_000


def edge_clique_cover(
    adjacency: Adjacency, search: Search
) -> tuple[NDArray[np.int32], NDArray[np.int64]] | None:
    """Cover the edges greedily with cliques: members and starts, or None if time runs out.

    Clique i is ``members[starts[i]:starts[i + 1]]``, and maximal.
    """
    count = adjacency.num_nodes
    covered = np.zeros(len(adjacency.indices), dtype=np.bool_)
    widest = int(adjacency.degrees.max(initial=0)) + 1
    members = np.empty(2 * adjacency.num_edges + 2 * widest, dtype=np.int32)
    starts = np.zeros(adjacency.num_edges + 1, dtype=np.int64)
    place = np.full(count, -1, dtype=np.int64)
    node, cliques = 0, 0
    while node < count:
        if search.out_of_time():
            return None
        if starts[cliques] + widest > len(members):
            members = np.concatenate([members, np.empty_like(members)])
        node, cliques = cover_chunk(
            adjacency.indptr,
            adjacency.indices,
            covered,
            members,
            starts,
            place,
            node,
            cliques,
            _CHUNK,
        )
    return members[: starts[cliques]], starts[: cliques + 1]


def order_around(adjacency: Adjacency, first: NDArray[np.int64]) -> NDArray[np.int64]:
    """Order nodes so that each sees many before it: most neighbors in `first`, then by degree.

    O(n log n + m).
    """
    seen = np.zeros(adjacency.num_nodes, dtype=np.int64)
    for node in first:
        seen[adjacency.neighbors(int(node))] += 1
    return np.lexsort((-adjacency.degrees, -seen))
