"""Kernighan-Lin chains of moves between two classes at a time, for partitions with conflicts."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from geocolor.graph.jit import jit

__all__ = ["chains_chunk", "link_classes"]

# Moves without a new best after which a chain ends.
_PATIENCE = 50
# What looking a node up in a row of sorted neighbors costs, in neighbors read.
_LOOKUP = 12
# What one pair may take, in chunks.
_MOST = 4
# Nodes of two classes for which what joins them is kept: 1 MB.
_KEPT = 256


@jit
def link_classes(
    colors: NDArray[np.int32], labels: int
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int32]]:
    """Link the nodes of each class: its first node, and each node's next and previous, or -1."""
    first = np.full(labels, -1, dtype=np.int32)
    after = np.full(len(colors), -1, dtype=np.int32)
    before = np.full(len(colors), -1, dtype=np.int32)
    for v in range(len(colors)):
        _link(v, colors[v], first, after, before)
    return first, after, before


@jit
def chains_chunk(
    hard_indptr: NDArray[np.int64],
    hard_indices: NDArray[np.int32],
    indptr: NDArray[np.int64],
    indices: NDArray[np.int32],
    values: NDArray[np.float64],
    dense: NDArray[np.float64],
    colors: NDArray[np.int32],
    first: NDArray[np.int32],
    after: NDArray[np.int32],
    before: NDArray[np.int32],
    changed: NDArray[np.bool_],
    pairs: NDArray[np.int32],
    position: int,
    penalty: float,
    rounding: float,
    max_work: int,
) -> tuple[int, int]:
    """Exchange nodes between the classes of each pair, as long as that makes the partition cheaper.

    All nodes of the two are moved to the other class, one after the other, each the one that then
    costs least, up to a hard conflict and back; of the partitions gone through the cheapest without
    a conflict stays. Kernighan and Lin, "An efficient heuristic procedure for partitioning
    graphs", Bell Syst. Tech. J. 49 (1970). All nodes moved are a merger, and some of a class to an
    empty one a split: Keuper et al., "Efficient decomposition of image and mesh graphs by lifted
    multicuts", ICCV 2015.

    Parameters
    ----------
    dense : ndarray of float64, shape (2, nodes, nodes) or (0, 0, 0)
        Weights and conflicts once more, where that saves looking them up.
    first, after, before
        From :func:`link_classes`; kept up to date, like `colors`.
    changed : ndarray of bool, shape (labels,)
        Set where a class has become another.
    pairs : ndarray of int32, shape (pairs, 2)
        Classes, each two different ones.
    position : int
        The first pair to look at.
    penalty : float
        What a conflict counts like while nodes are chosen.
    rounding : float
        Below this a gain means nothing.
    max_work : int
        Neighbors to read, about; a pair that takes some times as many is left out.

    Returns
    -------
    tuple of int
        The pair to go on from, and about how many neighbors were read.
    """
    count = len(colors)
    place = np.full(count, -1, dtype=np.int64)
    nodes = np.empty(count, dtype=np.int32)
    order = np.empty(count, dtype=np.int64)
    rise, clashes = np.empty(count), np.empty(count)
    moved, away = np.empty(count, dtype=np.bool_), np.empty(count, dtype=np.bool_)
    # What joins each to each: kept where that is little, else read again.
    blocks, rows = np.empty((2, _KEPT, _KEPT)), np.empty((2, count))
    arrays = (hard_indptr, hard_indices, indptr, indices, values)
    work = 0
    while position < len(pairs) and work < max_work:
        a, b = pairs[position]
        position += 1
        size, reads = 0, 0
        for c in (a, b):
            v = first[c]
            while v >= 0:
                nodes[size], place[v], away[size] = v, size, c == b
                size += 1
                reads += indptr[v + 1] - indptr[v] + hard_indptr[v + 1] - hard_indptr[v]
                v = after[v]
        # One pair of huge classes may not take longer than many others do.
        work += size
        most = work + _MOST * max_work
        if work + reads > most:
            for i in range(size):
                place[nodes[i]] = -1
            continue
        rise[:size], clashes[:size], moved[:size] = 0.0, 0.0, False
        kept = size <= _KEPT
        for x in range(size):
            row = blocks[0, x] if kept else rows[0]
            clash = blocks[1, x] if kept else rows[1]
            work += size + _read(arrays, dense, nodes[x], nodes, size, place, row, clash)
            for i in range(size):
                apart = 1.0 if away[i] != away[x] else -1.0
                rise[i] += apart * row[i]
                clashes[i] += apart * clash[i]
        total, broken, best, at, step = 0.0, 0.0, 0.0, 0, 0
        while step < size and step < at + _PATIENCE and work < most:
            x, least = -1, 0.0
            for i in range(size):
                if not moved[i]:
                    price = rise[i] + penalty * clashes[i]
                    if x < 0 or price < least:
                        x, least = i, price
            moved[x] = True
            total += rise[x]
            broken += clashes[x]
            order[step] = x
            step += 1
            if broken < 0.5 and total < best - rounding:
                best, at = total, step
            row = blocks[0, x] if kept else rows[0]
            clash = blocks[1, x] if kept else rows[1]
            if not kept:
                work += _read(arrays, dense, nodes[x], nodes, size, place, row, clash)
            work += 3 * size
            # What was with x no longer is, and the other way round.
            for i in range(size):
                together = 2.0 if away[i] == away[x] else -2.0
                rise[i] += together * row[i]
                clashes[i] += together * clash[i]
            away[x] = not away[x]
        for i in range(size):
            place[nodes[i]] = -1
        if at > 0:
            changed[a], changed[b] = True, True
            for i in range(at):
                v = nodes[order[i]]
                target = b if colors[v] == a else a
                _unlink(v, colors[v], first, after, before)
                _link(v, target, first, after, before)
                colors[v] = target
    return position, work


