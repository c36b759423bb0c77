"""TabuCol: fewest conflicting edges for a fixed number of colors, best moves kept, not sought.

The table ``score[v, c]`` counts the neighbors of v with color c. What makes a move impossible is
added to it: `flag` while v may not return to c, twice `flag` where c is v's own color. So the best
move of a node is the least entry of its row, which vector instructions find. For each node in
conflict that least entry and the number of its like are kept up to date through every move; a row
is read again only when the last of them is gone.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from geocolor.graph.jit import jit

__all__ = ["tabucol_chunk", "tabucol_start"]


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
    score: NDArray[np.signedinteger],
    v: int,
    at: int,
    low: NDArray[np.signedinteger],
    alike: NDArray[np.signedinteger],
) -> None:
    """Find the least entry of a row, and how many there are, for place `at` of the list."""
    row = score[v]
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
def _drop(
    v: int,
    size: int,
    listed: NDArray[np.int32],
    place: NDArray[np.int32],
    now: NDArray[np.signedinteger],
    low: NDArray[np.signedinteger],
    alike: NDArray[np.signedinteger],
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
def tabucol_start(
    indptr: NDArray[np.int64],
    indices: NDArray[np.uint32],
    colors: NDArray[np.int32],
    k: int,
    flag: int,
    score: NDArray[np.signedinteger],
    listed: NDArray[np.int32],
    place: NDArray[np.int32],
    now: NDArray[np.signedinteger],
    low: NDArray[np.signedinteger],
    alike: NDArray[np.signedinteger],
) -> tuple[int, int]:
    """Fill the table and the list for `colors`; nodes in conflict, conflicting edges.

    Columns of `score` from `k` on are padding.
    """
    count, width = score.shape
    for v in range(count):
        for c in range(width):
            score[v, c] = 0 if c < k else 3 * flag
        for e in range(indptr[v], indptr[v + 1]):
            score[v, colors[indices[e]]] += 1
    size = 0
    conflicts = 0
    for v in range(count):
        inside = score[v, colors[v]]
        score[v, colors[v]] += 2 * flag
        place[v] = -1
        if inside > 0:
            conflicts += inside
            listed[size] = v
            place[v] = size
            now[size] = inside
            _read(score, v, size, low, alike)
            size += 1
    return size, conflicts // 2


@jit
def tabucol_chunk(
    indptr: NDArray[np.int64],
    indices: NDArray[np.uint32],
    colors: NDArray[np.int32],
    flag: int,
    score: NDArray[np.signedinteger],
    listed: NDArray[np.int32],
    place: NDArray[np.int32],
    now: NDArray[np.signedinteger],
    low: NDArray[np.signedinteger],
    alike: NDArray[np.signedinteger],
    until: NDArray[np.int64],
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
    `best`. The arrays carry the state on from :func:`tabucol_start` and from call to call.

    Parameters
    ----------
    indices : ndarray of uint32
        Unsigned, which saves the loop over neighbors a look at the sign.
    score : ndarray of int16 or int32, shape (n, width)
        The table; `flag` is more than any degree, and four times it must not overflow.
    listed, place : ndarray of int32, shape (n,)
        The `size` nodes in conflict, and where each stands there (-1: nowhere).
    now, low, alike : ndarray like score, shape (n,)
        By place in the list: conflicts of the node, least entry of its row, entries like it.
    until : ndarray of int64, shape (n * width,)
        Iteration in which an entry of the table ceases to be tabu; 0 if it is not.
    due, chain, banned : ndarray of int64, shape (slots,)
        Rings over iterations, a power of two and more than the longest tenure: the last ban that
        ends in one, the one before it that ends there too, and the entry a ban is on. -1: none.
    best_colors : ndarray of int32
        The last coloring seen with the fewest conflicts, `best`: it is farther from where the
        search began than the first.
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
    width = score.shape[1]
    flat = score.reshape(-1)
    ring = len(due) - 1
    work = 0
    while conflicts > 0 and iteration < last and work < max_work:
        iteration += 1
        ban = due[iteration & ring]
        due[iteration & ring] = -1
        while ban >= 0:
            entry = banned[ban]
            if until[entry] == iteration:
                until[entry] = 0
                flat[entry] -= flag
                at = place[entry // width]
                if at >= 0:
                    if flat[entry] < low[at]:
                        low[at] = flat[entry]
                        alike[at] = 1
                    elif flat[entry] == low[at]:
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
                for c in range(width):
                    if score[v, c] < flag or score[v, c] >= 2 * flag:
                        continue
                    delta = score[v, c] - flag - now[i]
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
                if score[node, c] == low[i]:
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
        score[node, old] -= 2 * flag
        score[node, color] += 2 * flag
        entry = node * width + old
        if until[entry] == 0:
            flat[entry] += flag
        # Galinier and Hao's tenure.
        end = iteration + 1 + 6 * size // 10 + _random(random) % 10
        until[entry] = end
        ban = iteration & ring
        banned[ban] = entry
        chain[ban] = due[end & ring]
        due[end & ring] = ban
        near = indices[indptr[node] : indptr[node + 1]]
        for e in range(len(near)):
            u = near[e]
            here = score[u, old] - 1
            there = score[u, color] + 1
            score[u, old] = here
            score[u, color] = there
            at = place[u]
            if at < 0:
                if colors[u] == color:
                    listed[size] = u
                    place[u] = size
                    now[size] = 1
                    _read(score, u, size, low, alike)
                    work += 2 * width
                    size += 1
                continue
            if colors[u] == old:
                now[at] -= 1
                if now[at] == 0:
                    size = _drop(u, size, listed, place, now, low, alike)
                    continue
            elif colors[u] == color:
                now[at] += 1
            if there == low[at] + 1:
                alike[at] -= 1
            if here < low[at]:
                low[at] = here
                alike[at] = 1
            elif here == low[at]:
                alike[at] += 1
            if alike[at] == 0:
                _read(score, u, at, low, alike)
                work += 2 * width
        at = place[node]
        now[at] += least
        if now[at] == 0:
            size = _drop(node, size, listed, place, now, low, alike)
        else:
            _read(score, node, at, low, alike)
            work += 2 * width
        work += 2 * (indptr[node + 1] - indptr[node])
    return iteration, size, conflicts, best
