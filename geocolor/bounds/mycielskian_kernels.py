"""Compiled parts of the Mycielskian bound, on bitset rows."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from geocolor.graph.bits import lowest
from geocolor.graph.jit import jit

__all__ = ["bit_rows", "choose_copies", "greedy_clique", "keep_apexes"]


@jit
def bit_rows(indptr: NDArray[np.int64], indices: NDArray[np.int32]) -> NDArray[np.uint64]:
    """Neighbors of every node as a bitset, shape (num_nodes, words)."""
    count = len(indptr) - 1
    rows = np.zeros((count, (count + 63) // 64), dtype=np.uint64)
    for u in range(count):
        for e in range(indptr[u], indptr[u + 1]):
            v = indices[e]
            rows[u, v >> 6] |= np.uint64(1) << np.uint64(v & 63)
    return rows


@jit
def _substitutes(
    rows: NDArray[np.uint64],
    indptr: NDArray[np.int64],
    indices: NDArray[np.int32],
    v: int,
    among: NDArray[np.uint64],
    out: NDArray[np.uint64],
) -> int:
    """Give the nodes of `among` that see all neighbors of `v` in the subgraph; the work done."""
    out[:] = among
    for e in range(indptr[v], indptr[v + 1]):
        row = rows[indices[e]]
        for w in range(len(out)):
            out[w] &= row[w]
    return len(out) * int(1 + indptr[v + 1] - indptr[v])


@jit
def keep_apexes(
    rows: NDArray[np.uint64],
    indptr: NDArray[np.int64],
    indices: NDArray[np.int32],
    members: NDArray[np.int64],
    everything: NDArray[np.uint64],
    apexes: NDArray[np.uint64],
    position: int,
    max_work: int,
) -> tuple[int, int]:
    """Strike out the apexes that see no substitute of some member of the subgraph.

    The subgraph is given by `members` and its adjacency; `position` is the place of the member to
    go on with.

    Returns
    -------
    tuple of int
        Position to go on from (the number of members when done or no apex is left), work done.
    """
    words = len(apexes)
    substitutes = np.empty(words, dtype=np.uint64)
    blind = np.empty(words, dtype=np.uint64)
    work = 0
    while position < len(members) and work < max_work:
        v = members[position]
        position += 1
        # The member is its own substitute, and often the only one needed.
        rest = np.uint64(0)
        for w in range(words):
            blind[w] = apexes[w] & ~rows[v, w]
            rest |= blind[w]
        work += words
        if rest == np.uint64(0):
            continue
        work += _substitutes(rows, indptr, indices, v, everything, substitutes)
        for x in range(words):
            while substitutes[x] != np.uint64(0) and rest != np.uint64(0):
                u = (x << 6) + lowest(substitutes[x])
                substitutes[x] &= substitutes[x] - np.uint64(1)
                rest = np.uint64(0)
                for w in range(words):
                    blind[w] &= ~rows[u, w]
                    rest |= blind[w]
                work += words
        left = np.uint64(0)
        for w in range(words):
            apexes[w] &= ~blind[w]
            left |= apexes[w]
        if left == np.uint64(0):
            return len(members), work
    return position, work


@jit
def choose_copies(
    rows: NDArray[np.uint64],
    indptr: NDArray[np.int64],
    indices: NDArray[np.int32],
    members: NDArray[np.int64],
    preferred: NDArray[np.uint64],
    rank: NDArray[np.int32],
    apex: int,
    copies: NDArray[np.int64],
    position: int,
    max_work: int,
) -> tuple[int, int]:
    """Choose for every member a substitute that `apex` sees: itself, a preferred one, or any.

    Chosen ones become preferred; `rank` settles the rest.

    Returns
    -------
    tuple of int
        Position to go on from, work done.
    """
    words = rows.shape[1]
    substitutes = np.empty(words, dtype=np.uint64)
    work = 0
    while position < len(members) and work < max_work:
        v = members[position]
        best = v
        if rows[apex, v >> 6] >> np.uint64(v & 63) & np.uint64(1) == np.uint64(0):
            work += _substitutes(rows, indptr, indices, v, rows[apex], substitutes)
            common = np.uint64(0)
            for w in range(words):
                common |= substitutes[w] & preferred[w]
            best = -1
            for w in range(words):
                word = substitutes[w]
                if common != np.uint64(0):
                    word &= preferred[w]
                while word != np.uint64(0):
                    u = (w << 6) + lowest(word)
                    word &= word - np.uint64(1)
                    if best < 0 or rank[u] < rank[best]:
                        best = u
            preferred[best >> 6] |= np.uint64(1) << np.uint64(best & 63)
        copies[position] = best
        position += 1
        work += words
    return position, work


@jit
def greedy_clique(
    rows: NDArray[np.uint64], start: int, rank: NDArray[np.int32]
) -> tuple[NDArray[np.int32], int]:
    """Grow a maximal clique from `start`, always by the candidate of least rank; work done."""
    words = rows.shape[1]
    candidates = rows[start].copy()
    clique = np.empty(len(rows), dtype=np.int32)
    clique[0] = start
    size = 1
    work = 0
    while True:
        best = -1
        for w in range(words):
            word = candidates[w]
            while word != np.uint64(0):
                u = (w << 6) + lowest(word)
                word &= word - np.uint64(1)
                work += 1
                if best < 0 or rank[u] < rank[best]:
                    best = u
        if best < 0:
            return clique[:size], work
        clique[size] = best
        size += 1
        for w in range(words):
            candidates[w] &= rows[best, w]
        work += words
