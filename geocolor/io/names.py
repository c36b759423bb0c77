"""Nodes by the names that the lines of a file give them."""

from __future__ import annotations

from collections import defaultdict
from itertools import count

import numpy as np
from numpy.typing import NDArray

from geocolor.errors import FormatError
from geocolor.io.limits import Limits
from geocolor.io.source import shown
from geocolor.io.tokens import SHORT

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
    """

    def __init__(self, name: str, limits: Limits) -> None:
        self.name, self.limits = name, limits
        # Numbers as long as there is nothing else, then short words likewise, then any words.
        self._numbers: list[NDArray[np.int64]] = []
        self._short: list[NDArray[np.bytes_]] = []
        self._nodes: list[NDArray[np.int64]] = []
        # A word that is new gets the next number by being looked up.
        self._index: defaultdict[bytes, int] = defaultdict(count().__next__)

    @property
    def numeric(self) -> bool:
        """Whether all names so far are numbers, and count as such."""
        return not (self._short or self._nodes)

    def add_numbers(self, numbers: NDArray[np.int64]) -> None:
        """Take names that are numbers; only while all were."""
        self._numbers.append(numbers)

    def add_short(self, words: NDArray[np.bytes_]) -> None:
        """Take names of at most :data:`~geocolor.io.tokens.SHORT` bytes."""
        if self._nodes:
            self.add(words.tolist())
        else:
            self._short += [*self._texts(), words]

    def add(self, words: list[bytes]) -> None:
        """Take names of any kind."""
        before, self._short = self._short + self._texts(), []
        for part in [*(texts.tolist() for texts in before), words]:
            found = map(self._index.__getitem__, part)
            self._nodes.append(np.fromiter(found, dtype=np.int64, count=len(part)))
        self.limits.require_nodes(len(self._index), self.name)

    def _texts(self) -> list[NDArray[np.bytes_]]:
        """Take the numbers out, as words."""
        numbers, self._numbers = self._numbers, []
        return [part.astype(f"S{SHORT}") for part in numbers]

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
        if self.numeric:
            numbers = np.concatenate([np.empty(0, dtype=np.int64), *self._numbers])
            if (np.diff(numbers[alone]) >= 0).all():
                return self._ascending(numbers)
            self._short = self._texts()
        if self._short:
            texts = np.concatenate(self._short)
            first, nodes = _as_they_come(texts)
            words = texts[first].tolist()
        else:
            words, nodes = list(self._index), np.concatenate(self._nodes)
        self.limits.require_nodes(len(words), self.name)
        try:
            return [word.decode() for word in words], nodes
        except UnicodeDecodeError as error:
            raise FormatError(f"the name {shown(error.object)} is not UTF-8", self.name) from error

    def _ascending(self, numbers: NDArray[np.int64]) -> tuple[list[str], NDArray[np.int64]]:
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


def _as_they_come(texts: NDArray[np.bytes_]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Find where each distinct word first is, in that order; second, which of them each word is."""
    _, first, which = np.unique(_mixed(texts), return_index=True, return_inverse=True)
    if (texts[first][which] != texts).any():  # two words share a number
        _, first, which = np.unique(texts, return_index=True, return_inverse=True)
    order = np.argsort(first)
    return first[order], np.argsort(order)[which]


def _mixed(texts: NDArray[np.bytes_]) -> NDArray[np.uint64]:
    """Give each word a number, which sorts four times as fast; different words mostly differ."""
    halves = texts.view(np.uint64).reshape(-1, 2)
    mixed: NDArray[np.uint64] = halves[:, 0] * np.uint64(0x9E3779B97F4A7C15)
    mixed ^= mixed >> np.uint64(29)
    mixed = (mixed + halves[:, 1]) * np.uint64(0xC2B2AE3D27D4EB4F)
    mixed ^= mixed >> np.uint64(32)
    return mixed
