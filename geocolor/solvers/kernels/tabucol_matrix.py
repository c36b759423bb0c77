"""TabuCol on an adjacency matrix: the same search as :mod:`.tabucol`, for graphs that have one.

The table ``score[c, v]``, the neighbors of v with color c, lies color by color: a move subtracts
the node's row of the matrix from one row of the table and adds it to another, which vector
instructions do sixteen nodes at a time. Only nodes in conflict have moves. For them alone a second
table ``moves[v, c]`` lies node by node, with what makes a move impossible added: `flag` while v may
not return to c, twice `flag` where c is v's own color. The least entry of each of its rows, and
the number of its like, are kept up to date; a row is read again only when the last of them is gone.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from geocolor.graph.jit import jit

__all__ = ["matrix_chunk", "matrix_start"]


@jit
def _random(state: NDArray[np.uint64]) -> int:
    """Draw 31 random bits (xorshift64*)."""
    x = state[0]
    x ^= x >> np.uint64(12)
    x ^= x << np.uint64(25)
    x ^= x >> np.uint64(27)
    state[0] = x
    return int((x * np.uint64(0x2545F4914F6CDD1D)) >> np.uint64(33))


@jit
def _read(
    moves: NDArray[np.int16], v: int, at: int, low: NDArray[np.int16], alike: NDArray[np.int16]
) -> None:
    """Find the least entry of a row, and how many there are, for place `at` of the list."""
    row = moves[v]
    least = row[0]
    for c in range(1, len(row)):
        least = min(least, row[c])
    count = row[0] - row[0]
    for c in range(len(row)):
        if row[c] == least:
            count += 1
    low[at] = least
    alike[at] = count


@jit
def _list(
    v: int,
    size: int,
    conflicts: int,
    colors: NDArray[np.int32],
    flag: int,
    score: NDArray[np.int16],
    moves: NDArray[np.int16],
    until: NDArray[np.int64],
    bans: NDArray[np.int32],
    listed: NDArray[np.int32],
    place: NDArray[np.int32],
    now: NDArray[np.int16],
    low: NDArray[np.int16],
    alike: NDArray[np.int16],
) -> int:
    """Put a node with so many conflicts on the list, and fill its row."""
    listed[size] = v
    place[v] = size
    now[size] = conflicts
    for c in range(len(score)):
        moves[v, c] = score[c, v]
    if bans[v] > 0:
        for c in range(len(score)):
            if until[v, c] > 0:
                moves[v, c] += flag
    moves[v, colors[v]] += 2 * flag
    _read(moves, v, size, low, alike)
    return size + 1


@jit
def _drop(
    v: int,
    size: int,
    listed: NDArray[np.int32],
    place: NDArray[np.int32],
    now: NDArray[np.int16],
    low: NDArray[np.int16],
    alike: NDArray[np.int16],
) -> int:
    """Take a node off the list; its place goes to the last one."""
    size -= 1
    at, moved = place[v], listed[size]
    listed[at] = moved
    now[at], low[at], alike[at] = now[size], low[size], alike[size]
    place[moved] = at
    place[v] = -1
    return size


@jit
def matrix_start(
    beside: NDArray[np.int8],
    colors: NDArray[np.int32],
    flag: int,
    score: NDArray[np.int16],
    moves: NDArray[np.int16],
    first: NDArray[np.int32],
    after: NDArray[np.int32],
    until: NDArray[np.int64],
    bans: NDArray[np.int32],
    listed: NDArray[np.int32],
    place: NDArray[np.int32],
    now: NDArray[np.int16],
    low: NDArray[np.int16],
    alike: NDArray[np.int16],
) -> tuple[int, int]:
    """Fill tables, classes and list for `colors`; nodes in conflict, conflicting edges."""
    score[:] = 0
    moves[:] = 3 * flag
    first[:] = -1
    for v in range(len(beside)):
        score[colors[v]] += beside[v]
        after[v] = first[colors[v]]
        first[colors[v]] = v
    size, conflicts = 0, 0
    for v in range(len(beside)):
        inside = score[colors[v], v]
        place[v] = -1
        if inside > 0:
            conflicts += inside
            size = _list(
                v, size, inside, colors, flag, score, moves, until, bans, listed, place, now,
                low, alike,
            )  # fmt: skip
    return size, conflicts // 2


@jit
def matrix_chunk(
    beside: NDArray[np.int8],
    colors: NDArray[np.int32],
    flag: int,
    score: NDArray[np.int16],
    moves: NDArray[np.int16],
    first: NDArray[np.int32],
    after: NDArray[np.int32],
    until: NDArray[np.int64],
    bans: NDArray[np.int32],
    listed: NDArray[np.int32],
    place: NDArray[np.int32],
    now: NDArray[np.int16],
    low: NDArray[np.int16],
    alike: NDArray[np.int16],
    due: NDArray[np.int64],
    chain: NDArray[np.int64],
    banned: NDArray[np.int64],
    random: NDArray[np.uint64],
    best_colors: NDArray[np.int32],
    size: int,
    conflicts: int,
    best: int,
    iteration: int,
    last: int,
    max_work: int,
) -> tuple[int, int, int, int]:
    """Move nodes in conflict to the color with fewest conflicts that is not tabu.

    Ties are broken at random, evenly. A tabu move is allowed if it leads to fewer conflicts than
    `best`. The arrays carry the state on from :func:`matrix_start` and from call to call.

    Parameters
    ----------
    beside : ndarray of int8, shape (n, n)
        The adjacency matrix.
    score : ndarray of int16, shape (k, n)
        Neighbors of each color.
    moves : ndarray of int16, shape (n, width)
        The rows of nodes in conflict; `flag` is more than any degree, and four times it must not
        overflow. Columns from k on are padding.
    first, after : ndarray of int32, shapes (k,) and (n,)
        The first node of each class, and the next one in the class of each node (-1: none).
    until : ndarray of int64, shape (n, width)
        Iteration in which a move ceases to be tabu; 0 if it is not.
    bans : ndarray of int32, shape (n,)
        Moves of each node that are tabu.
    listed, place : ndarray of int32, shape (n,)
        The `size` nodes in conflict, and where each stands there (-1: nowhere).
    now, low, alike : ndarray of int16, shape (n,)
        By place in the list: conflicts of the node, least entry of its row, entries like it.
    due, chain, banned : ndarray of int64, shape (slots,)
        Rings over iterations, a power of two and more than the longest tenure: the last ban that
        ends in one, the one before it that ends there too, and the entry a ban is on. -1: none.
    best_colors : ndarray of int32
        The last coloring seen with the fewest conflicts, `best`.
    iteration, last : int
        Iterations done, and the one to stop at.
    max_work : int
        Entries to read before returning.

    Returns
    -------
    tuple of int
        Iterations done, nodes in conflict, conflicting edges now (0: `colors` is a coloring),
        fewest seen.
    """
    n, width = moves.shape
    k = len(score)
    ring = len(due) - 1
    work = 0
    while conflicts > 0 and iteration < last and work < max_work:
        iteration += 1
        ban = due[iteration & ring]
        due[iteration & ring] = -1
        while ban >= 0:
            u, c = banned[ban] // width, banned[ban] % width
            at = place[u]
            # Banned again in the meantime, it stays so; even twice until now, it is lifted once.
            if until[u, c] == iteration:
                until[u, c] = 0
                bans[u] -= 1
                if at >= 0:
                    here = moves[u, c] - flag
                    moves[u, c] = here
                    if here < low[at]:
                        low[at] = here
                        alike[at] = 1
                    elif here == low[at]:
                        alike[at] += 1
            ban = chain[ban]
        least = 1 << 40
        most = 0
        for i in range(size):
            least = min(least, low[i] - now[i])
            most = max(most, now[i])
        node, color = -1, -1
        # No node can lose more conflicts than it has, so aspiration is seldom worth a look.
        if conflicts - most < best:
            aim = min(least, best - conflicts) - 1
            ties = 0
            for i in range(size):
                v = listed[i]
                for c in range(k):
                    if moves[v, c] < flag or moves[v, c] >= 2 * flag:
                        continue
                    delta = moves[v, c] - flag - now[i]
                    if delta < aim:
                        aim, ties = delta, 0
                    if delta == aim:
                        ties += 1
                        if ties == 1 or _random(random) % ties == 0:
                            node, color = v, c
            if node >= 0:
                least = aim
            work += size * width
        work += size
        if node < 0:
            if least > flag >> 1:
                continue
            ties = 0
            for i in range(size):
                if low[i] - now[i] == least:
                    ties += alike[i]
            pick = _random(random) % ties
            i = -1
            while pick >= 0:
                i += 1
                if low[i] - now[i] == least:
                    pick -= alike[i]
            node = listed[i]
            for c in range(width):
                if moves[node, c] == low[i]:
                    pick += 1
                    if pick == 0:
                        color = c
                        break
            work += width
        old = colors[node]
        colors[node] = color
        conflicts += least
        if conflicts <= best:
            best = conflicts
            best_colors[:] = colors
        row = beside[node]
        down, up = score[old], score[color]
        for u in range(n):
            down[u] -= row[u]
        for u in range(n):
            up[u] += row[u]
        for i in range(size):
            u = listed[i]
            # Neighbor or not is a coin toss, so nothing branches on it but what is rare.
            here = moves[u, old] - row[u]
            there = moves[u, color] + row[u]
            moves[u, old] = here
            moves[u, color] = there
            if there == low[i] + 1:
                alike[i] -= row[u]
            if here < low[i]:
                low[i] = here
                alike[i] = 1
            elif here == low[i]:
                alike[i] += row[u]
            if alike[i] == 0:
                _read(moves, u, i, low, alike)
                work += 2 * width
        if first[old] == node:
            first[old] = after[node]
        else:
            u = first[old]
            while after[u] != node:
                u = after[u]
            after[u] = after[node]
        u = first[old]
        while u >= 0:
            if row[u] != 0:
                now[place[u]] -= 1
                if now[place[u]] == 0:
                    size = _drop(u, size, listed, place, now, low, alike)
            u = after[u]
            work += 1
        u = first[color]
        while u >= 0:
            if row[u] != 0:
                if place[u] >= 0:
                    now[place[u]] += 1
                else:
                    size = _list(
                        u, size, 1, colors, flag, score, moves, until, bans, listed,
                        place, now, low, alike,
                    )  # fmt: skip
                    work += 4 * k
            u = after[u]
            work += 1
        after[node] = first[color]
        first[color] = node
        # Galinier and Hao's tenure.
        end = iteration + 1 + 6 * size // 10 + _random(random) % 10
        moves[node, old] -= 2 * flag
        moves[node, color] += 2 * flag
        if until[node, old] == 0:
            moves[node, old] += flag
            bans[node] += 1
        until[node, old] = end
        ban = iteration & ring
        banned[ban] = node * width + old
        chain[ban] = due[end & ring]
        due[end & ring] = ban
        at = place[node]
        now[at] += least
        if now[at] == 0:
            size = _drop(node, size, listed, place, now, low, alike)
        else:
            _read(moves, node, at, low, alike)
            work += 2 * width
        work += n // 4
    return iteration, size, conflicts, best
