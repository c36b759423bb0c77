"""Subsets of a set, in conflict by what they have in common."""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np

from geocolor.arguments import checked_whole
from geocolor.errors import InputError, LimitError
from geocolor.graph.conflict_graph import ConflictGraph
from geocolor.graph.generators.edges import pairs_where, require_edges, require_pairs

__all__ = ["kneser"]

# A set is a word of 64 bits, with a sign.
_MAX_ELEMENTS = 63


def kneser(n: int, k: int) -> ConflictGraph:
    """Kneser graph: subsets of k out of n elements, in conflict if they are disjoint.

    Parameters
    ----------
    n : int
        Elements, up to 63.
    k : int
        Elements of a subset, 1 to n. Nodes are the subsets in lexicographic order.

    Returns
    -------
    ConflictGraph
        Its chromatic number is ``n - 2 * k + 2`` from n = 2k on (Lovász 1978, "Kneser's conjecture,
        chromatic number, and homotopy"), far above its fractional one, n / k.

    Raises
    ------
    InputError
        An argument is out of range.
    LimitError
        There would be too many elements, subsets or conflicts.

    Notes
    -----
    All pairs of subsets are looked at.

    Examples
    --------
    >>> kneser(5, 2)  # the Petersen graph
    ConflictGraph(num_nodes=10, conflicts=15, weights=0)
    """
    n, k = checked_whole("number of nodes", n), checked_whole("k", k)
    if not 1 <= k <= n:
        raise InputError(f"a Kneser graph needs 1 <= k <= n: n={n}, k={k}")
    if n > _MAX_ELEMENTS:
        raise LimitError(f"a Kneser graph has up to {_MAX_ELEMENTS} elements, not {n}")
    name = f"the Kneser graph of n = {n} and k = {k}"
    count = math.comb(n, k)
    require_pairs(count, name)
    require_edges(count * math.comb(n - k, k) // 2, name)
    chosen = np.array(list(combinations(range(n), k)), dtype=np.int64)
    words = (np.int64(1) << chosen).sum(axis=1)
    return ConflictGraph.from_edges(
        count, pairs_where(count, lambda u, v: words[u] & words[v] == 0)
    )
