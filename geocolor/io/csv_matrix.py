"""Matrices as tables: names of nodes in the first row and the first column, weights between."""

from __future__ import annotations

import numpy as np

from geocolor.errors import FormatError
from geocolor.io.attributed import finite
from geocolor.io.listing import EdgeParts, Listing
from geocolor.io.matrix import matrix_listing
from geocolor.io.source import Source
from geocolor.wording import counted

__all__ = ["MatrixRows"]


class MatrixRows:
    """Rows of a matrix, one by one; an empty field or a zero is no pair.

    Parameters
    ----------
    source : Source
        The file.
    names : list of str
        The nodes, as its first row has them.
    """

    def __init__(self, source: Source, names: list[str]) -> None:
        source.limits.require_nodes(len(names), source.name)
        self.name, self.names = source.name, names
        self._parts = EdgeParts(source.name, source.limits)
        self._count = 0

    def add(self, row: list[str], line: int) -> None:
        """Take the next row.

        Raises
        ------
        FormatError
            It is not the row of the next node, or has no numbers.
        LimitError
            There are too many entries.
        """
        at, count = self._count, len(self.names)
        if at == count or row[0] != self.names[at]:
            expected = f"the row of {self.names[at][:40]!r}" if at < count else "no more rows"
            raise FormatError(
                f"a row {row[0][:40]!r} of a matrix, {expected} expected: its rows and columns "
                "must have the same names in the same order",
                self.name,
                line,
            )
        if len(row) > count + 1:
            raise FormatError(
                f"{counted(len(row), 'field')}, {count + 1} expected", self.name, line
            )
        values = [finite(word, "an entry", self.name, line) if word else 0.0 for word in row[1:]]
        entries = np.array(values, dtype=np.float64)
        columns = np.flatnonzero(entries)
        pairs = np.stack([np.full(len(columns), at), columns], axis=1)
        self._parts.add(pairs, np.full(len(columns), line), entries[columns])
        self._count += 1

    def listing(self) -> Listing:
        """Put them together.

        Raises
        ------
        FormatError
            Rows are missing.
        """
        if self._count < len(self.names):
            told = counted(self._count, "row")
            raise FormatError(f"a matrix of {told}, {len(self.names)} expected", self.name)
        parts = self._parts
        return matrix_listing(
            len(self.names), parts.pairs, parts.values, lines=parts.lines, labels=self.names
        )
