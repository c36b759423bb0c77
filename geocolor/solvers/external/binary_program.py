"""Binary programs as arrays, the same rows for every solver."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

__all__ = ["BinaryProgram", "Rows"]

_Integers = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class BinaryProgram:
    """Least ``costs @ x`` with ``lower <= matrix @ x <= upper``, each x 0 or 1.

    Attributes
    ----------
    costs : ndarray of int64, shape (columns,)
    allowed : ndarray of bool, shape (columns,)
        Which x may be 1.
    matrix : csr_array of int64, shape (rows, columns)
    lower, upper : ndarray of float64, shape (rows,)
        Whole numbers, or minus infinity.
    answer : callable
        Makes of a solution, an array of bool, what was asked for: the class of each node, or the
        options chosen.
    """

    costs: _Integers
    allowed: NDArray[np.bool_]
    matrix: sp.csr_array
    lower: NDArray[np.float64]
    upper: NDArray[np.float64]
    answer: Callable[[NDArray[np.bool_]], _Integers]


class Rows:
    """The rows of a matrix, block by block; a block's rows have the same signs and sides."""

    def __init__(self) -> None:
        self._columns: list[_Integers] = []
        self._signs: list[_Integers] = []
        self._sizes: list[_Integers] = []
        self._lower: list[NDArray[np.float64]] = []
        self._upper: list[NDArray[np.float64]] = []

    def add(
        self, columns: _Integers, signs: list[int], upper: float, lower: float = -math.inf
    ) -> None:
        """Add a row for each of `columns`, shape (rows, entries)."""
        count, entries = columns.shape
        self._columns.append(columns.ravel())
        self._signs.append(np.tile(np.array(signs, dtype=np.int64), count))
        self._sizes.append(np.full(count, entries))
        self._lower.append(np.full(count, lower))
        self._upper.append(np.full(count, upper))

    def program(
        self,
        costs: _Integers,
        allowed: NDArray[np.bool_],
        answer: Callable[[NDArray[np.bool_]], _Integers],
    ) -> BinaryProgram:
        """Give the program of the rows added so far."""
        starts = np.cumsum(np.concatenate([np.zeros(1, dtype=np.int64), *self._sizes]))
        entries = (np.concatenate(self._signs), np.concatenate(self._columns), starts)
        matrix = sp.csr_array(entries, shape=(len(starts) - 1, len(costs)))
        lower, upper = np.concatenate(self._lower), np.concatenate(self._upper)
        return BinaryProgram(costs, allowed, matrix, lower, upper, answer)
