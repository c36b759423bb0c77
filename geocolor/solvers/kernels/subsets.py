"""Partitions by subsets: what each costs as one group, then what it costs in several."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from geocolor.graph.jit import jit

__all__ = ["NEVER", "descend", "partition_chunk", "single_groups", "trace_groups"]

# Costs as much as no partition does: a group that may not be, and what has only such groups. Costs
# stay below a sixteenth of it in size, so that sums over the nodes of a set fit.
NEVER = 1 << 61
# Above what has a cost, below what has a group that may not be, whatever the others gain.
_UNDER = 1 << 60


@jit
def single_groups(
    weights: NDArray[np.int64],
    apart: NDArray[np.int64],
    sizes: NDArray[np.int64],
    capacity: int,
    costs: NDArray[np.int64],
) -> None:
    """Cost every subset as one group: the sum over its pairs.

    Parameters
    ----------
    weights : ndarray of int64, shape (n, n)
        Symmetric.
    apart : ndarray of int64, shape (n,)
        The nodes that each conflicts with, as bits.
    sizes : ndarray of int64, shape (n,)
        Sizes of the nodes.
    capacity : int
        What a group holds at most; -1 for anything.
    costs : ndarray of int64, shape (2**n,)
        Filled; NEVER for a group with a conflict, or too large.
    """
    count = len(sizes)
    half = 1 << max(count - 1, 0)
    towards, loads = np.zeros(half, np.int64), np.zeros(2 * half, np.int64)
    costs[0] = 0
    for node in range(count):
        base = 1 << node
        for other in range(node):
            step = 1 << other
            for subset in range(step):
                towards[step + subset] = towards[subset] + weights[node, other]
        for subset in range(base):
            load = loads[subset] + sizes[node]
            loads[base + subset] = load
            cost = costs[subset]
            if cost == NEVER or subset & apart[node] or (capacity >= 0 and load > capacity):
                costs[base + subset] = NEVER
            else:
                costs[base + subset] = cost + towards[subset]


@jit
def descend(
    costs: NDArray[np.int64], count: int, groups: int, starts: int
) -> int:
    """Insert nodes one by one where they cost least, then move them; the best of several starts.

    Returns
    -------
    int
        What the best partition costs; NEVER if none was found.
    """
    best = NEVER
    drawn = np.uint64(88172645463325252)
    order = np.arange(count)
    for _ in range(starts):
        for i in range(count - 1, 0, -1):
            drawn ^= drawn << np.uint64(13)
            drawn ^= drawn >> np.uint64(7)
            drawn ^= drawn << np.uint64(17)
            j = np.int64(drawn % np.uint64(i + 1))
            order[i], order[j] = order[j], order[i]
        members = np.zeros(groups, np.int64)
        home = np.full(count, -1, np.int64)
        moved = True
        failed = False
        while moved and not failed:
            moved = False
            for node in order:
                bit = 1 << node
                at = home[node]
                least = NEVER
                if at >= 0:
                    least = costs[members[at]] - costs[members[at] ^ bit]
                to = at
                for group in range(groups):
                    joined = costs[members[group] | bit]
                    if group != at and joined < NEVER and joined - costs[members[group]] < least:
                        least = joined - costs[members[group]]
                        to = group
                if to < 0:
                    failed = True
                    break
                if to != at:
                    if at >= 0:
                        members[at] ^= bit
                    members[to] |= bit
                    home[node] = to
                    moved = True
        if not failed:
            total = 0
            for group in range(groups):
                total += costs[members[group]]
            best = min(best, total)
    return best


@jit
def _without_one(values: NDArray[np.int64], subset: int, whole: int) -> int:
    """Bound the cost of a subset by those of it less one node; `whole` if nothing is known.

    A pair is in all of these but two.
    """
    total, left, size = 0, subset, 0
    while left:
        bit = left & -left
        value = values[subset ^ bit]
        if value >= NEVER:
            return NEVER
        total += value
        size += 1
        left ^= bit
    if size < 3:
        return whole
    # Rounded up.
    return -(-total // (size - 2))


@jit
def partition_chunk(
    costs: NDArray[np.int64],
    tables: NDArray[np.int64],
    state: NDArray[np.int64],
    count: int,
    groups: int,
    limit: int,
    floor: int,
    pairs: bool,
    max_work: int,
) -> None:
    """Cost subsets in several groups, table by table.

    The group of a subset's highest node is any of its subsets with that node; what it leaves is
    looked up. The last node is in the first group, so that only subsets without it are left over.
    Row j of the tables is for at most j + 2 groups; without a limit to the number there is one row.

    A subset is passed over, and its entry a bound, where bounds on it and on the groups that would
    hold all other nodes say that no partition of lower cost than `limit` leaves it over. Entries
    with the last node are bounds alone.

    Parameters
    ----------
    costs : ndarray of int64, shape (2**n,)
        Of subsets as one group.
    tables : ndarray of int64, shape (rows, 2**n)
        Filled.
    state : ndarray of int64, shape (3,)
        Row and subset to go on with; row -1 once finished. Then the cost of all.
    count : int
        Nodes.
    groups : int
        Groups at most; 0 for any number.
    limit : int
        What partitions that matter cost less than.
    floor : int
        What no part of the nodes, however divided, costs less than; not positive.
    pairs : bool
        Whether costs are sums over pairs, so that there are bounds.
    max_work : int
        Subsets of subsets to look at before returning.
    """
    last = 1 << (count - 1)
    everything = 2 * last - 1
    row, subset = state[0], state[1]
    work = 0
    rows = len(tables)
    while row < rows and work < max_work:
        table = tables[row]
        before = table
        if groups > 0:
            before = costs if row == 0 else tables[row - 1]
        # Groups for the other nodes, of which the last is one.
        others = groups - row - 2 if groups > 0 else 0
        bounded = pairs and (groups == 0 or others >= row + 2)
        while subset < last and work < max_work:
            if subset == 0:
                table[0] = 0
                table[last] = costs[last]
                subset = 1
                continue
            bound, beside = -NEVER, floor
            if pairs:
                bound = _without_one(table, subset, -NEVER)
            rest = everything ^ subset
            if others == 1:
                beside = costs[rest]
            elif pairs and (groups == 0 or others == row + 2):
                if (rest ^ last) < subset:
                    beside = table[rest]
            elif pairs and others < row + 2:
                beside = tables[others - 2, rest]
            least = NEVER
            if bound == -NEVER or (bound < NEVER and beside < NEVER and bound < limit - beside):
                highest = subset
                for shift in (1, 2, 4, 8, 16):
                    highest |= highest >> shift
                highest ^= highest >> 1
                free = subset ^ highest
                left = free
                while True:
                    least = min(least, costs[subset ^ left] + before[left])
                    work += 1
                    if left == 0 or least <= bound:
                        break
                    left = (left - 1) & free
                if least > _UNDER:
                    least = NEVER
            elif floor < 0 or bound < limit:
                least = bound
            table[subset] = least
            if bounded:
                joined = subset | last
                if subset & (subset - 1) == 0:
                    table[joined] = min(costs[joined], 0)
                else:
                    table[joined] = _without_one(table, joined, floor)
            work += count
            subset += 1
        if subset == last:
            subset = 0
            row += 1
    if row == rows:
        before = costs if rows == 0 else tables[rows - 1]
        if groups == 1:
            state[2] = costs[everything]
        else:
            least = NEVER
            free = everything ^ last
            left = free
            while True:
                least = min(least, costs[everything ^ left] + before[left])
                if left == 0:
                    break
                left = (left - 1) & free
            state[2] = least if least < _UNDER else NEVER
        row = -1
    state[0], state[1] = row, subset


@jit
def trace_groups(
    costs: NDArray[np.int64],
    tables: NDArray[np.int64],
    count: int,
    groups: int,
    total: int,
    colors: NDArray[np.int32],
) -> int:
    """Find the groups that cost `total` in all.

    Returns
    -------
    int
        How many there are; every node's is in `colors`.
    """
    subset, value, color = (1 << count) - 1, total, 0
    row = groups - 3 if groups > 0 else 0
    while subset:
        highest = subset
        for shift in (1, 2, 4, 8, 16):
            highest |= highest >> shift
        highest ^= highest >> 1
        free = subset ^ highest
        left = free
        if groups > 0 and row < -1:
            left = 0
        while left:
            before = costs[left] if row < 0 else tables[row, left]
            if costs[subset ^ left] + before == value:
                break
            left = (left - 1) & free
        group = subset ^ left
        for node in range(count):
            if group >> node & 1:
                colors[node] = color
        color += 1
        value -= costs[group]
        subset = left
        if groups > 0:
            row -= 1
    return color
