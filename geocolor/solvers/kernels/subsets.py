"""Partitions by subsets: what each costs as a group, duals for the nodes, and covers by groups."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from geocolor.graph.jit import jit

__all__ = [
    "NEVER",
    "cover_chunk",
    "descend",
    "normalized_groups",
    "pair_groups",
    "raise_duals",
    "reduce_costs",
]

# What a group costs that may not be. Costs stay below 2^52 in size and duals within 2^53, so that
# the duals of 20 nodes, 20 times, fit into 63 bits, and less them this is still above every cost.
NEVER = 1 << 61
_MOST_DUAL = float(1 << 53)
# Subsets of the lowest nodes that duals are added up for at once; a power of two.
_BLOCK = 256
# Of a step's direction, the part that the next one keeps.
_MOMENTUM = 0.6
# Rounds without a better bound after which steps are cut, and to what part.
_PATIENCE, _CUT = 4, 0.6
# Every so many rounds duals must have closed this part of the gap.
_PERIOD, _CLOSED = 8, 0.1


@jit
def pair_groups(
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
        What a group holds at most.
    costs : ndarray of int64, shape (2**n,)
        Filled; NEVER for no nodes, a conflict, or too large a group.
    """
    count = len(sizes)
    towards = np.zeros((len(costs) + 1) // 2, np.int64)
    costs[0] = 0
    for node in range(count):
        base = 1 << node
        for other in range(node):
            step = 1 << other
            for subset in range(step):
                towards[step + subset] = towards[subset] + weights[node, other]
        for subset in range(base):
            if costs[subset] == NEVER or subset & apart[node]:
                costs[base + subset] = NEVER
            else:
                costs[base + subset] = costs[subset] + towards[subset]
    if capacity < sizes.sum():
        loads = np.zeros(len(costs), np.int64)
        for node in range(count):
            base = 1 << node
            for subset in range(base):
                loads[base + subset] = loads[subset] + sizes[node]
                if loads[base + subset] > capacity:
                    costs[base + subset] = NEVER
    costs[0] = NEVER


@jit
def normalized_groups(
    parts: NDArray[np.float64],
    apart: NDArray[np.int64],
    sizes: NDArray[np.float64],
    scale: float,
    rounding: float,
    share: float,
    costs: NDArray[np.int64],
) -> None:
    """Cost every subset as one group: the sum over its pairs, over its size, times `scale`.

    Parameters
    ----------
    parts : ndarray of float64, shape (n, n)
        Symmetric.
    apart : ndarray of int64, shape (n,)
        The nodes that each conflicts with, as bits.
    sizes : ndarray of float64, shape (n,)
        Sizes of the nodes.
    scale : float
        Steps in a cost of 1; costs are rounded down to steps.
    rounding, share : float
        What rounding may have added: as parts of the sum of the sizes of all terms, and of the sum
        itself. It is taken off.
    costs : ndarray of int64, shape (2**n,)
        Filled; NEVER for no nodes or a conflict.
    """
    count = len(sizes)
    towards, sums, loads = np.zeros(len(costs)), np.zeros(len(costs)), np.zeros(len(costs))
    beside, every = np.zeros(len(costs)), np.zeros(len(costs))
    costs[0] = 0
    for node in range(count):
        base = 1 << node
        for other in range(node):
            step = 1 << other
            for subset in range(step):
                towards[step + subset] = towards[subset] + parts[node, other]
                beside[step + subset] = beside[subset] + abs(parts[node, other])
        for subset in range(base):
            loads[base + subset] = loads[subset] + sizes[node]
            sums[base + subset] = sums[subset] + towards[subset]
            every[base + subset] = every[subset] + beside[subset]
            if costs[subset] == NEVER or subset & apart[node]:
                costs[base + subset] = NEVER
            else:
                lower = sums[base + subset] - share * abs(sums[base + subset])
                lower -= rounding * every[base + subset]
                costs[base + subset] = np.int64(np.floor(lower / loads[base + subset] * scale))
    costs[0] = NEVER


@jit
def descend(costs: NDArray[np.int64], colors: NDArray[np.int32], groups: int, starts: int) -> int:
    """Insert nodes one by one where they cost least, then move them; the best of several starts.

    Parameters
    ----------
    costs : ndarray of int64, shape (2**n,)
        Of every subset as one group.
    colors : ndarray of int32, shape (n,)
        Gets each node's group, if a partition is found.
    groups : int
        Groups at most.
    starts : int
        How often to begin with no groups, and the nodes in another order.

    Returns
    -------
    int
        What the best partition costs; NEVER if none was found.
    """
    best, count = NEVER, len(colors)
    drawn = np.uint64(88172645463325252)
    order = np.arange(count)
    for _ in range(starts):
        for i in range(count - 1, 0, -1):
            drawn ^= drawn << np.uint64(13)
            drawn ^= drawn >> np.uint64(7)
            drawn ^= drawn << np.uint64(17)
            j = np.int64(drawn % np.uint64(i + 1))
            order[i], order[j] = order[j], order[i]
        members, paid = np.zeros(groups, np.int64), np.zeros(groups, np.int64)
        home = np.full(count, -1, np.int64)
        moved, failed = True, False
        while moved and not failed:
            moved = False
            for node in order:
                bit = 1 << node
                at = home[node]
                least, to, alone = NEVER, at, 0
                if at >= 0:
                    # Nothing costs nothing, where a group of none may not be.
                    alone = costs[members[at] ^ bit] if members[at] != bit else 0
                    least = paid[at] - alone
                for group in range(groups):
                    joined = costs[members[group] | bit]
                    if group != at and joined < NEVER and joined - paid[group] < least:
                        least = joined - paid[group]
                        to = group
                if to < 0:
                    failed = True
                    break
                if to != at:
                    if at >= 0:
                        members[at] ^= bit
                        paid[at] = alone
                    members[to] |= bit
                    paid[to] = costs[members[to]]
                    home[node] = to
                    moved = True
        if not failed and paid.sum() < best:
            best = paid.sum()
            colors[:] = home
    return best


@jit
def _cheapest(
    costs: NDArray[np.int64],
    duals: NDArray[np.int64],
    low: NDArray[np.int64],
    high: NDArray[np.int64],
    least: NDArray[np.int64],
    groups: NDArray[np.int64],
) -> None:
    """Find for each node the group of lowest reduced cost that it is the last node of."""
    count = len(duals)
    block = len(low)
    inner = 0
    while 1 << inner < block:
        step = 1 << inner
        for subset in range(step):
            low[step + subset] = low[subset] + duals[inner]
        inner += 1
    for node in range(inner):
        least[node] = NEVER
        for subset in range(1 << node, 2 << node):
            value = costs[subset] - low[subset]
            if value < least[node]:
                least[node], groups[node] = value, subset
    for node in range(inner, count):
        step = 1 << (node - inner)
        best, where = NEVER, 0
        for outer in range(step):
            above = high[outer] + duals[node]
            high[step + outer] = above
            start = (step + outer) * block
            value = NEVER
            for i in range(block):
                value = min(value, costs[start + i] - low[i])
            if value - above < best:
                best, where = value - above, start
        i = 0
        while costs[where + i] - low[i] - high[where // block] != best:
            i += 1
        least[node], groups[node] = best, where + i


@jit
def raise_duals(
    costs: NDArray[np.int64],
    duals: NDArray[np.int64],
    groups: int,
    target: int,
    rounds: int,
) -> tuple[int, int]:
    """Raise the bound that duals give, by subgradients with momentum and Polyak's steps.

    Each group is charged to its last node, and at most `groups` of those of negative reduced cost
    are taken: what they save, and all duals, is the bound. Taking it off the duals of these nodes,
    and a price for each group, leaves no group with a negative reduced cost.

    Parameters
    ----------
    costs : ndarray of int64, shape (2**n,)
        Of every subset as one group.
    duals : ndarray of int64, shape (n,)
        To start from; then those of the best bound.
    groups : int
        Groups at most.
    target : int
        What some partition costs, or any one at most.
    rounds : int
        Most rounds.

    Returns
    -------
    price : int
        Of a group; not positive.
    bound : int
        All duals, and `groups` prices.
    """
    count = len(duals)
    block = min(len(costs), _BLOCK)
    low, high = np.zeros(block, np.int64), np.zeros(len(costs) // block, np.int64)
    least, last = np.zeros(count, np.int64), np.zeros(count, np.int64)
    trial, slope, direction = duals.copy(), np.zeros(count), np.zeros(count)
    taken = np.zeros(count, np.bool_)
    bound, price = -NEVER, 0
    gap, scale, stalled = NEVER, 1.0, 0
    for turn in range(rounds):
        _cheapest(costs, trial, low, high, least, last)
        value, dearest = trial.sum(), 0
        slope[:] = 1.0
        taken[:] = False
        for _ in range(groups):
            node = -1
            for other in range(count):
                if not taken[other] and (node < 0 or least[other] < least[node]):
                    node = other
            dearest = min(0, least[node])
            if dearest == 0:
                break
            taken[node] = True
            value += dearest
            for other in range(node + 1):
                if last[node] >> other & 1:
                    slope[other] -= 1.0
        stalled += 1
        if value > bound:
            bound, stalled = value, 0
            price = dearest if groups < count else 0
            for node in range(count):
                duals[node] = trial[node] + min(0, least[node] - price)
        if bound >= target:
            break
        if turn % _PERIOD == _PERIOD - 1:
            if target - bound > (1.0 - _CLOSED) * gap:
                break
            gap = target - bound
        if stalled >= _PATIENCE:
            scale, stalled = scale * _CUT, 0
        square = 0.0
        for node in range(count):
            direction[node] = slope[node] + _MOMENTUM * direction[node]
            square += direction[node] * direction[node]
        if square == 0.0:
            break
        step = scale * max(target - value, 1) / square
        for node in range(count):
            moved = trial[node] + step * direction[node]
            trial[node] = np.int64(min(max(moved, -_MOST_DUAL), _MOST_DUAL))
    return price, bound


@jit
def reduce_costs(costs: NDArray[np.int64], duals: NDArray[np.int64], price: int) -> int:
    """Take duals and a price off the cost of every group that may be; the least that is left."""
    least = NEVER
    block = min(len(costs), _BLOCK)
    low = np.zeros(block, np.int64)
    for subset in range(len(costs)):
        if subset < block:
            for node in range(len(duals)):
                low[subset] += (subset >> node & 1) * duals[node]
        inside = subset % block
        if inside == 0:
            above = price
            for node in range(len(duals)):
                above += (subset >> node & 1) * duals[node]
        if costs[subset] < NEVER:
            costs[subset] -= low[inside] + above
            least = min(least, costs[subset])
    return least


@jit
def cover_chunk(
    costs: NDArray[np.int64],
    listed: NDArray[np.int64],
    starts: NDArray[np.int64],
    left: NDArray[np.int32],
    spent: NDArray[np.int64],
    parent: NDArray[np.int32],
    place: NDArray[np.int32],
    state: NDArray[np.int64],
    groups: int,
    empty: int,
    max_work: int,
) -> None:
    """Give the last node that is left a group, layer by layer; of equal sets left, the cheapest.

    Parameters
    ----------
    costs : ndarray of int64, shape (2**n,)
        Of every subset as one group; not negative.
    listed, starts : ndarray of int64, shapes (entries,) and (n + 1,)
        The groups that each node is the last of, the cheapest first: all that cost less than the
        budget.
    left, spent, parent : ndarray, shape (states,)
        Sets of nodes left, what their groups cost that were taken, and the set these were
        taken from last. The first is all nodes.
    place : ndarray of int32, shape (2**n,)
        The last state in which a set was left; -1 for none.
    state : ndarray of int64, shape (6,)
        Next set to look at (-1: finished), end of its layer, sets in all, groups taken before,
        what a cover must stay below, and the set that the best one's last group is (-1: none).
    groups : int
        Groups at most.
    empty : int
        What each of them that is not used costs; not negative.
    max_work : int
        Groups to look at before returning.
    """
    at, end, size, taken, budget, best = state
    work = 0
    while at >= 0 and work < max_work:
        if at == end:
            taken += 1
            end = size
            if at == size or taken == groups:
                at = -1
            continue
        rest, cost = int(left[at]), spent[at]
        node, width, bits = -1, 0, rest
        while bits:
            node += 1
            width += bits & 1
            bits >>= 1
        # The list of the node, or all that is left with it: whichever is shorter.
        first, past = starts[node], starts[node + 1]
        walk = past - first > 1 << (width - 1)
        free = rest ^ (1 << node)
        beside = free
        while True:
            if walk:
                group = rest ^ beside
            else:
                if first == past:
                    break
                group = listed[first]
                first += 1
            work += 1
            total = cost + costs[group]
            if total >= budget:
                if not walk or beside == 0:
                    break
            elif group & rest == group:
                after = rest ^ group
                if after == 0:
                    total += empty * (groups - taken - 1)
                    if total < budget:
                        budget, best = total, at
                elif taken + 1 == groups:
                    pass
                elif place[after] < end:
                    place[after] = size
                    left[size], spent[size], parent[size] = after, total, at
                    size += 1
                elif total < spent[place[after]]:
                    spent[place[after]], parent[place[after]] = total, at
            if walk:
                if beside == 0:
                    break
                beside = (beside - 1) & free
        at += 1
    state[0], state[1], state[2], state[3], state[4], state[5] = at, end, size, taken, budget, best
