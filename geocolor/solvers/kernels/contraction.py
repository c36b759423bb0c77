"""Greedy contraction of sparse graphs: pairs in a heap, the neighbors of clusters in lists.

A pair of clusters is one record. It stands in the lists of both its ends, in a table that finds it
by its ends and, while joining the two would gain, in the heap. The cluster with fewer neighbors is
merged into the other, so that a record changes its ends O(log n) times on average.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from geocolor.graph.jit import jit

__all__ = ["Clusters", "contraction_chunk", "contraction_start", "place_chunk", "roots"]


class Clusters(NamedTuple):
    """Clusters of n nodes and the m pairs between them.

    Attributes
    ----------
    ends : ndarray of int32, shape (m, 2)
        The two clusters of a pair.
    weight : ndarray of float64, shape (m,)
        Total weight between them, infinite if a hard conflict is among it.
    after, before : ndarray of int32, shape (2 m,)
        Lists of the pairs of a cluster; entry ``2 e + side`` is that of one end of pair e.
    first, degree : ndarray of int32, shape (n,)
        First entry of a cluster's list, -1 if there is none, and its length.
    keys, slots : ndarray of int64 and int32, length a power of two
        Table of pairs by their ends, -1 where it is empty.
    heap, place : ndarray of int32, shape (m,)
        Pairs with a negative weight, the least first; where a pair stands in the heap, or -1.
    parent : ndarray of int32, shape (n,)
        What a cluster was merged into; itself while it stands.
    counts : ndarray of int64, shape (2,)
        Pairs in the heap; clusters.
    """

    ends: NDArray[np.int32]
    weight: NDArray[np.float64]
    after: NDArray[np.int32]
    before: NDArray[np.int32]
    first: NDArray[np.int32]
    degree: NDArray[np.int32]
    keys: NDArray[np.int64]
    slots: NDArray[np.int32]
    heap: NDArray[np.int32]
    place: NDArray[np.int32]
    parent: NDArray[np.int32]
    counts: NDArray[np.int64]

    @classmethod
    def of(cls, count: int, ends: NDArray[np.int32], weight: NDArray[np.float64]) -> Clusters:
        """Allocate for `count` nodes, each a cluster, and distinct pairs of them."""
        pairs = len(weight)
        size = 1 << max(2 * pairs, 2).bit_length()
        after, before, heap, place = (
            np.full(length, -1, dtype=np.int32) for length in (2 * pairs, 2 * pairs, pairs, pairs)
        )
        return cls(
            ends.copy(),
            weight.copy(),
            after,
            before,
            np.full(count, -1, dtype=np.int32),
            np.zeros(count, dtype=np.int32),
            np.full(size, -1, dtype=np.int64),
            np.empty(size, dtype=np.int32),
            heap,
            place,
            np.arange(count, dtype=np.int32),
            np.array([0, count], dtype=np.int64),
        )


@jit
def _key(a: int, b: int) -> int:
    return (min(a, b) << 32) | max(a, b)


@jit
def _slot(key: int, size: int) -> int:
    """Where the search for a key begins (Fibonacci hashing)."""
    mixed = np.uint64(key) * np.uint64(0x9E3779B97F4A7C15)
    return int((mixed ^ (mixed >> np.uint64(29))) >> np.uint64(17)) & (size - 1)


@jit
def _find(keys: NDArray[np.int64], key: int) -> int:
    """Slot of a key, or the empty one where it belongs."""
    at = _slot(key, len(keys))
    while keys[at] != -1 and keys[at] != key:
        at = (at + 1) & (len(keys) - 1)
    return at


@jit
def _forget(keys: NDArray[np.int64], slots: NDArray[np.int32], key: int) -> None:
    """Take a key out and move up those behind it that were displaced."""
    last = len(keys) - 1
    hole = _find(keys, key)
    at = hole
    while True:
        at = (at + 1) & last
        if keys[at] == -1:
            break
        if ((at - _slot(keys[at], last + 1)) & last) >= ((at - hole) & last):
            keys[hole], slots[hole] = keys[at], slots[at]
            hole = at
    keys[hole] = -1


@jit
def _settle(clusters: Clusters, at: int) -> None:
    """Move the pair at a place of the heap up or down to where it belongs."""
    heap, place, weight = clusters.heap, clusters.place, clusters.weight
    size = clusters.counts[0]
    e = heap[at]
    while at > 0 and weight[e] < weight[heap[(at - 1) >> 1]]:
        heap[at] = heap[(at - 1) >> 1]
        place[heap[at]] = at
        at = (at - 1) >> 1
    while 2 * at + 1 < size:
        child = 2 * at + 1
        if child + 1 < size and weight[heap[child + 1]] < weight[heap[child]]:
            child += 1
        if weight[heap[child]] >= weight[e]:
            break
        heap[at] = heap[child]
        place[heap[at]] = at
        at = child
    heap[at] = e
    place[e] = at


@jit
def _revalue(clusters: Clusters, e: int) -> None:
    """Put a pair whose weight changed where it belongs: in the heap while it would gain."""
    heap, place, counts = clusters.heap, clusters.place, clusters.counts
    at = place[e]
    if clusters.weight[e] < 0.0:
        if at < 0:
            at = counts[0]
            counts[0] += 1
            heap[at] = e
        _settle(clusters, at)
    elif at >= 0:
        counts[0] -= 1
        place[e] = -1
        if at < counts[0]:
            heap[at] = heap[counts[0]]
            _settle(clusters, at)


@jit
def _link(clusters: Clusters, entry: int) -> None:
    """Add an entry to the list of its end."""
    first, after = clusters.first, clusters.after
    a = clusters.ends[entry >> 1, entry & 1]
    after[entry] = first[a]
    clusters.before[entry] = -1
    if first[a] >= 0:
        clusters.before[first[a]] = entry
    first[a] = entry
    clusters.degree[a] += 1


@jit
def _unlink(clusters: Clusters, entry: int) -> None:
    """Take an entry out of the list of its end."""
    after, before = clusters.after, clusters.before
    a = clusters.ends[entry >> 1, entry & 1]
    if before[entry] >= 0:
        after[before[entry]] = after[entry]
    else:
        clusters.first[a] = after[entry]
    if after[entry] >= 0:
        before[after[entry]] = before[entry]
    clusters.degree[a] -= 1


@jit
def contraction_start(clusters: Clusters, begin: int, end: int) -> None:
    """Enter some pairs into the lists, the table and the heap; before all else, each once."""
    ends = clusters.ends
    for e in range(begin, end):
        _link(clusters, 2 * e)
        _link(clusters, 2 * e + 1)
        key = _key(ends[e, 0], ends[e, 1])
        at = _find(clusters.keys, key)
        clusters.keys[at] = key
        clusters.slots[at] = e
        _revalue(clusters, e)


@jit
def _merge(clusters: Clusters, a: int, b: int) -> None:
    """Merge cluster a into b; the pair of the two is gone already."""
    ends, weight, keys, slots = clusters.ends, clusters.weight, clusters.keys, clusters.slots
    entry = clusters.first[a]
    while entry >= 0:
        following = clusters.after[entry]
        e, side = entry >> 1, entry & 1
        x = ends[e, 1 - side]
        _forget(keys, slots, _key(a, x))
        key = _key(b, x)
        at = _find(keys, key)
        if keys[at] == key:
            other = slots[at]
            weight[other] += weight[e]
            weight[e] = np.inf
            _revalue(clusters, e)
            _unlink(clusters, entry ^ 1)
            _revalue(clusters, other)
        else:
            keys[at] = key
            slots[at] = e
            ends[e, side] = b
            _link(clusters, entry)
        entry = following
    clusters.first[a] = -1
    clusters.degree[a] = 0
    clusters.parent[a] = b
    clusters.counts[1] -= 1


@jit
def contraction_chunk(clusters: Clusters, max_work: int) -> bool:
    """Join the two clusters that gain most, again and again.

    Returns
    -------
    bool
        Whether no pair is left that would gain.
    """
    work = 0
    while clusters.counts[0] > 0 and work < max_work:
        e = clusters.heap[0]
        a, b = clusters.ends[e, 0], clusters.ends[e, 1]
        if clusters.degree[a] > clusters.degree[b]:
            a, b = b, a
        work += 8 + clusters.degree[a]
        clusters.weight[e] = np.inf
        _revalue(clusters, e)
        _forget(clusters.keys, clusters.slots, _key(a, b))
        _unlink(clusters, 2 * e)
        _unlink(clusters, 2 * e + 1)
        _merge(clusters, a, b)
    return bool(clusters.counts[0] == 0)


@jit
def roots(parent: NDArray[np.int32]) -> NDArray[np.int32]:
    """Give the cluster of every node, numbered from 0 by first appearance."""
    count = len(parent)
    number = np.full(count, -1, dtype=np.int32)
    colors = np.empty(count, dtype=np.int32)
    used = 0
    for v in range(count):
        root = v
        while parent[root] != root:
            parent[root] = parent[parent[root]]
            root = parent[root]
        if number[root] < 0:
            number[root] = used
            used += 1
        colors[v] = number[root]
    return colors


@jit
def place_chunk(
    hard_indptr: NDArray[np.int64],
    hard_indices: NDArray[np.int32],
    indptr: NDArray[np.int64],
    indices: NDArray[np.int32],
    values: NDArray[np.float64],
    order: NDArray[np.int32],
    position: int,
    colors: NDArray[np.int32],
    filled: NDArray[np.int32],
    max_work: int,
) -> int:
    """Put nodes in `order` into the cheapest class without a conflict, of these the least filled.

    Where every class conflicts, the node stays without one: -1.

    Parameters
    ----------
    filled : ndarray of int32, shape (k,)
        Nodes of each class, kept up to date.

    Returns
    -------
    int
        Position to go on from.
    """
    k = len(filled)
    price = np.zeros(k)
    work = 0
    while position < len(order) and work < max_work:
        v = order[position]
        position += 1
        price[:] = 0.0
        for e in range(indptr[v], indptr[v + 1]):
            if colors[indices[e]] >= 0:
                price[colors[indices[e]]] += values[e]
        for e in range(hard_indptr[v], hard_indptr[v + 1]):
            if colors[hard_indices[e]] >= 0:
                price[colors[hard_indices[e]]] = np.inf
        choice = -1
        for c in range(k):
            if price[c] == np.inf:
                continue
            if (
                choice < 0
                or price[c] < price[choice]
                or (price[c] == price[choice] and filled[c] < filled[choice])
            ):
                choice = c
        colors[v] = choice
        if choice >= 0:
            filled[choice] += 1
        work += k + indptr[v + 1] - indptr[v] + hard_indptr[v + 1] - hard_indptr[v]
    return position
