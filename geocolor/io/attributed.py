"""What the formats share whose nodes and edges are objects with named attributes.

GraphML, GEXF, GML and node-link JSON. An edge's ``weight`` is its weight, and one without is a hard
conflict, as is one whose ``conflict`` is true; a node's ``size`` is its size.
"""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from geocolor.errors import FormatError
from geocolor.io.limits import Limits
from geocolor.io.listing import Listing, Note
from geocolor.io.meaning import Meaning, Weights
from geocolor.io.tokens import decimal

__all__ = ["AttributedParts", "finite", "unescaped"]

_CHARACTER = re.compile(r"&#(?:([0-9]{1,7})|[xX]([0-9A-Fa-f]{1,6}));")
_TRUE, _FALSE = ("true", "1", "1.0"), ("false", "0", "0.0", "")


def finite(text: str | float, what: str, name: str, line: int | None = None) -> float:
    """Read a finite number.

    Raises
    ------
    FormatError
        It is none.
    """
    try:
        value = decimal(text) if isinstance(text, str) else float(text)
    except OverflowError:
        value = math.nan
    if not math.isfinite(value):
        raise FormatError(f"{what} is {str(text)[:40]!r}, not a finite number", name, line)
    return value


def unescaped(text: str) -> str:
    """Put characters in the places of their numbers, as in ``&#34;``; exactly, unlike HTML."""
    return _CHARACTER.sub(_character, text) if "&#" in text else text


def _character(found: re.Match[str]) -> str:
    code = int(found[2], 16) if found[1] is None else int(found[1])
    # Of no character are the halves of surrogate pairs, and what is beyond all.
    return chr(code) if code < 0xD800 or 0xDFFF < code <= sys.maxunicode else found[0]


@dataclass
class AttributedParts:
    """Nodes and edges collected one by one, within limits.

    Attributes
    ----------
    name : str
        The file, for messages.
    limits : Limits
        How many there may be.
    meaning : Meaning
        Whether weights are read.
    calls : tuple of str
        The two attributes that nodes may be called by, the first before the second.
    directed : bool
        Whether the file says that edges have directions.
    notes : list of Note
        What the reader noticed.
    """

    name: str
    limits: Limits
    meaning: Meaning
    calls: tuple[str, str] = ("name", "label")
    directed: bool = False
    notes: list[Note] = field(default_factory=list)
    _nodes: dict[str, int] = field(default_factory=dict)
    _called: list[tuple[str | None, str | None]] = field(default_factory=list)
    _sizes: dict[int, float] = field(default_factory=dict)
    _ends: list[tuple[str, str]] = field(default_factory=list)
    _values: list[float] = field(default_factory=list)
    _hard: list[bool] = field(default_factory=list)
    _lines: list[int] = field(default_factory=list)
    _ignored: set[str] = field(default_factory=set)

    def node(
        self,
        key: str,
        called: tuple[str | None, str | None] = (None, None),
        size: str | float | None = None,
        line: int = 0,
    ) -> None:
        """Take a node.

        Parameters
        ----------
        key : str
            What edges call it.
        called : tuple of str or None
            What each of :attr:`calls` says; the key stands in where no names for people are
            distinct and all there.
        size : str or float, optional
            Its size.
        line : int
            Its line; 0 where that is not known.
        """
        if key in self._nodes:
            raise FormatError(f"a second node {key[:40]!r}", self.name, line or None)
        self._nodes[key] = len(self._nodes)
        self._called.append(called)
        self.limits.require_nodes(len(self._nodes), self.name)
        if size is not None:
            what = f"the size of node {key[:40]!r}"
            value = finite(size, what, self.name, line or None)
            if value <= 0:
                raise FormatError(f"{what} is {value:g}, not above 0", self.name, line or None)
            self._sizes[self._nodes[key]] = value

    def edge(
        self,
        ends: tuple[str, str],
        weight: str | float | None = None,
        conflict: str | bool = False,
        line: int = 0,
    ) -> None:
        """Take an edge; its nodes may come later."""
        where = (self.name, line or None)
        self._ends.append(ends)
        self.limits.require_edges((len(self._ends) + 1) // 2, self.name)
        said = str(conflict).strip().lower()
        if said not in _TRUE + _FALSE:
            raise FormatError(f"conflict is {said[:40]!r}, neither true nor false", *where)
        if weight is None or self.meaning.weights is Weights.IGNORE:
            self._values.append(math.nan)
        else:
            what = f"the weight of edge {ends[0][:20]!r}, {ends[1][:20]!r}"
            self._values.append(finite(weight, what, *where))
        self._hard.append(said in _TRUE)
        self._lines.append(line)

    def ignore(self, attribute: str) -> None:
        """Note that an attribute says nothing here."""
        if len(self._ignored) < 100:
            self._ignored.add(attribute)

    def listing(self) -> Listing:
        """Put them together.

        Raises
        ------
        FormatError
            An edge has an end that is no node.
        """
        pairs = np.empty((len(self._ends), 2), dtype=np.int32)
        for at, ends in enumerate(self._ends):
            for side in (0, 1):
                node = self._nodes.get(ends[side])
                if node is None:
                    line = self._lines[at] or None
                    raise FormatError(f"no node {ends[side][:40]!r}", self.name, line)
                pairs[at, side] = node
        count = len(self._nodes)
        labels = self._labels()
        sizes = np.ones(count)
        sizes[list(self._sizes)] = list(self._sizes.values())
        if self._ignored:
            few = ", ".join(name[:40] for name in sorted(self._ignored)[:8])
            self.notes.append(Note("attributes", f"attributes that say nothing here: {few}"))
        return Listing(
            count,
            pairs,
            np.array(self._values, dtype=np.float64),
            np.array(self._hard, dtype=bool),
            lines=np.array(self._lines, dtype=np.int64) if any(self._lines) else None,
            labels=labels,
            sizes=sizes,
            directed=self.directed,
            notes=tuple(self.notes),
        )

    def _labels(self) -> list[str]:
        """Choose what nodes are called by, and note what is in the way of the first choice."""
        ids, faults = list(self._nodes), list[str]()
        first, second = ([name for name in row if name is not None] for row in self._columns())
        choices = [(self.calls[0], first), (self.calls[1], second)]
        if first and second:
            either = [one if other is None else other for other, one in self._called]
            told = [name for name in either if name is not None]
            choices.append((f"{self.calls[0]}, else their {self.calls[1]}", told))
        for what, names in choices:
            if not names:
                continue
            if len(set(names)) == len(ids):
                self._note_names(faults, what)
                return names
            if len(names) == len(ids):
                faults.append(f"{what}s are not distinct")
            else:
                faults.append(f"not every node has a {what}")
        self._note_names(faults[:2], "id")
        return ids

    def _columns(self) -> Sequence[Sequence[str | None]]:
        return list(zip(*self._called, strict=True)) or [(), ()]

    def _note_names(self, faults: list[str], what: str) -> None:
        if faults:
            self.notes.append(Note("names", f"{'; '.join(faults)}; nodes go by their {what}"))
