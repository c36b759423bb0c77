"""Groups that hold every node once, at least cost: depth first, the node of fewest groups first."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from geocolor.graph.jit import jit

__all__ = ["cover_chunk"]


@jit
def _overlap(first: NDArray[np.uint64], second: NDArray[np.uint64]) -> bool:
    shared = np.uint64(0)
    for w in range(len(first)):
        shared |= first[w] & second[w]
    return bool(shared)


@jit
def cover_chunk(
    members: NDArray[np.uint64],
    costs: NDArray[np.int64],
    share: NDArray[np.int64],
    starts: NDArray[np.int64],
    groups_of: NDArray[np.int32],
    taken: NDArray[np.uint64],
    spent: NDArray[np.int64],
    node_at: NDArray[np.int32],
    at: NDArray[np.int64],
    chosen: NDArray[np.int32],
    best: NDArray[np.int32],
    state: NDArray[np.int64],
    most: int,
    empty: int,
    max_work: int,
) -> None:
    """Choose groups level by level while their costs stay below the budget.

    Parameters
    ----------
    members : ndarray of uint64, shape (groups, words)
        Bitsets of nodes.
    costs : ndarray of int64, shape (groups,)
        Not negative.
    share : ndarray of int64, shape (n,)
        The least that any group of a node costs for each of its members.
    starts, groups_of : ndarray of int64 and int32, shapes (n + 1,) and (entries,)
        The groups of each node, the cheapest first.
    taken : ndarray of uint64, shape (most + 2, words)
        Nodes covered above each level.
    spent, node_at, at : ndarray, shape (most + 2,)
        Costs above each level, its node, and the next of that node's groups (-1: a new level).
    chosen, best : ndarray of int32, shape (most + 2,)
        Groups by level, now and in the best cover found.
    state : ndarray of int64, shape (3,)
        Level (-1: finished), costs that a cover must stay below, groups of the best cover (-1:
        none).
    most : int
        Groups at most.
    empty : int
        What each of them that is not used costs; not negative.
    max_work : int
        Groups to look at before returning.
    """
    depth, budget = state[0], state[1]
    work = 0
    while work < max_work and depth >= 0:
        if at[depth] < 0:
            fewest, node = 1 << 62, -1
            least = spent[depth]
            for v in range(len(share)):
                if (taken[depth, v >> 6] >> np.uint64(v & 63)) & np.uint64(1):
                    continue
                least += share[v]
                free = 0
                for e in range(starts[v], starts[v + 1]):
                    work += 1
                    g = groups_of[e]
                    if spent[depth] + costs[g] >= budget or free >= fewest:
                        break
                    if not _overlap(members[g], taken[depth]):
                        free += 1
                if free < fewest:
                    fewest, node = free, v
            if node < 0 and spent[depth] + empty * (most - depth) < budget:
                budget = spent[depth] + empty * (most - depth)
                best[:depth] = chosen[:depth]
                state[2] = depth
            if node < 0 or fewest == 0 or least >= budget or depth >= most:
                depth -= 1
                continue
            node_at[depth] = node
            at[depth] = starts[node]
        end = starts[node_at[depth] + 1]
        deeper = False
        while at[depth] < end and not deeper:
            g = groups_of[at[depth]]
            at[depth] += 1
            work += 1
            if spent[depth] + costs[g] >= budget:
                break
            deeper = not _overlap(members[g], taken[depth])
            if deeper:
                chosen[depth] = g
                spent[depth + 1] = spent[depth] + costs[g]
                taken[depth + 1] = taken[depth] | members[g]
                at[depth + 1] = -1
        depth += 1 if deeper else -1
    state[0], state[1] = depth, budget
