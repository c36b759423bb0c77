"""Inequalities that a point of the edge relaxation violates: a node and others around it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from geocolor.graph.jit import jit

__all__ = ["cut_rows", "pick_spread", "two_partition_chunk", "violated_triangles"]


@jit
def violated_triangles(
    x: NDArray[np.float64],
    least: float,
    nodes: NDArray[np.int32],
    violations: NDArray[np.float64],
) -> int:
    """List the triples with ``x_ij + x_ik - x_jk > 1 + least``; O(n^3).

    Parameters
    ----------
    x : ndarray of float64, shape (n, n)
        Symmetric: how far two nodes are together.
    least : float
        Violation wanted.
    nodes, violations : ndarray, shapes (most, 3) and (most,)
        Get i, j, k and by how much.

    Returns
    -------
    int
        Triples found, or one more than fit.
    """
    count, found = len(x), 0
    for j in range(count):
        for k in range(j):
            bar = 1.0 + least + x[j, k]
            # Nothing can be above 2.
            if bar >= 2.0:
                continue
            for i in range(count):
                if x[j, i] + x[k, i] > bar and i not in (j, k):
                    if found == len(violations):
                        return found + 1
                    nodes[found, 0], nodes[found, 1], nodes[found, 2] = i, j, k
                    violations[found] = x[j, i] + x[k, i] - x[j, k] - 1.0
                    found += 1
    return found


@jit
def two_partition_chunk(
    x: NDArray[np.float64],
    least: float,
    center: int,
    starts: NDArray[np.int64],
    members: NDArray[np.int32],
    violations: NDArray[np.float64],
    found: int,
) -> int:
    """Look for nodes T around one center with ``x(center: T) - x(T) > 1 + least``, greedily.

    From each node that is partly with the center, others join while they add something, those
    that add most first. Only sets of three nodes or more are listed.

    Parameters
    ----------
    x : ndarray of float64, shape (n, n)
        Symmetric: how far two nodes are together.
    least : float
        Violation wanted.
    center : int
        The node.
    starts, members, violations : ndarray, shapes (most + 1,), (most * n,) and (most,)
        Get the sets T, and by how much.
    found : int
        Sets that are there.

    Returns
    -------
    int
        Sets that are there now.
    """
    count = len(x)
    gain = np.empty(count)
    for first in range(count):
        if first == center or x[center, first] <= 1e-6 or x[center, first] >= 1.0 - 1e-6:
            continue
        if found == len(violations):
            break
        total, size, begin = x[center, first], 1, starts[found]
        members[begin] = first
        for v in range(count):
            gain[v] = x[center, v] - x[first, v]
        gain[center] = gain[first] = -1.0
        while True:
            best = np.argmax(gain)
            if gain[best] <= 1e-6:
                break
            total += gain[best]
            members[begin + size] = best
            size += 1
            for v in range(count):
                gain[v] -= x[best, v]
            gain[best] = -1.0
        if size > 2 and total > 1.0 + least:
            starts[found + 1] = begin + size
            violations[found] = total - 1.0
            found += 1
    return found


@jit
def pick_spread(
    order: NDArray[np.int64],
    starts: NDArray[np.int64],
    members: NDArray[np.int32],
    count: int,
    each: int,
    most: int,
    picked: NDArray[np.int64],
) -> int:
    """Pick sets in the given order, no node pair of the first and another in too many of them.

    Parameters
    ----------
    order : ndarray of int64
        Sets, the best first.
    starts, members : ndarray
        The nodes of each set, its center first.
    count : int
        Nodes in all.
    each : int
        Sets that a pair may be in.
    most : int
        Sets to pick.
    picked : ndarray of int64, shape (most,)
        Gets them.

    Returns
    -------
    int
        Sets picked.
    """
    used = np.zeros((count, count), dtype=np.int32)
    taken = 0
    for s in order:
        center, free = members[starts[s]], True
        for e in range(starts[s] + 1, starts[s + 1]):
            if used[center, members[e]] >= each:
                free = False
                break
        if not free:
            continue
        for e in range(starts[s] + 1, starts[s + 1]):
            used[center, members[e]] += 1
            used[members[e], center] += 1
        picked[taken] = s
        taken += 1
        if taken == most:
            break
    return taken


@jit
def cut_rows(
    starts: NDArray[np.int64],
    members: NDArray[np.int32],
    pairs: NDArray[np.int64],
    lengths: NDArray[np.int64],
    columns: NDArray[np.int64],
    signs: NDArray[np.int64],
) -> None:
    """Write the rows of ``x(i: T) - x(T)`` one after the other.

    Parameters
    ----------
    starts, members : ndarray
        The nodes of each set, i first.
    pairs : ndarray of int64, shape (n, n)
        Column of each pair.
    lengths : ndarray of int64, shape (sets + 1,)
        Where each row starts.
    columns, signs : ndarray of int64
        Get the entries.
    """
    for s in range(len(starts) - 1):
        at, center = lengths[s], members[starts[s]]
        for e in range(starts[s] + 1, starts[s + 1]):
            columns[at], signs[at] = pairs[center, members[e]], 1
            at += 1
            for f in range(e + 1, starts[s + 1]):
                columns[at], signs[at] = pairs[members[e], members[f]], -1
                at += 1
