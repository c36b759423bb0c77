"""Groups that cost less than the duals of their nodes: branch and bound over pair costs."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from geocolor.graph.jit import jit

__all__ = ["pricing_chunk", "pricing_start"]


@jit
def _sort(
    d: int,
    signed: bool,
    weights: NDArray[np.int64],
    listed: NDArray[np.int32],
    margin: NDArray[np.int64],
    hope: NDArray[np.int64],
    rest: NDArray[np.int64],
    size: NDArray[np.int32],
) -> None:
    """Put the candidates of level `d` in the order of hope, and sum hopes from the end."""
    count = size[d]
    for i in range(count):
        hope[i] = margin[d, i]
        if signed:
            # Half of what a node may save with the others; the other half is theirs.
            saved = 0
            for j in range(count):
                saved += min(weights[listed[d, i], listed[d, j]], 0)
            hope[i] += (saved - 1) // 2
    for i in range(1, count):
        h, m, v = hope[i], margin[d, i], listed[d, i]
        j = i
        while j > 0 and hope[j - 1] > h:
            hope[j], margin[d, j], listed[d, j] = hope[j - 1], margin[d, j - 1], listed[d, j - 1]
            j -= 1
        hope[j], margin[d, j], listed[d, j] = h, m, v
    rest[d, count] = 0
    for i in range(count - 1, -1, -1):
        rest[d, i] = rest[d, i + 1] + min(hope[i], 0)


@jit
def pricing_start(
    weights: NDArray[np.int64],
    duals: NDArray[np.int64],
    signed: bool,
    listed: NDArray[np.int32],
    margin: NDArray[np.int64],
    hope: NDArray[np.int64],
    rest: NDArray[np.int64],
    size: NDArray[np.int32],
    at: NDArray[np.int32],
    value: NDArray[np.int64],
) -> None:
    """Set up the first level: nothing chosen, every node a candidate.

    See :func:`pricing_chunk` for the arrays.
    """
    for v in range(len(duals)):
        listed[0, v] = v
        margin[0, v] = -duals[v]
    size[0] = len(duals)
    at[0] = 0
    value[0] = 0
    _sort(0, signed, weights, listed, margin, hope, rest, size)


@jit
def pricing_chunk(
    weights: NDArray[np.int64],
    apart: NDArray[np.bool_],
    sizes: NDArray[np.int64],
    room: NDArray[np.int64],
    spare: int,
    signed: bool,
    listed: NDArray[np.int32],
    margin: NDArray[np.int64],
    hope: NDArray[np.int64],
    rest: NDArray[np.int64],
    size: NDArray[np.int32],
    at: NDArray[np.int32],
    value: NDArray[np.int64],
    chosen: NDArray[np.int32],
    state: NDArray[np.int64],
    bar: int,
    every: bool,
    most_root_work: int,
    found: NDArray[np.bool_],
    values: NDArray[np.int64],
    max_work: int,
) -> None:
    """Extend groups by candidates, each group once, while the rest may still get below `bar`.

    A group's value is its weights inside less its duals. A node that is left out for the next
    candidate is out for good, so that the first node of a group is its root.

    Parameters
    ----------
    weights : ndarray of int64, shape (n, n)
        Symmetric, 0 on the diagonal.
    apart : ndarray of bool, shape (n, n)
        Hard conflicts.
    sizes : ndarray of int64, shape (n,)
        Of the nodes; all 0 where groups have no capacity.
    room : ndarray of int64, shape (n + 1,)
        Sizes that the group may still take, by level; the first is the capacity.
    spare : int
        Groups that leave more room than this are passed over, though not those beyond them.
    signed : bool
        Whether any weight is negative; without, a candidate that costs more than its dual never
        pays again, and the best group does without it.
    listed, margin : ndarray of int32 and int64, shape (n + 1, n)
        Candidates by level, and what each would add to the value.
    hope : ndarray of int64, shape (n,)
        Room for the least that each might add in the end.
    rest : ndarray of int64, shape (n + 1, n + 1)
        Sums of hopes below 0 from a candidate on.
    size, at : ndarray of int32, shape (n + 1,)
        Candidates of each level, and the next one to take.
    value : ndarray of int64, shape (n + 1,)
        Of what is chosen above each level.
    chosen : ndarray of int32, shape (n,)
        By level.
    state : ndarray of int64, shape (5,)
        Level (-1: finished), bar of this root, work of this root, groups found, and whether a root
        was cut short.
    bar : int
        Groups of lower value are wanted.
    every : bool
        All of them; else the best of each root.
    most_root_work : int
        Candidates to look at before a root is cut short.
    found, values : ndarray, shapes (most, n) and (most,)
        The groups and their values; when they are full, the call returns.
    max_work : int
        Candidates to look at before returning.
    """
    depth, root_bar, root_work, count, cut = state[0], state[1], state[2], state[3], state[4]
    work = 0
    while work < max_work and depth >= 0:
        if count >= len(values) and (depth == 0 or every):
            break
        i = at[depth]
        limit = bar if depth == 0 else root_bar
        if i >= size[depth] or value[depth] + rest[depth, i] >= limit:
            depth -= 1
            continue
        if depth == 0:
            root_bar = bar
            root_work = 0
        elif root_work >= most_root_work:
            cut = 1
            depth = 0
            continue
        at[depth] += 1
        v = listed[depth, i]
        here = value[depth] + margin[depth, i]
        chosen[depth] = v
        room[depth + 1] = room[depth] - sizes[v]
        if here < root_bar and room[depth + 1] <= spare:
            if every or root_bar == bar:
                count += 1
            found[count - 1] = False
            for e in range(depth + 1):
                found[count - 1, chosen[e]] = True
            values[count - 1] = here
            if not every:
                root_bar = here
        below = depth + 1
        size[below] = 0
        for j in range(i + 1, size[depth]):
            u = listed[depth, j]
            if apart[v, u] or sizes[u] > room[below]:
                continue
            more = margin[depth, j] + weights[v, u]
            if more < 0 or signed or every:
                listed[below, size[below]] = u
                margin[below, size[below]] = more
                size[below] += 1
        spent = 1 + size[depth] - i + size[below] * (size[below] if signed else 4)
        if size[below] > 0:
            _sort(below, signed, weights, listed, margin, hope, rest, size)
            if here + rest[below, 0] < root_bar:
                at[below] = 0
                value[below] = here
                depth = below
        work += spent
        root_work += spent
    state[0], state[1], state[2], state[3], state[4] = depth, root_bar, root_work, count, cut
