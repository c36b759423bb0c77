"""TabuCol on an adjacency matrix: the same search as :mod:`.tabucol`, for graphs that have one.

The table ``score[c, v]``, the neighbors of v with color c, lies color by color: a move subtracts
the node's row of the matrix from one row of the table and adds it to another, which vector
instructions do sixteen nodes at a time. Only nodes in conflict have moves. For them alone a second
table ``moves[v, c]`` lies node by node, with what makes a move impossible added: `flag` while v may
not return to c, twice `flag` where c is v's own color. The least entry of each of its rows, and
the number of its like, are kept up to date; a row is read again only when the last of them is gone.

More generally a row is an orbit of a symmetry, of which one node is chosen to stand for all, and an
entry is one of its nodes with a color: the place of the node in the orbit times k, plus the color.
A symmetry of order p that leaves no node alone cuts the nodes into orbits of p. If the chosen ones
have k colors without conflicts, their images have p times k, since edges go to edges. Without a
symmetry every node is an orbit of its own, and an entry is a color.
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
    o: int,
    size: int,
    conflicts: int,
    own: NDArray[np.int32],
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
    """Put an orbit with so many conflicts on the list, and fill its row."""
    listed[size] = o
    place[o] = size
    now[size] = conflicts
    k, n = score.shape
    order = n // len(own)
    for j in range(order):
        for c in range(k):
            moves[o, j * k + c] = score[c, o * order + j]
    if bans[o] > 0:
        for e in range(order * k):
            if until[o, e] > 0:
                moves[o, e] += flag
    moves[o, own[o]] += 2 * flag
    _read(moves, o, size, low, alike)
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
    """Take an orbit off the list; its place goes to the last one."""
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
    own: NDArray[np.int32],
    flag: int,
    score: NDArray[np.int16],
    moves: NDArray[np.int16],
    chosen: NDArray[np.int32],
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
    """Fill tables, classes and list for `own`; orbits in conflict, conflicting edges."""
    k, n = score.shape
    count = len(own)
    score[:] = 0
    moves[:] = 3 * flag
    first[:] = -1
    for o in range(count):
        color = own[o] % k
        chosen[o] = o * (n // count) + own[o] // k
        score[color] += beside[chosen[o]]
        after[o] = first[color]
        first[color] = o
    size, conflicts = 0, 0
    for o in range(count):
        inside = score[own[o] % k, chosen[o]]
        place[o] = -1
        if inside > 0:
            conflicts += inside
            size = _list(
                o, size, inside, own, flag, score, moves, until, bans, listed, place, now, low,
                alike,
            )  # fmt: skip
    return size, conflicts // 2


@jit
def matrix_chunk(
    beside: NDArray[np.int8],
    own: NDArray[np.int32],
    flag: int,
    score: NDArray[np.int16],
    moves: NDArray[np.int16],
    chosen: NDArray[np.int32],
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
    best_own: NDArray[np.int32],
    size: int,
    conflicts: int,
    best: int,
    iteration: int,
    last: int,
    max_work: int,
) -> tuple[int, int, int, int]:
    """Give orbits in conflict the node and color with fewest conflicts that are not tabu.

    Ties are broken at random, evenly. A tabu move is allowed if it leads to fewer conflicts than
    `best`. The arrays carry the state on from :func:`matrix_start` and from call to call.

    Parameters
    ----------
    beside : ndarray of int8, shape (n, n)
        The adjacency matrix, nodes numbered orbit by orbit, without edges inside an orbit.
    own : ndarray of int32, shape (orbits,)
        The entry of each orbit: place of the chosen node times k, plus its color. Without a
        symmetry the color; changed in place.
    score : ndarray of int16, shape (k, n)
        Chosen neighbors of each color.
    moves : ndarray of int16, shape (orbits, width)
        The rows of orbits in conflict; `flag` is more than any degree, and four times it must not
        overflow. Columns beyond the entries are padding.
    chosen : ndarray of int32, shape (orbits,)
        The chosen nodes.
    first, after : ndarray of int32, shapes (k,) and (orbits,)
        The first orbit of each class, and the next one in the class of each orbit (-1: none).
    until : ndarray of int64, shape (orbits, width)
        Iteration in which a move ceases to be tabu; 0 if it is not.
    bans : ndarray of int32, shape (orbits,)
        Moves of each orbit that are tabu.
    listed, place : ndarray of int32, shape (orbits,)
        The `size` orbits in conflict, and where each stands there (-1: nowhere).
    now, low, alike : ndarray of int16, shape (orbits,)
        By place in the list: conflicts of the orbit, least entry of its row, entries like it.
    due, chain, banned : ndarray of int64, shape (slots,)
        Rings over iterations, a power of two and more than the longest tenure: the last ban that
        ends in one, the one before it that ends there too, and the entry a ban is on. -1: none.
    best_own : ndarray of int32
        The last entries seen with the fewest conflicts, `best`.
    iteration, last : int
        Iterations done, and the one to stop at.
    max_work : int
        Entries to read before returning.

    Returns
    -------
    tuple of int
        Iterations done, orbits in conflict, conflicting edges between chosen nodes now, fewest
        seen.
    """
    width = moves.shape[1]
    k, n = score.shape
    order = n // len(own)
    ring = len(due) - 1
    work = 0
    while conflicts > 0 and iteration < last and work < max_work:
        iteration += 1
        ban = due[iteration & ring]
        due[iteration & ring] = -1
        while ban >= 0:
            u, e = banned[ban] // width, banned[ban] % width
            at = place[u]
            # Banned again in the meantime, it stays so; even twice until now, it is lifted once.
            if until[u, e] == iteration:
                until[u, e] = 0
                bans[u] -= 1
                if at >= 0:
                    here = moves[u, e] - flag
                    moves[u, e] = here
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
        orbit, new = -1, -1
        # No orbit can lose more conflicts than it has, so aspiration is seldom worth a look.
        if conflicts - most < best:
            aim = min(least, best - conflicts) - 1
            ties = 0
            for i in range(size):
                u = listed[i]
                for e in range(order * k):
                    if moves[u, e] < flag or moves[u, e] >= 2 * flag:
                        continue
                    delta = moves[u, e] - flag - now[i]
                    if delta < aim:
                        aim, ties = delta, 0
                    if delta == aim:
                        ties += 1
                        if ties == 1 or _random(random) % ties == 0:
                            orbit, new = u, e
            if orbit >= 0:
                least = aim
            work += size * width
        work += size
        if orbit < 0:
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
            orbit = listed[i]
            for e in range(width):
                if moves[orbit, e] == low[i]:
                    pick += 1
                    if pick == 0:
                        new = e
                        break
            work += width
        old = own[orbit]
        left, node = chosen[orbit], orbit * order + new // k
        from_color, color = old % k, new % k
        own[orbit], chosen[orbit] = new, node
        conflicts += least
        if conflicts <= best:
            best = conflicts
            best_own[:] = own
        gone, come = beside[left], beside[node]
        down, up = score[from_color], score[color]
        for v in range(n):
            down[v] -= gone[v]
        for v in range(n):
            up[v] += come[v]
        for i in range(size):
            u = listed[i]
            # Neighbor or not is a coin toss, so nothing branches on it but what is rare.
            for j in range(order):
                v = u * order + j
                here = moves[u, j * k + from_color] - gone[v]
                moves[u, j * k + from_color] = here
                if here < low[i]:
                    low[i] = here
                    alike[i] = 1
                elif here == low[i]:
                    alike[i] += gone[v]
            for j in range(order):
                v = u * order + j
                there = moves[u, j * k + color] + come[v]
                moves[u, j * k + color] = there
                if there == low[i] + 1:
                    alike[i] -= come[v]
            if alike[i] == 0:
                _read(moves, u, i, low, alike)
                work += 2 * width
        if first[from_color] == orbit:
            first[from_color] = after[orbit]
        else:
            u = first[from_color]
            while after[u] != orbit:
                u = after[u]
            after[u] = after[orbit]
        u = first[from_color]
        while u >= 0:
            if gone[chosen[u]] != 0:
                now[place[u]] -= 1
                if now[place[u]] == 0:
                    size = _drop(u, size, listed, place, now, low, alike)
            u = after[u]
            work += 1
        u = first[color]
        while u >= 0:
            if come[chosen[u]] != 0:
                if place[u] >= 0:
                    now[place[u]] += 1
                else:
                    size = _list(
                        u, size, 1, own, flag, score, moves, until, bans, listed, place, now, low,
                        alike,
                    )  # fmt: skip
                    work += 4 * order * k
            u = after[u]
            work += 1
        after[orbit] = first[color]
        first[color] = orbit
        # Galinier and Hao's tenure.
        end = iteration + 1 + 6 * size // 10 + _random(random) % 10
        moves[orbit, old] -= 2 * flag
        moves[orbit, new] += 2 * flag
        if until[orbit, old] == 0:
            moves[orbit, old] += flag
            bans[orbit] += 1
        until[orbit, old] = end
        ban = iteration & ring
        banned[ban] = orbit * width + old
        chain[ban] = due[end & ring]
        due[end & ring] = ban
        at = place[orbit]
        now[at] += least
        if now[at] == 0:
            size = _drop(orbit, size, listed, place, now, low, alike)
        else:
            _read(moves, orbit, at, low, alike)
            work += 2 * width
        work += n // 4
    return iteration, size, conflicts, best
