"""Inequalities that all partitions satisfy, as rows over the pairs of nodes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from geocolor.solvers.kernels.edge_cuts import (
    cut_rows,
    pick_spread,
    two_partition_chunk,
    violated_triangles,
)

__all__ = ["Cuts", "pair_indices", "separate"]

# Violation from which a point counts as outside.
_LEAST = 1e-3
# Triples to look through.
_MOST_TRIPLES = 400_000
# Cuts that a pair may be in, of those added at once.
_EACH = 4


@dataclass(frozen=True, eq=False)
class Cuts:
    """Two-partition inequalities ``x(i: T) - x(T) <= 1`` (Grötschel and Wakabayashi 1990).

    With two nodes in T they are the triangle inequalities. A partition keeps to them: of the nodes
    of T that are with i, m say, all m (m - 1) / 2 pairs are together, and m - m (m - 1) / 2 <= 1.

    Attributes
    ----------
    starts : ndarray of int64, shape (cuts + 1,)
    members : ndarray of int32
        The nodes of each cut, i first.
    """

    starts: NDArray[np.int64]
    members: NDArray[np.int32]

    @classmethod
    def none(cls) -> Cuts:
        """Give no cuts."""
        return cls(np.zeros(1, dtype=np.int64), np.zeros(0, dtype=np.int32))

    def __len__(self) -> int:
        """Count the cuts."""
        return len(self.starts) - 1

    def chosen(self, which: NDArray[np.int64]) -> Cuts:
        """Give some of the cuts, by number."""
        sizes = np.diff(self.starts)[which]
        starts = np.zeros(len(which) + 1, dtype=np.int64)
        np.cumsum(sizes, out=starts[1:])
        at = np.repeat(self.starts[which] - starts[:-1], sizes) + np.arange(starts[-1])
        return Cuts(starts, self.members[at])

    def together(self, other: Cuts) -> Cuts:
        """Put other cuts behind these."""
        return Cuts(
            np.concatenate([self.starts, self.starts[-1] + other.starts[1:]]),
            np.concatenate([self.members, other.members]),
        )

    def rows(self, pairs: NDArray[np.int64]) -> sp.csr_array:
        """Give the left sides, integers; the right side of each is 1.

        Parameters
        ----------
        pairs : ndarray of int64, shape (n, n)
            Column of each pair.
        """
        others = np.diff(self.starts) - 1
        lengths = np.zeros(len(self) + 1, dtype=np.int64)
        np.cumsum(others + others * (others - 1) // 2, out=lengths[1:])
        columns, signs = np.empty((2, lengths[-1]), dtype=np.int64)
        cut_rows(self.starts, self.members, pairs, lengths, columns, signs)
        width = len(pairs) * (len(pairs) - 1) // 2
        return sp.csr_array((signs, columns, lengths), shape=(len(self), width))


def pair_indices(count: int) -> NDArray[np.int64]:
    """Give each pair of `count` nodes its number, row by row; -1 on the diagonal.

    Examples
    --------
    >>> pair_indices(3).tolist()
    [[-1, 0, 1], [0, -1, 2], [1, 2, -1]]
    """
    pairs = np.full((count, count), -1, dtype=np.int64)
    first, second = np.triu_indices(count, 1)
    pairs[first, second] = pairs[second, first] = np.arange(len(first))
    return pairs


def separate(x: NDArray[np.float64], most: int) -> Cuts:
    """Find cuts that a point violates, the most violated first, spread over the pairs.

    Parameters
    ----------
    x : ndarray of float64, shape (n, n)
        Symmetric.
    most : int
        Cuts at most.
    """
    triangles, by = _triangles(x)
    found = triangles
    if len(triangles) < most // 4:
        others, more = _two_partitions(x)
        found, by = triangles.together(others), np.append(by, more)
    if not len(found):
        return found
    picked = np.empty(most, dtype=np.int64)
    taken = pick_spread(
        np.argsort(-by, kind="stable"), found.starts, found.members, len(x), _EACH, most, picked
    )
    return found.chosen(picked[:taken])


def _triangles(x: NDArray[np.float64]) -> tuple[Cuts, NDArray[np.float64]]:
    nodes = np.empty((_MOST_TRIPLES, 3), dtype=np.int32)
    by = np.empty(_MOST_TRIPLES)
    least = _LEAST
    found = violated_triangles(x, least, nodes, by)
    while found > len(by):
        # The worst will do for now.
        least = max(2 * least, 0.1)
        found = len(by) if least >= 1 else violated_triangles(x, least, nodes, by)
    return Cuts(3 * np.arange(found + 1), nodes[:found].ravel()), by[:found]


def _two_partitions(x: NDArray[np.float64]) -> tuple[Cuts, NDArray[np.float64]]:
    count = len(x)
    found, values = Cuts.none(), np.zeros(0)
    for center in range(count):
        starts = np.zeros(count + 1, dtype=np.int64)
        members = np.empty(count * count, dtype=np.int32)
        by = np.empty(count)
        sets = two_partition_chunk(x, _LEAST, center, starts, members, by, 0)
        if not sets:
            continue
        # The same set is met from each of its nodes.
        groups = {tuple(np.sort(members[starts[s] : starts[s + 1]])): by[s] for s in range(sets)}
        whole = [np.array([center, *group], dtype=np.int32) for group in groups]
        bounds = np.cumsum([0, *map(len, whole)])
        found = found.together(Cuts(bounds, np.concatenate(whole)))
        values = np.append(values, list(groups.values()))
    return found, values
