"""Large cliques: roots in degeneracy order, a bitset branch and bound below each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geocolor.bounds.clique_kernels import (
    candidates,
    color_order,
    degeneracy_order,
    expand,
    later_neighbors,
    next_root,
)
from geocolor.graph import Adjacency

__all__ = ["Clique", "find_clique"]

# Candidates below one root; more are cut off, and the clique is then not called maximum.
_WIDEST = 2048
# Words of bitset work in one kernel call: some 20 ms.
_CHUNK = 20_000_000
# Work that a root costs however few candidates it has.
_PER_ROOT = 2000


@dataclass(frozen=True, eq=False)
class Clique:
    """A set of pairwise adjacent nodes.

    Attributes
    ----------
    nodes : ndarray of int64
        The nodes, ascending.
    maximum : bool
        Whether the search proved that no larger clique exists.
    """

    nodes: NDArray[np.int64]
    maximum: bool

    def __len__(self) -> int:
        """Count the nodes."""
        return len(self.nodes)


def find_clique(
    adjacency: Adjacency,
    *,
    seed: int = 0,
    max_work: int = 300_000_000,
    over: Callable[[], bool] = lambda: False,
    enough: int | None = None,
) -> Clique:
    """Find a large clique, often a maximum one.

    Parameters
    ----------
    adjacency : Adjacency
        The graph; values play no part.
    seed : int
        Breaks ties between candidates of equal degree.
    max_work : int
        Budget in bitset words touched (some 10^9 a second). The result depends on the seed and
        this budget only, unless `over` strikes first.
    over : callable
        Asked every few milliseconds whether to return what there is.
    enough : int, optional
        Return as soon as a clique has this many nodes.

    Returns
    -------
    Clique
        Not empty unless the graph is.

    Examples
    --------
    >>> from geocolor.graph import Adjacency
    >>> find_clique(Adjacency.from_edges(4, [(0, 1), (1, 2), (0, 2), (2, 3)])).nodes.tolist()
    [0, 1, 2]
    """
    count = adjacency.num_nodes
    if count == 0:
        return Clique(np.empty(0, dtype=np.int64), True)
    order, rank, core = degeneracy_order(adjacency.indptr, adjacency.indices)
    tie = np.random.default_rng(seed).permutation(count).astype(np.int64)
    place = np.full(count, -1, dtype=np.int32)
    best = np.array([order[-1]], dtype=np.int64)
    ceiling = int(core.max()) + 1
    target = ceiling if enough is None else min(ceiling, enough)
    # Two passes: a short look below every root first, so that one hard root cannot starve the
    # rest; then what is left of the budget for those cut short.
    unfinished: list[int] = []
    left = max_work
    position = count
    while len(best) < target and left > 0 and not over():
        position = next_root(order, core, position, len(best))
        if position < 0:
            break
        share = max(_CHUNK // 20, left // 50)
        best, finished, used = _below(
            adjacency, order[position], rank, tie, place, best, target, share, over
        )
        left -= used
        if not finished:
            unfinished.append(position)
    every_root = position < 0
    for position in unfinished:
        if len(best) >= target or left <= 0 or over():
            break
        best, finished, used = _below(
            adjacency, order[position], rank, tie, place, best, target, left, over
        )
        left -= used
        if not finished:
            break
    else:
        unfinished = []
    searched = every_root and not unfinished and len(best) < target
    maximum = len(best) >= ceiling or searched
    return Clique(np.sort(best), maximum)


def _below(
    adjacency: Adjacency,
    root: int,
    rank: NDArray[np.int64],
    tie: NDArray[np.int64],
    place: NDArray[np.int32],
    best: NDArray[np.int64],
    target: int,
    max_work: int,
    over: Callable[[], bool],
) -> tuple[NDArray[np.int64], bool, int]:
    """Search the cliques of `root` and its later neighbors; better clique, finished, work."""
    nodes = later_neighbors(adjacency.indptr, adjacency.indices, root, rank)
    build = int((adjacency.indptr[nodes + 1] - adjacency.indptr[nodes]).sum()) + _PER_ROOT
    if len(nodes) + 1 <= len(best):
        return best, True, build
    nodes, rows = candidates(adjacency.indptr, adjacency.indices, nodes, tie, place, _WIDEST)
    whole = len(nodes) <= _WIDEST
    nodes = nodes[:_WIDEST]
    size, words = rows.shape
    depth_limit = size + 1
    sets = np.zeros((depth_limit + 1, words), dtype=np.uint64)
    branch = np.zeros((depth_limit, size), dtype=np.int32)
    bound = np.zeros((depth_limit, size), dtype=np.int32)
    left = np.full(depth_limit, -1, dtype=np.int32)
    chosen = np.zeros(depth_limit, dtype=np.int32)
    found = np.zeros(depth_limit, dtype=np.int32)
    for v in range(size):
        sets[0, v >> 6] |= np.uint64(1) << np.uint64(v & 63)
    # The root itself is one node more than what the kernel counts.
    largest = len(best) - 1
    left[0] = color_order(rows, sets[0], branch[0], bound[0], largest)[0] - 1
    depth, work = 0, build
    while depth >= 0 and work < max_work and not over():
        chunk = min(_CHUNK, max_work - work)
        depth, larger, used = expand(
            rows, sets, branch, bound, left, chosen, found, depth, largest, target - 1, chunk
        )
        work += used
        if larger > largest:
            largest = larger
            best = np.append(nodes[found[:largest]], root).astype(np.int64)
    return best, depth < 0 and whole, work
