"""Nodes by the names that the lines of a file give them."""

from __future__ import annotations

from collections import defaultdict
from itertools import count

import numpy as np
from numpy.typing import NDArray

from geocolor.errors import FormatError
from geocolor.io.limits import Limits
from geocolor.io.source import shown

__all__ = ["Names"]

# A table over all numbers may be so many times as large as their count.
_SPREAD = 8


class Names:
    """Names as they come, block by block; numbers as long as all of them are numbers.

    Whole numbers without sign count in ascending order, unless those that stand alone in a line
    are in another; then they, and other names, count in the order in which they first come.

    Parameters
    ----------
    name : str
        The file, for messages.
    limits : Limits
        How many nodes there may be.

    Attributes
    ----------
    numeric : bool
        Whether all names so far are numbers.
    """

    def __init__(self, name: str, limits: Limits) -> None:
        self.name, self.limits = name, limits
        self.numeric = True
        self._numbers: list[NDArray[np.int64]] = []
        # A name that is new gets the next number by being looked up.
        self._index: defaultdict[bytes, int] = defaultdict(count().__next__)
        self._parts: list[NDArray[np.int64]] = []

    def add_numbers(self, numbers: NDArray[np.int64]) -> None:
        """Take names that are numbers; only while all were."""
        self._numbers.append(numbers)

    def add(self, words: list[bytes]) -> None:
        """Take names of any kind."""
        if self.numeric:
            self.numeric = False
            for part in self._numbers:
                self.add([b"%d" % number for number in part.tolist()])
            self._numbers = []
        self._parts.append(
            np.fromiter(map(self._index.__getitem__, words), dtype=np.int64, count=len(words))
        )
        self.limits.require_nodes(len(self._index), self.name)

    def nodes(self, alone: NDArray[np.int64]) -> tuple[list[str], NDArray[np.int64]]:
        """Give the names of all nodes, and the node of every name that was added.

        Parameters
        ----------
        alone : ndarray of int64
            Which names stand alone in a line.

        Raises
        ------
        FormatError
            A name is not UTF-8.
        LimitError
            There are too many.
        """
        if not self.numeric:
            try:
                labels = [word.decode() for word in self._index]
            except UnicodeDecodeError as error:
                raise FormatError(
                    f"the name {shown(error.object)} is not UTF-8", self.name
                ) from error
            return labels, np.concatenate([np.empty(0, dtype=np.int64), *self._parts])
        numbers = np.concatenate([np.empty(0, dtype=np.int64), *self._numbers])
        if (np.diff(numbers[alone]) < 0).any():
            self.numeric = False
            return self._by_first(numbers)
        low, high = int(numbers.min(initial=0)), int(numbers.max(initial=0))
        if high - low > _SPREAD * len(numbers):
            named, nodes = np.unique(numbers, return_inverse=True)
        else:
            present = np.zeros(high - low + 1, dtype=bool)
            present[numbers - low] = True
            named = np.flatnonzero(present) + low
            nodes = (np.cumsum(present) - 1)[numbers - low]
        self.limits.require_nodes(len(named), self.name)
        return list(map(str, named.tolist())), nodes

    def _by_first(self, numbers: NDArray[np.int64]) -> tuple[list[str], NDArray[np.int64]]:
        named, first, nodes = np.unique(numbers, return_index=True, return_inverse=True)
        self.limits.require_nodes(len(named), self.name)
        order = np.argsort(first)
        return list(map(str, named[order].tolist())), np.argsort(order)[nodes]
