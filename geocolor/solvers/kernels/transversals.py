"""Stable sets that meet every one of some cliques, and images of them that share no node."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from geocolor.graph.bits import lowest, ones
from geocolor.graph.jit import jit

__all__ = ["disjoint_chunk", "transversals_chunk"]

_ONE = np.uint64(1)


@jit
def transversals_chunk(
    near: NDArray[np.uint64],
    cliques: NDArray[np.uint64],
    cliques_of: NDArray[np.uint64],
    free: NDArray[np.uint64],
    met: NDArray[np.uint64],
    todo: NDArray[np.uint64],
    widths: NDArray[np.int64],
    chosen: NDArray[np.int32],
    depth: int,
    fresh: bool,
    found: NDArray[np.uint64],
    num_found: int,
    max_work: int,
) -> tuple[int, bool, int]:
    """Go on with the list of stable sets that meet every clique; each is listed once.

    Depth first, and always through a clique not yet met with the fewest nodes left.

    Parameters
    ----------
    near : ndarray of uint64, shape (n, words)
        Bitsets of each node and its neighbors.
    cliques, cliques_of : ndarray of uint64, shapes (cliques, words) and (n, clique words)
        Nodes of each clique, and cliques of each node.
    free, met, todo : ndarray of uint64, shapes (depths, words) and (depths, clique words)
        Nodes that may follow, cliques met, and nodes of the clique branched on still to be tried.
    widths : ndarray of int64, shape (depths,)
        How many nodes there were to be tried.
    chosen : ndarray of int32, shape (depths,)
        The nodes taken.
    depth, fresh : int and bool
        Where to go on, and whether it has no clique to branch on yet.
    found : ndarray of uint64, shape (most, words)
        Gets the sets.
    num_found : int
        Sets that are there.
    max_work : int
        Words to look at before returning.

    Returns
    -------
    tuple of int, bool and int
        Depth (-1: finished), whether it is fresh, and sets found.
    """
    words, count = near.shape[1], len(cliques)
    work = 0
    while depth >= 0 and work < max_work:
        if fresh:
            fresh = False
            fewest, best = 1 << 62, -1
            for c in range(count):
                if (met[depth, c >> 6] >> np.uint64(c & 63)) & _ONE:
                    continue
                size = 0
                for w in range(words):
                    size += ones(free[depth, w] & cliques[c, w])
                if size < fewest:
                    fewest, best = size, c
                    if size == 0:
                        break
            work += words * count
            if best < 0:
                if num_found == len(found):
                    return depth, True, num_found
                found[num_found] = np.uint64(0)
                for i in range(depth):
                    found[num_found, chosen[i] >> 6] |= _ONE << np.uint64(chosen[i] & 63)
                num_found += 1
                depth -= 1
                continue
            widths[depth] = fewest
            for w in range(words):
                todo[depth, w] = free[depth, w] & cliques[best, w]
        v = -1
        for w in range(words):
            if todo[depth, w] != np.uint64(0):
                v = (w << 6) + lowest(todo[depth, w])
                todo[depth, w] &= todo[depth, w] - _ONE
                break
        if v < 0:
            depth -= 1
            continue
        chosen[depth] = v
        for w in range(words):
            free[depth + 1, w] = free[depth, w] & ~near[v, w]
        for w in range(met.shape[1]):
            met[depth + 1, w] = met[depth, w] | cliques_of[v, w]
        depth += 1
        fresh = True
    return depth, fresh, num_found


@jit
def disjoint_chunk(
    members: NDArray[np.uint64],
    left: NDArray[np.int32],
    starts: NDArray[np.int64],
    node_at: NDArray[np.int32],
    at: NDArray[np.int64],
    covered: NDArray[np.uint64],
    chosen: NDArray[np.int32],
    counts: NDArray[np.int64],
    depth: int,
    max_work: int,
) -> tuple[int, bool, int]:
    """Go on with the search for disjoint sets that hold every node.

    Depth first, and always through a node that the fewest of the sets left hold.

    Parameters
    ----------
    members : ndarray of uint64, shape (sets, words)
        Bitsets of nodes.
    left : ndarray of int32, shape (sets * depths,)
        Sets disjoint from those chosen: level d has those from ``starts[d]`` to ``starts[d + 1]``.
    starts, node_at, at : ndarray, shape (depths + 1,)
        Of each level; ``at`` is where to go on (-1: a new level).
    covered : ndarray of uint64, shape (depths + 1, words)
        Nodes covered above each level.
    chosen : ndarray of int32, shape (depths,)
        The sets taken.
    counts : ndarray of int64, shape (nodes,)
        To work with.
    depth : int
        Where to go on.
    max_work : int
        Sets to look at before returning.

    Returns
    -------
    tuple of int, bool and int
        Depth (-1: finished), whether the sets chosen down to it hold every node, and work done.
    """
    nodes, words = len(counts), members.shape[1]
    work = 0
    while depth >= 0 and work < max_work:
        first, last = starts[depth], starts[depth + 1]
        if at[depth] < 0:
            counts[:] = 0
            for i in range(first, last):
                for w in range(words):
                    word = members[left[i], w]
                    while word != np.uint64(0):
                        counts[(w << 6) + lowest(word)] += 1
                        word &= word - _ONE
            work += 4 * (last - first) + nodes
            node = -1
            for v in range(nodes):
                if (covered[depth, v >> 6] >> np.uint64(v & 63)) & _ONE:
                    continue
                if node < 0 or counts[v] < counts[node]:
                    node = v
            if node < 0:
                return depth, True, work
            if counts[node] == 0:
                depth -= 1
                continue
            node_at[depth], at[depth] = node, first
        word, bit = node_at[depth] >> 6, np.uint64(node_at[depth] & 63)
        i = at[depth]
        while i < last and not (members[left[i], word] >> bit) & _ONE:
            i += 1
        work += i - at[depth] + 1
        if i == last:
            depth -= 1
            continue
        at[depth] = i + 1
        taken = left[i]
        chosen[depth] = taken
        end = last
        for j in range(first, last):
            shared = np.uint64(0)
            for w in range(words):
                shared |= members[taken, w] & members[left[j], w]
            if shared == np.uint64(0):
                left[end] = left[j]
                end += 1
        work += last - first
        for w in range(words):
            covered[depth + 1, w] = covered[depth, w] | members[taken, w]
        depth += 1
        starts[depth + 1] = end
        at[depth] = -1
    return depth, False, work
