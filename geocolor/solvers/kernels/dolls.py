"""Russian dolls: partitions of the last nodes, then of one more, each a bound for the next."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from geocolor.graph.jit import jit

__all__ = ["BEST", "DEPTH", "FIRST", "NEVER", "OPEN", "VISITED", "dolls_chunk", "dolls_order"]

# What a class costs that a node may not join; costs stay below 2^53 in size.
NEVER = 1 << 61
# The state: first node of the doll, node to place, what a partition must beat, whether the node's
# classes are still to be listed, and nodes placed so far.
FIRST, DEPTH, BEST, OPEN, VISITED = range(5)


@jit
def dolls_order(weights: NDArray[np.int64], apart: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Order nodes so that each has much to lose with those before it.

    Parameters
    ----------
    weights : ndarray of int64, shape (n, n)
        Symmetric.
    apart : ndarray of bool, shape (n, n)
        Pairs that may not share a class.

    Returns
    -------
    ndarray of int64, shape (n,)
        The nodes. O(n^2).
    """
    count = len(weights)
    dearest = max(1, weights.max()) if count else 1
    order = np.empty(count, np.int64)
    towards = np.zeros(count, np.float64)
    for node in range(count):
        for other in range(count):
            towards[node] += dearest if apart[node, other] else max(weights[node, other], 0)
    for place in range(count):
        chosen = np.argmax(towards)
        order[place] = chosen
        if place == 0:
            towards[:] = 0.0
        for node in range(count):
            towards[node] += dearest if apart[node, chosen] else max(weights[node, chosen], 0)
        for before in range(place + 1):
            towards[order[before]] = -1.0
    return order


@jit
def _list_classes(
    joining: NDArray[np.int64],
    fits: bool,
    opened: int,
    groups: int,
    choices: NDArray[np.int32],
) -> int:
    """List the classes that a node may join, the cheapest first; a new one costs nothing."""
    listed = 0
    for color in range(min(opened + 1, groups)):
        cost = joining[color] if color < opened else 0
        if cost >= NEVER or (color == opened and not fits):
            continue
        place = listed
        while place > 0:
            before = choices[place - 1]
            if (joining[before] if before < opened else 0) <= cost:
                break
            choices[place] = before
            place -= 1
        choices[place] = color
        listed += 1
    return listed


@jit
def _place(
    weights: NDArray[np.int64],
    apart: NDArray[np.bool_],
    sizes: NDArray[np.int64],
    capacity: int,
    node: int,
    color: int,
    opened: int,
    groups: int,
    before: NDArray[np.int64],
    joining: NDArray[np.int64],
    loads: NDArray[np.int64],
    rest: NDArray[np.int64],
    bound: int,
    best: int,
) -> bool:
    """Cost what every later node would add to each class, once a node has joined one.

    Returns whether a partition that goes on from here may cost less than `best`.
    """
    for later in range(node + 1, len(weights)):
        least = 0 if opened < groups and sizes[later] <= capacity else NEVER
        for other in range(opened):
            cost = before[later, other]
            if other == color:
                if apart[node, later] or loads[color] + sizes[later] > capacity:
                    cost = NEVER
                elif cost < NEVER:
                    cost += weights[node, later]
            joining[later, other] = cost
            least = min(least, cost)
        if least >= NEVER:
            return False
        bound += least
        if bound + rest[later] >= best:
            return False
    return True


@jit
def dolls_chunk(
    weights: NDArray[np.int64],
    apart: NDArray[np.bool_],
    sizes: NDArray[np.int64],
    capacity: int,
    groups: int,
    tails: NDArray[np.int64],
    rests: NDArray[np.int64],
    joining: NDArray[np.int64],
    loads: NDArray[np.int64],
    spent: NDArray[np.int64],
    opened: NDArray[np.int32],
    choices: NDArray[np.int32],
    listed: NDArray[np.int32],
    chosen: NDArray[np.int32],
    colors: NDArray[np.int32],
    least: NDArray[np.int32],
    state: NDArray[np.int64],
    most: int,
    work: int,
) -> int:
    """Go on through the partitions of the nodes from ``state[FIRST]`` on, depth first.

    Nodes are numbered in the order in which they are placed. A branch ends where what is spent, the
    cheapest class of each later node, and the cheapest partition of the later nodes by themselves
    (an inner doll) are no less than the best partition known.

    Parameters
    ----------
    weights, apart : ndarray, shape (n, n)
        As in `dolls_order`.
    sizes : ndarray of int64, shape (n,)
        Of the nodes.
    capacity : int
        What a class holds at most.
    groups : int
        Classes at most.
    tails : ndarray of int64, shape (n + 1,)
        The least that the nodes from each on cost by themselves, for those after the first.
    rests : ndarray of int64, shape (n, n)
        At ``[i, j]``, for i < j: at most what the nodes after j add to classes of nodes up to i.
    joining : ndarray of int64, shape (n, n, groups)
        At each depth, what each node would add to each class.
    loads : ndarray of int64, shape (n, groups)
        At each depth, what the classes hold.
    spent, opened, listed, chosen : ndarray, shape (n,)
        At each depth: cost and number of classes so far, classes listed, and those tried.
    choices : ndarray of int32, shape (n, groups)
        The classes listed.
    colors : ndarray of int32, shape (n,)
        The path.
    least : ndarray of int32, shape (n,)
        The best partition; changed where a better one is found.
    state : ndarray of int64, shape (5,)
        Changed; the doll is done once its depth is before its first.
    most : int
        Nodes to place at most, in all.
    work : int
        Entries to look at before it returns.

    Returns
    -------
    int
        Entries left; below 0 if the work is over.
    """
    count = len(weights)
    first, depth, best = state[FIRST], state[DEPTH], state[BEST]
    while depth >= first and work >= 0 and state[VISITED] < most:
        if state[OPEN]:
            fits = sizes[depth] <= capacity
            listed[depth] = _list_classes(
                joining[depth, depth], fits, opened[depth], groups, choices[depth]
            )
            chosen[depth] = 0
            state[OPEN] = 0
        if chosen[depth] >= listed[depth]:
            depth -= 1
            continue
        color = choices[depth, chosen[depth]]
        chosen[depth] += 1
        state[VISITED] += 1
        cost, classes = spent[depth], opened[depth]
        if color < classes:
            cost += joining[depth, depth, color]
        colors[depth] = color
        if depth == count - 1:
            if cost < best:
                best = cost
                least[first:] = colors[first:]
            work -= 1
            continue
        below = depth + 1
        for other in range(classes):
            loads[below, other] = loads[depth, other]
        if color == classes:
            loads[below, color] = 0
            for later in range(below, count):
                joining[depth, later, color] = 0
            classes += 1
        loads[below, color] += sizes[depth]
        work -= (count - depth) * classes
        if _place(
            weights,
            apart,
            sizes,
            capacity,
            depth,
            color,
            classes,
            groups,
            joining[depth],
            joining[below],
            loads[below],
            rests[depth],
            cost + tails[below],
            best,
        ):
            spent[below], opened[below] = cost, classes
            state[OPEN] = 1
            depth = below
    state[DEPTH], state[BEST] = depth, best
    return work
