"""What the formats share whose nodes and edges are objects with named attributes.

GraphML, GEXF, GML and node-link JSON. An edge's ``weight`` is its weight, and one without is a hard
conflict, as is one whose ``conflict`` is true; a node's ``size`` is its size.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from geocolor.errors import FormatError
from geocolor.io.limits import Limits
from geocolor.io.listing import Listing, Note
from geocolor.io.tokens import decimal

__all__ = ["AttributedParts", "finite"]

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


@dataclass
class AttributedParts:
    """Nodes and edges collected one by one, within limits.

    Attributes
    ----------
    name : str
        The file, for messages.
    limits : Limits
        How many there may be.
    directed : bool
        Whether the file says that edges have directions.
    """

    name: str
    limits: Limits
    directed: bool = False
    _nodes: dict[str, int] = field(default_factory=dict)
    _called: list[str | None] = field(default_factory=list)
    _sizes: dict[int, float] = field(default_factory=dict)
    _ends: list[tuple[str, str]] = field(default_factory=list)
    _values: list[float] = field(default_factory=list)
    _hard: list[bool] = field(default_factory=list)
    _lines: list[int] = field(default_factory=list)
    _ignored: set[str] = field(default_factory=set)

    def node(
        self, key: str, called: str | None = None, size: str | float | None = None, line: int = 0
    ) -> None:
        """Take a node.

        Parameters
        ----------
        key : str
            What edges call it.
        called : str, optional
            Its name for people; the key stands in where these are not distinct or not all there.
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
            value = finite(size, f"the size of node {key[:40]!r}", self.name, line or None)
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
        what = f"the weight of edge {ends[0][:20]!r}, {ends[1][:20]!r}"
        self._values.append(math.nan if weight is None else finite(weight, what, *where))
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
        called = [name for name in self._called if name is not None]
        labels = called if count and len(set(called)) == count else list(self._nodes)
        sizes = np.ones(count)
        sizes[list(self._sizes)] = list(self._sizes.values())
        notes = []
        if self._ignored:
            few = ", ".join(name[:40] for name in sorted(self._ignored)[:8])
            notes.append(Note("attributes", f"attributes that say nothing here: {few}"))
        return Listing(
            count,
            pairs,
            np.array(self._values, dtype=np.float64),
            np.array(self._hard, dtype=bool),
            lines=np.array(self._lines, dtype=np.int64) if any(self._lines) else None,
            labels=labels,
            sizes=sizes,
            directed=self.directed,
            notes=tuple(notes),
        )
