"""Words and numbers of a text, found block by block with array operations."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["BLANKS", "LONGEST_NUMBER", "SHORT", "Tokens", "decimal", "decimals", "tokenize"]

_NEWLINE = ord("\n")
_ZERO, _MINUS, _POINT = np.uint8(ord("0")), ord("-"), ord(".")
# Longer whole numbers are refused before they could overflow; no limit on nodes comes near.
LONGEST_NUMBER = 15
# With at most 15 digits, and so at most 15 of them behind the point, one division of two exact
# doubles rounds as a careful parser does (Clinger, PLDI 1990).
_EXACT_DIGITS = 15
# Words of so many bytes fit into two integers.
SHORT = 16
BLANKS = b" \t\n\r\v\f"


@dataclass(frozen=True, eq=False)
class Tokens:
    """The words of a block of whole lines.

    Attributes
    ----------
    data : ndarray of uint8
        The bytes of the block.
    starts, ends : ndarray of int64, shape (words,)
        Where each word begins, and one behind its last byte.
    heads, counts : ndarray of int64, shape (lines,)
        First word and number of words of each line that has any.
    breaks : ndarray of int64
        Where the newlines are.
    """

    data: NDArray[np.uint8]
    starts: NDArray[np.int64]
    ends: NDArray[np.int64]
    heads: NDArray[np.int64]
    counts: NDArray[np.int64]
    breaks: NDArray[np.int64]

    def lines(self, words: NDArray[np.int64]) -> NDArray[np.int64]:
        """Give the lines of words, counted from 1 in the block."""
        return np.searchsorted(self.breaks, self.starts[words]) + 1

    def row(self, line: int) -> list[bytes]:
        """Give the words of one of the lines that have any."""
        first, last = self.heads[line], self.heads[line] + self.counts[line] - 1
        return self.data[self.starts[first] : self.ends[last]].tobytes().split()

    def word(self, at: int) -> bytes:
        """Give one word."""
        return self.data[self.starts[at] : self.ends[at]].tobytes()

    def short(self, words: NDArray[np.int64]) -> NDArray[np.bytes_] | None:
        """Give words as an array, if all are of at most :data:`SHORT` bytes and none has a zero."""
        starts = self.starts[words]
        lengths = self.ends[words] - starts
        if lengths.max(initial=0) > SHORT or not self.data.all():
            return None
        padded = np.concatenate([self.data, np.zeros(SHORT, dtype=np.uint8)])
        bytes_of = np.lib.stride_tricks.sliding_window_view(padded, SHORT)[starts]
        bytes_of[np.arange(SHORT) >= lengths[:, None]] = 0
        return bytes_of.view(f"S{SHORT}").ravel()

    def whole(self, words: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """Read words as whole numbers without sign.

        Returns
        -------
        values, fine : ndarray
            The numbers; and which words are any, of at most :data:`LONGEST_NUMBER` digits.
        """
        ends = self.ends[words]
        lengths = ends - self.starts[words]
        fine = lengths <= LONGEST_NUMBER
        values = np.zeros(len(words), dtype=np.int64)
        for column in range(int(min(lengths.max(initial=0), LONGEST_NUMBER))):
            inside = column < lengths
            # The first column is inside every word; before a word's start any digit would do.
            digit = self.data[np.maximum(ends - 1 - column, 0)] - _ZERO
            fine &= ~inside | (digit <= 9)
            values += np.where(inside, digit, 0).astype(np.int64) * 10**column
        return values, fine

    def real(self, words: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """Read words as decimal numbers, correctly rounded.

        Returns
        -------
        values, fine : ndarray
            The numbers; and which words are any, and finite.
        """
        values, fine = self._short_decimals(words)
        rest = np.flatnonzero(~fine)
        if len(rest):
            block = self.data.tobytes()
            at = words[rest]
            spans = zip(self.starts[at].tolist(), self.ends[at].tolist(), strict=True)
            values[rest] = decimals([block[start:end] for start, end in spans])
            fine[rest] = np.isfinite(values[rest])
        return values, fine

    def _short_decimals(
        self, words: NDArray[np.int64]
    ) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """Numbers of few digits, with a sign or a point perhaps; second, which words are such."""
        starts, ends = self.starts[words], self.ends[words]
        negative = self.data[starts] == _MINUS
        lengths = ends - starts - negative
        fine = (lengths <= _EXACT_DIGITS + 1) & (lengths >= 1)
        if np.count_nonzero(fine) < len(fine) // 8:
            return np.zeros(len(words)), np.zeros(len(words), dtype=bool)
        digits = np.zeros(len(words), dtype=np.int64)  # the number without its point
        used = np.zeros(len(words), dtype=np.int64)
        behind = np.zeros(len(words), dtype=np.int64)
        pointed = np.zeros(len(words), dtype=bool)
        scale = np.ones(len(words), dtype=np.int64)
        for column in range(int(min(lengths.max(initial=0), _EXACT_DIGITS + 1))):
            inside = column < lengths
            byte = self.data[np.maximum(ends - 1 - column, 0)]
            digit = byte - _ZERO
            is_digit = inside & (digit <= 9)
            is_point = inside & (byte == _POINT)
            fine &= ~inside | is_digit | (is_point & ~pointed)
            pointed |= is_point
            behind[is_point] = used[is_point]
            digits += np.where(is_digit, digit, 0).astype(np.int64) * scale
            scale = np.where(is_digit & (column < _EXACT_DIGITS), scale * 10, scale)
            used += is_digit
        fine &= (used >= 1) & (used <= _EXACT_DIGITS)
        values = digits / 10.0 ** np.where(fine, behind, 0)
        return np.where(negative, -values, values), fine


def decimals(words: list[bytes]) -> NDArray[np.float64]:
    """Read words as :func:`decimal` does."""
    if b"_" not in b"".join(words):
        try:
            return np.array(list(map(float, words)), dtype=np.float64)
        except ValueError:
            pass
    return np.array(list(map(decimal, words)))


def decimal(word: str | bytes) -> float:
    """Read a number as files have it; nan for what is none.

    Python alone would also read ``1_0``, as ten, and the digits of other scripts.
    """
    text = word.decode("ascii", "replace") if isinstance(word, bytes) else word
    try:
        return float(text) if text.isascii() and "_" not in text else math.nan
    except ValueError:
        return math.nan


def tokenize(block: bytes, blanks: bytes = BLANKS) -> Tokens:
    """Find the words of a block of whole lines.

    Parameters
    ----------
    block : bytes
        Ends in a newline.
    blanks : bytes
        What stands between words; with the newline.
    """
    blank = np.zeros(256, dtype=bool)
    blank[list(blanks)] = True
    data = np.frombuffer(block, dtype=np.uint8)
    solid = ~blank.take(data)
    # A block starts a line and ends in a newline, so that every word has both its ends.
    flips = np.flatnonzero(solid[1:] != solid[:-1]) + 1
    if solid[0]:
        flips = np.concatenate([[0], flips])
    starts, ends = flips[0::2], flips[1::2]
    breaks = np.flatnonzero(data == _NEWLINE)
    # First word behind each newline; lines without words share it with the next.
    behind = np.concatenate([[0], np.searchsorted(starts, breaks)])
    counts = np.diff(behind)
    heads, counts = behind[:-1][counts > 0], counts[counts > 0]
    return Tokens(data, starts, ends, heads, counts, breaks)
