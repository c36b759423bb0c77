"""Exact search for groups that cost less than the duals of their nodes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from geocolor.solvers.kernels.group_pricing import pricing_chunk, pricing_start

__all__ = ["GroupSearch"]

# Candidates to look at in one kernel call: some 30 ms.
_CHUNK = 10_000_000


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
        All of them. If not, each node is the root of one search, and gives one group at most: the
        best whose other nodes have no higher duals.
    most : int
        Groups after which to stop.
    root_work : int, optional
        Candidates to look at before a root is cut short.

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
        root_work: int = 1 << 62,
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
        pricing_start(inside, duals[self._order], signed, *levels)
        self._arguments = (
            inside,
            np.ascontiguousarray(apart[around]),
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
