"""Exact search for groups that cost less than the duals of their nodes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geocolor.solvers.kernels.group_pricing import pricing_chunk, pricing_start

__all__ = ["ALL_WORK", "GroupSearch", "Room"]

# Candidates that nobody gets through: no root is cut short.
ALL_WORK = 1 << 62

# Candidates to look at in one kernel call: some 30 ms.
_CHUNK = 10_000_000


@dataclass(frozen=True, eq=False)
class Room:
    """What a group may hold, in the largest unit that sizes are multiples of.

    Attributes
    ----------
    sizes : ndarray of int64, shape (n,)
        Of the nodes; positive.
    capacity : int
        What the nodes of a group add up to at most.
    spare : int
        What all groups of a partition together leave free, and so one of them at most.
    """

    sizes: NDArray[np.int64]
    capacity: int
    spare: int

    @classmethod
    def of(cls, sizes: NDArray[np.int64], capacity: int, k: int) -> Room:
        """Give the room of at most `k` groups."""
        unit = max(1, int(np.gcd.reduce(sizes)))
        total = int(sizes.sum()) // unit
        most = min(capacity // unit, total)
        return cls(sizes // unit, most, max(0, k * most - total))


class GroupSearch:
    """Branch and bound over the groups without a hard conflict that cost less than their duals.

    Extends a group node by node; what the nodes left may save at most is the bound. All arithmetic
    is in integers.

    Parameters
    ----------
    weights : ndarray of int64, shape (n, n)
        Symmetric, 0 on the diagonal; a group costs the sum over its pairs.
    apart : ndarray of bool, shape (n, n)
        Hard conflicts.
    duals : ndarray of int64, shape (n,)
        A group's value is its cost less the duals of its nodes.
    bar : int
        Groups of lower value are wanted.
    every : bool
        All of them, but for those that leave more room than all groups together may. If not, each
        node is the root of one search, and gives one group at most: the best whose other nodes have
        no higher duals.
    most : int
        Groups after which to stop.
    root_work : int, optional
        Candidates to look at before a root is cut short.
    room : Room, optional
        What a group may hold.

    Attributes
    ----------
    groups : ndarray of bool, shape (groups, n)
    values : ndarray of int64, shape (groups,)
    """

    def __init__(
        self,
        weights: NDArray[np.int64],
        apart: NDArray[np.bool_],
        duals: NDArray[np.int64],
        bar: int,
        *,
        every: bool,
        most: int,
        root_work: int = ALL_WORK,
        room: Room | None = None,
    ) -> None:
        count = len(duals)
        self._order = np.argsort(-duals, kind="stable")
        around = np.ix_(self._order, self._order)
        inside = np.ascontiguousarray(weights[around])
        signed = bool((weights < 0).any())
        listed = np.empty((count + 1, count), dtype=np.int32)
        margin = np.empty((count + 1, count), dtype=np.int64)
        hope, rest = np.empty(count, dtype=np.int64), np.empty((count + 1, count + 1), np.int64)
        size, at = np.zeros((2, count + 1), dtype=np.int32)
        value = np.zeros(count + 1, dtype=np.int64)
        levels = (listed, margin, hope, rest, size, at, value)
        self._state = np.array([0, bar, 0, 0, 0], dtype=np.int64)
        self._found = np.empty((most, count), dtype=np.bool_)
        self._values = np.empty(most, dtype=np.int64)
        left = np.zeros(count + 1, dtype=np.int64)
        sizes, spare = np.zeros(count, dtype=np.int64), 0
        if room is not None:
            left[0], sizes = room.capacity, room.sizes[self._order]
            spare = room.spare if every else room.capacity
        pricing_start(inside, duals[self._order], signed, *levels)
        self._arguments = (
            inside,
            np.ascontiguousarray(apart[around]),
            sizes,
            left,
            spare,
            signed,
            *levels,
            np.empty(count, dtype=np.int32),
            self._state,
            bar,
            every,
            root_work,
            self._found,
            self._values,
        )

    @property
    def finished(self) -> bool:
        """Whether every group of lower value was found, or a better one of its root."""
        return bool(self._state[0] < 0 and not self._state[4])

    def run(self, halt: Callable[[], bool]) -> None:
        """Search to the end, until there are too many groups, or until `halt` says so."""
        while self._state[0] >= 0 and self._state[3] < len(self._values) and not halt():
            pricing_chunk(*self._arguments, _CHUNK)
        count = int(self._state[3])
        self.values = self._values[:count]
        self.groups = np.zeros((count, len(self._order)), dtype=np.bool_)
        self.groups[:, self._order] = self._found[:count]
