"""Random graphs whose pairs are drawn one by one."""

from __future__ import annotations

import numpy as np

from geocolor.arguments import checked_number, checked_whole
from geocolor.errors import InputError
from geocolor.graph.conflict_graph import ConflictGraph
from geocolor.graph.generators.edges import CHUNK, pair_of, require_edges, require_pairs
from geocolor.graph.generators.stream import stream_of, uniform

__all__ = ["gnp"]


def gnp(n: int, p: float, seed: int = 0) -> ConflictGraph:
    """Random graph: each pair in conflict with probability p, independently.

    Parameters
    ----------
    n : int
        Nodes.
    p : float
        Probability, 0 to 1.
    seed : int
        The same seed gives the same graph, everywhere and always.

    Returns
    -------
    ConflictGraph
        Without weights.

    Raises
    ------
    InputError
        An argument is out of range.
    LimitError
        There would be too many pairs to draw or edges to keep.

    Examples
    --------
    >>> gnp(100, 0.5, seed=1).conflicts.num_edges
    2490
    """
    n, p = checked_whole("number of nodes", n), checked_number("probability", p)
    if n < 0 or not 0.0 <= p <= 1.0:
        raise InputError(f"n must not be negative and p between 0 and 1: n={n}, p={p}")
    total = n * (n - 1) // 2
    name = f"a random graph of n = {n} and p = {p}"
    require_pairs(n, name)
    require_edges(p * total, name)
    stream = stream_of(seed)
    kept = [np.empty(0, dtype=np.int64)]
    for start in range(0, total, CHUNK):
        drawn = uniform(stream, min(CHUNK, total - start))
        kept.append(np.flatnonzero(drawn < p) + start)
    return ConflictGraph.from_edges(n, pair_of(np.concatenate(kept), n))
