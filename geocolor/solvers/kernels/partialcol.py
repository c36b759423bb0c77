"""PartialCol: fewest nodes without a color, for a fixed number of colors and no conflict ever."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from geocolor.graph.jit import jit

__all__ = ["partialcol_chunk", "partialcol_start"]


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
def _least(row: NDArray[np.int16]) -> int:
    """Give the least entry of a row, a vector at a time."""
    least = row[0]
    for c in range(1, len(row)):
        least = min(least, row[c])
    return int(least)


@jit
def partialcol_start(
    indptr: NDArray[np.int64],
    indices: NDArray[np.int32],
    colors: NDArray[np.int32],
    k: int,
    flag: int,
    lost: NDArray[np.int16],
    listed: NDArray[np.int32],
    place: NDArray[np.int32],
) -> int:
    """Color greedily what has color -1, fill the table and the list; nodes without a color.

    See :func:`partialcol_chunk` for the arrays.
    """
    lost[:, :k] = 0
    lost[:, k:] = 3 * flag
    for v in range(len(colors)):
        for e in range(indptr[v], indptr[v + 1]):
            if colors[indices[e]] >= 0:
                lost[v, colors[indices[e]]] += 1
    size = 0
    for v in range(len(colors)):
        place[v] = -1
        if colors[v] >= 0:
            continue
        for c in range(k):
            if lost[v, c] == 0:
                colors[v] = c
                for e in range(indptr[v], indptr[v + 1]):
                    lost[indices[e], c] += 1
                break
        if colors[v] < 0:
            listed[size] = v
            place[v] = size
            size += 1
    return size


@jit
def partialcol_chunk(
    indptr: NDArray[np.int64],
    indices: NDArray[np.int32],
    colors: NDArray[np.int32],
    k: int,
    flag: int,
    lost: NDArray[np.int16],
    listed: NDArray[np.int32],
    place: NDArray[np.int32],
    low: NDArray[np.int32],
    until: NDArray[np.int64],
    due: NDArray[np.int64],
    chain: NDArray[np.int64],
    random: NDArray[np.uint64],
    best_colors: NDArray[np.int32],
    size: int,
    best: int,
    iteration: int,
    last: int,
    max_work: int,
) -> tuple[int, int, int]:
    """Color a node in the class that loses fewest nodes by it; those may not return for a while.

    Ties are broken at random. A tabu move is allowed if fewer nodes than ever are left after it.
    The arrays carry the state on from :func:`partialcol_start` and from call to call.

    Parameters
    ----------
    colors : ndarray of int32, shape (n,)
        Proper; -1 for no color.
    k : int
        Classes.
    flag : int
        More than any degree; three times it must not overflow.
    lost : ndarray of int16 or int32, shape (n, width)
        Neighbors of a node by color: what a move there costs. `flag` more while that is tabu.
        Columns beyond `k` are padding.
    listed, place : ndarray of int32, shape (n,)
        The `size` nodes without a color, and where each stands there (-1: nowhere).
    low : ndarray of int32, shape (n,)
        Room for the least entries of the listed nodes.
    until : ndarray of int64, shape (n, width)
        Iteration in which a move ceases to be tabu; 0 if it is not.
    due, chain : ndarray of int64, shapes (slots,) and (n * width,)
        The last ban that may end in an iteration, modulo the slots, a power of two and more than
        the longest tenure; and the one before it. -1: none.
    best_colors : ndarray of int32, shape (n,)
        Gets the coloring whenever fewer nodes than ever are left.
    size, best : int
        Nodes without a color now, fewest seen.
    iteration, last : int
        Iterations done, and the one to stop at.
    max_work : int
        Entries to read before returning.

    Returns
    -------
    tuple of int
        Iterations done, nodes without a color now (0: `colors` is a coloring), fewest seen.
    """
    width = lost.shape[1]
    ring = len(due) - 1
    work = 0
    while size > 0 and iteration < last and work < max_work:
        iteration += 1
        ban = due[iteration & ring]
        due[iteration & ring] = -1
        while ban >= 0:
            v, c = ban // width, ban % width
            before = chain[ban]
            if until[v, c] == iteration:
                until[v, c] = 0
                lost[v, c] -= flag
            else:
                # Put out again in the meantime: it ends later.
                chain[ban] = due[until[v, c] & ring]
                due[until[v, c] & ring] = ban
            ban = before
        least = flag
        for i in range(size):
            low[i] = _least(lost[listed[i]])
            least = min(least, low[i])
        node, color = -1, -1
        # No move leaves less than one node less, so aspiration is seldom worth a look.
        if size <= best:
            aim = min(least, best - size + 1)
            for i in range(size):
                v = listed[i]
                for c in range(k):
                    if flag <= lost[v, c] < flag + aim:
                        aim = lost[v, c] - flag
                        node, color = v, c
            if node >= 0:
                least = aim
        work += size * width
        ties = 0
        for i in range(size if node < 0 and least < flag else 0):
            if low[i] == least:
                v = listed[i]
                for c in range(k):
                    if lost[v, c] == least:
                        ties += 1
                        if ties == 1 or _random(random) % ties == 0:
                            node, color = v, c
        if node < 0:
            continue
        size -= 1
        moved = listed[size]
        listed[place[node]] = moved
        place[moved] = place[node]
        place[node] = -1
        colors[node] = color
        for e in range(indptr[node], indptr[node + 1]):
            lost[indices[e], color] += 1
        work += indptr[node + 1] - indptr[node]
        if least > 0:
            for e in range(indptr[node], indptr[node + 1]):
                u = indices[e]
                if colors[u] != color:
                    continue
                colors[u] = -1
                listed[size] = u
                place[u] = size
                size += 1
                for f in range(indptr[u], indptr[u + 1]):
                    lost[indices[f], color] -= 1
                work += indptr[u + 1] - indptr[u]
                # Blöchliger and Zufferey's dynamic tenure.
                end = iteration + 1 + 6 * size // 10 + _random(random) % 10
                if until[u, color] == 0:
                    lost[u, color] += flag
                    ban = u * width + color
                    chain[ban] = due[end & ring]
                    due[end & ring] = ban
                until[u, color] = end
        if size < best:
            best = size
            best_colors[:] = colors
    return iteration, size, best
