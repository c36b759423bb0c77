"""What the parent computes before CaDiCaL: size, order, the cliques that need all colors."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from geocolor.bounds import Clique
from geocolor.graph import Adjacency
from geocolor.solvers.cliques import edge_clique_cover, order_around
from geocolor.solvers.memory import too_much
from geocolor.solvers.process.arrays import packed
from geocolor.solvers.search import Search

__all__ = ["question", "too_large"]

# Literals that the formulas may have: some 1 GB and 20 s of building.
_MOST_LITERALS = 20_000_000
# Bytes that a literal takes, with what is learned from it.
_LITERAL_BYTES = 50
# Literals about a node and a color, edges apart.
_PER_NODE = 25


def too_large(adjacency: Adjacency, colors: int) -> str | None:
    """Say why formulas about so many colors are not built, before any work; None if they may be."""
    literals = colors * (_PER_NODE * adjacency.num_nodes + 2 * adjacency.num_edges)
    if literals > _MOST_LITERALS:
        return f"CaDiCaL would get some {literals:,} literals; the limit is {_MOST_LITERALS:,}"
    return too_much(_LITERAL_BYTES * literals, "what CaDiCaL is asked", fresh=True)


def question(
    adjacency: Adjacency, search: Search, clique: Clique, least: int
) -> dict[str, Any] | None:
    """Describe the graph to the worker; None if time runs out.

    Parameters
    ----------
    adjacency : Adjacency
        The conflicts.
    search : Search
        The clock.
    clique : Clique
        Its nodes take the first colors.
    least : int
        The fewest colors that will be asked for.
    """
    full = _cliques_of(adjacency, search, least)
    if full is None:
        return None
    order = order_around(adjacency, clique.nodes)
    return {
        "num_nodes": adjacency.num_nodes,
        "edges": packed(adjacency.edges()),
        "clique": packed(clique.nodes),
        "order": packed(order[~np.isin(order, clique.nodes)]),
        "full": packed(full),
        "full_size": full.shape[1],
    }


def _cliques_of(adjacency: Adjacency, search: Search, size: int) -> NDArray[np.int32] | None:
    """Cliques of that size in a cover of the edges, as rows."""
    cover = edge_clique_cover(adjacency, search)
    if cover is None:
        return None
    members, starts = cover
    found = starts[:-1][np.diff(starts) == size]
    rows: NDArray[np.int32] = members[found[:, None] + np.arange(size)]
    return rows