@jit
def _read(
    arrays: tuple[
        NDArray[np.int64],
        NDArray[np.int32],
        NDArray[np.int64],
        NDArray[np.int32],
        NDArray[np.float64],
    ],
    dense: NDArray[np.float64],
    v: int,
    nodes: NDArray[np.int32],
    size: int,
    place: NDArray[np.int64],
    row: NDArray[np.float64],
    clash: NDArray[np.float64],
) -> int:
    """Set row[i] and clash[i] to the weight and conflict of v with each of `nodes`.

    A few are looked up in v's rows, many met by going through them. Returns about how many
    neighbors that took.
    """
    hard_indptr, hard_indices, indptr, indices, values = arrays
    if len(dense):
        for i in range(size):
            row[i] = dense[0, v, nodes[i]]
            clash[i] = dense[1, v, nodes[i]]
        return size
    none = np.empty(0)
    return _row(indptr, indices, values, v, nodes, size, place, row) + _row(
        hard_indptr, hard_indices, none, v, nodes, size, place, clash
    )


@jit
def _row(
    indptr: NDArray[np.int64],
    indices: NDArray[np.int32],
    values: NDArray[np.float64],
    v: int,
    nodes: NDArray[np.int32],
    size: int,
    place: NDArray[np.int64],
    row: NDArray[np.float64],
) -> int:
    """Set row[i] to what joins v to each of `nodes`, without values 1; `place` has their places."""
    row[:size] = 0.0
    start, end = indptr[v], indptr[v + 1]
    if size * _LOOKUP < end - start:
        neighbors = indices[start:end]
        for i in range(size):
            at = np.searchsorted(neighbors, nodes[i])
            if at < len(neighbors) and neighbors[at] == nodes[i]:
                row[i] = values[start + at] if len(values) else 1.0
        return size * _LOOKUP
    for e in range(start, end):
        i = place[indices[e]]
        if i >= 0:
            row[i] = values[e] if len(values) else 1.0
    return int(end - start)


@jit
def _link(
    v: int,
    c: int,
    first: NDArray[np.int32],
    after: NDArray[np.int32],
    before: NDArray[np.int32],
) -> None:
    """Put a node in front of a class."""
    after[v], before[v] = first[c], -1
    if first[c] >= 0:
        before[first[c]] = v
    first[c] = v


@jit
def _unlink(
    v: int,
    c: int,
    first: NDArray[np.int32],
    after: NDArray[np.int32],
    before: NDArray[np.int32],
) -> None:
    """Take a node out of its class."""
    if before[v] >= 0:
        after[before[v]] = after[v]
    else:
        first[c] = after[v]
    if after[v] >= 0:
        before[after[v]] = before[v]
