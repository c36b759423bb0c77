"""Rows ``NODE NODE [WEIGHT]``, or ``NODE`` alone, on their way to a listing."""

from __future__ import annotations

from itertools import compress

import numpy as np
from numpy.typing import NDArray

from geocolor.errors import FormatError
from geocolor.graph import ConflictGraph
from geocolor.io.listing import Listing, Note
from geocolor.io.names import Names
from geocolor.io.source import Source, shown
from geocolor.io.tokens import Tokens, tokenize
from geocolor.io.writing import edge_rows, names

__all__ = ["EdgeRows", "is_plain_number", "nodes_to_name_first", "require_no_node"]

_ZERO = ord("0")
# What separates nodes in files of some format.
_DELIMITERS = ",;|\t :"


def is_plain_number(word: bytes) -> bool:
    """Whether it is a whole number as one writes it, without sign and leading zeros."""
    return word.isdigit() and len(word) <= 15 and (word[0] != _ZERO or len(word) == 1)


class EdgeRows:
    """Rows collected block by block.

    Parameters
    ----------
    source : Source
        The file.
    """

    def __init__(self, source: Source) -> None:
        self.name, self._limits = source.name, source.limits
        self._names = Names(source.name, source.limits)
        self._seen = 0  # names so far
        self._firsts: list[NDArray[np.int64]] = []  # which names are the first ends of edges
        self._alone: list[NDArray[np.int64]] = []  # and which are alone
        self._values: list[NDArray[np.float64]] = []
        self._lines: list[NDArray[np.int64]] = []
        self._edges = 0
        self.lines_before = 0

    def feed(self, block: bytes, most: int = 3) -> None:
        """Take a block of whole lines of one to three words each.

        Parameters
        ----------
        block : bytes
            Ends in a newline.
        most : int
            How many words a line may have; with 2 there are no weights.

        Raises
        ------
        FormatError
            A line has more words, or its third is no finite number.
        LimitError
            There are too many edges.
        """
        tokens = tokenize(block)
        heads, counts = tokens.heads, tokens.counts
        if len(heads):
            lines = tokens.lines(heads) + self.lines_before
            if counts.max() > most:
                line = int(lines[np.argmax(counts > most)])
                rest = " and perhaps a weight" if most == 3 else " and no more, as in the header"
                raise FormatError(f"expected two nodes{rest}", self.name, line)
            values = np.full(len(heads), np.nan)
            weighted = np.flatnonzero(counts == 3)
            if len(weighted):
                found, fine = tokens.real(heads[weighted] + 2)
                if not fine.all():
                    at = weighted[int(np.argmin(fine))]
                    said = shown(tokens.word(int(heads[at]) + 2))
                    raise FormatError(f"{said} is not a finite number", self.name, int(lines[at]))
                values[weighted] = found
            is_name = np.ones(len(tokens.starts), dtype=bool)
            is_name[heads[weighted] + 2] = False
            ends = np.minimum(counts, 2)
            self._name(tokens, is_name)
            self._take(ends, values, lines)
        self.lines_before += len(tokens.breaks)

    def _name(self, tokens: Tokens, is_name: NDArray[np.bool_]) -> None:
        """Take names, as numbers if these and all before are."""
        at = np.flatnonzero(is_name)
        if self._names.numeric:
            numbers, fine = tokens.whole(at)
            # Numbers with leading zeros are not what they read as.
            starts = tokens.starts[at]
            zeros = (tokens.data[starts] == _ZERO) & (tokens.ends[at] - starts > 1)
            if fine.all() and not zeros.any():
                self._names.add_numbers(numbers)
                return
        short = tokens.short(at)
        if short is not None:
            self._names.add_short(short)
            return
        self._names.add(list(compress(tokens.data.tobytes().split(), is_name.tolist())))

    def add(
        self, words: list[bytes], ends: list[int], values: list[float], lines: list[int]
    ) -> None:
        """Take rows one by one.

        Parameters
        ----------
        words : list of bytes
            The names in all rows.
        ends : list of int
            How many each row has, 1 or 2.
        values : list of float
            Weights of rows; nan where there is none.
        lines : list of int
            Their lines in the file.
        """
        if self._names.numeric and all(map(is_plain_number, words)):
            self._names.add_numbers(np.array(list(map(int, words)), dtype=np.int64))
        else:
            self._names.add(words)
        self._take(np.array(ends, dtype=np.int64), np.array(values), np.array(lines))

    def _take(
        self, ends: NDArray[np.int64], values: NDArray[np.float64], lines: NDArray[np.int64]
    ) -> None:
        firsts = self._seen + np.cumsum(ends) - ends
        self._seen += int(ends.sum())
        edges = ends == 2
        self._alone.append(firsts[~edges])
        self._edges += int(np.count_nonzero(edges))
        self._limits.require_edges((self._edges + 1) // 2, self.name)
        self._firsts.append(firsts[edges])
        self._values.append(values[edges])
        self._lines.append(lines[edges])

    @property
    def numeric(self) -> bool:
        """Whether all nodes so far are numbers, and count as such."""
        return self._names.numeric

    @property
    def num_alone(self) -> int:
        """How many rows have one node only."""
        return sum(map(len, self._alone))

    def listing(
        self, *, directed: bool = False, headed: bool = False, notes: tuple[Note, ...] = ()
    ) -> Listing:
        """Put them together.

        Parameters
        ----------
        directed, notes
            As in :class:`~geocolor.io.listing.Listing`.
        headed : bool
            Whether there was a header; else a first row that reads as one is noted.
        """
        none = np.empty(0, dtype=np.int64)
        labels, nodes = self._names.nodes(np.concatenate([none, *self._alone]))
        numeric = self._names.numeric
        firsts = np.concatenate([np.empty(0, dtype=np.int64), *self._firsts])
        values = np.concatenate([np.empty(0), *self._values])
        pairs = np.stack([nodes[firsts], nodes[firsts + 1]], axis=1).astype(np.int32)
        if numeric and labels:
            low, high = int(labels[0]), int(labels[-1])
            gaps = high - low + 1 - len(labels)
            skipped = f", {gaps} of which are in no line and are no nodes" if gaps else ""
            notes += (Note("numbers", f"nodes are the numbers {low} to {high}{skipped}"),)
        elif labels:
            notes += (Note("names", "nodes are names, in the order in which they first come"),)
            bare = len(firsts) > 1 and firsts[0] == 0 and bool(np.isnan(values[0]))
            if not headed and bare and (np.bincount(nodes)[nodes[:2]] == 1).all():
                words = " and ".join(repr(labels[node][:40]) for node in nodes[:2])
                text = f"the first row has two nodes, {words}, that occur nowhere else; if it is a "
                notes += (Note("header", text + "header, call its columns source and target"),)
        if labels and not len(firsts) and all(set(_DELIMITERS) & set(name) for name in labels):
            text = "no row has two nodes; is what separates them another sign than this format has?"
            notes += (Note("delimiter", text),)
        return Listing(
            len(labels),
            pairs,
            values,
            lines=np.concatenate([np.empty(0, dtype=np.int64), *self._lines]),
            labels=labels,
            directed=directed,
            notes=notes,
        )


def require_no_node(words: list[str], listing: Listing, name: str, line: int) -> None:
    """Refuse a first row that was taken for a header if its words are nodes of later rows.

    Raises
    ------
    FormatError
        They are.
    """
    for word in words:
        if word in (listing.labels or []):
            raise FormatError(
                f"it reads as a header, yet {word[:40]!r} is a node below; write a .csv whose "
                "columns of nodes are headed 'source' and 'target'",
                name,
                line,
            )


def nodes_to_name_first(graph: ConflictGraph) -> list[str]:
    """Names that must stand in rows of their own so that nodes come back in their order.

    All of them or none: none where edges alone name all nodes in the order that a reader takes.
    """
    called = names(graph)
    lone = graph.conflicts.degrees + graph.weights.degrees == 0
    if lone.any():
        return called
    words = [name.encode() for name in called]
    if all(map(is_plain_number, words)):
        numbers = list(map(int, words))
        return [] if numbers == sorted(numbers) else called
    order = dict.fromkeys(
        node for rows in edge_rows(graph) for u, v, _, _ in rows for node in (u, v)
    )
    return [] if list(order) == list(range(graph.num_nodes)) else called
