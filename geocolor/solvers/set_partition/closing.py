"""The last step: of all groups that a better partition could have, the best that fit together."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from geocolor.graph.bits import pack_rows
from geocolor.solvers.kernels.exact_cover import cover_chunk

__all__ = ["cheapest_cover"]

# Groups to look at in one kernel call: some 30 ms.
_CHUNK = 10_000_000
# What a node without any group owes.
_NEVER = 1 << 50


def cheapest_cover(
    groups: NDArray[np.bool_],
    costs: NDArray[np.int64],
    most: int,
    empty: int,
    budget: int,
    halt: Callable[[], bool],
) -> tuple[NDArray[np.int32] | None, bool]:
    """Find disjoint groups that hold every node, at least cost and below a budget.

    Parameters
    ----------
    groups : ndarray of bool, shape (groups, n)
        To choose from.
    costs : ndarray of int64, shape (groups,)
        Not negative.
    most : int
        Groups at most.
    empty : int
        What each of them that is not used costs; not negative.
    budget : int
        What the costs must stay below.
    halt : callable
        Asked every few milliseconds whether to stop.

    Returns
    -------
    colors : ndarray of int32, shape (n,), or None
        Which group each node is in; None if no cover was found.
    finished : bool
        Whether there is none that costs less.
    """
    order = np.argsort(costs, kind="stable")
    groups, costs = groups[order], np.ascontiguousarray(costs[order])
    count = groups.shape[1]
    members = pack_rows(groups)
    of = [np.flatnonzero(groups[:, v]).astype(np.int32) for v in range(count)]
    sizes = groups.sum(axis=1)
    share = np.array([int((costs[g] // sizes[g]).min(initial=_NEVER)) for g in of], dtype=np.int64)
    starts = np.zeros(count + 1, dtype=np.int64)
    np.cumsum([len(g) for g in of], out=starts[1:])
    levels = most + 2
    taken = np.zeros((levels, members.shape[1]), dtype=np.uint64)
    spent = np.zeros(levels, dtype=np.int64)
    node_at, chosen, best = np.zeros((3, levels), dtype=np.int32)
    at = np.full(levels, -1, dtype=np.int64)
    state = np.array([0, budget, -1], dtype=np.int64)
    while state[0] >= 0 and not halt():
        cover_chunk(
            members,
            costs,
            share,
            starts,
            np.concatenate(of),
            taken,
            spent,
            node_at,
            at,
            chosen,
            best,
            state,
            most,
            empty,
            _CHUNK,
        )
    finished = bool(state[0] < 0)
    if state[2] < 0:
        return None, finished
    return np.argmax(groups[best[: state[2]]], axis=0).astype(np.int32), finished
