"""What a graph file lists, line by line, before anything is made of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from geocolor.io.limits import Limits

__all__ = ["EdgeParts", "Listing", "Note", "Symmetry"]


@dataclass(frozen=True)
class Note:
    """Something about a file that its reader may want to know.

    Attributes
    ----------
    kind : str
        One word for programs.
    text : str
        A sentence for people.
    """

    kind: str
    text: str


class Symmetry(StrEnum):
    """How a format lists a pair: once, as a matrix may, or in both directions as it must."""

    ONCE = "once"
    MATRIX = "matrix"
    REQUIRED = "required"


@dataclass(frozen=True, eq=False)
class Listing:
    """The nodes and edges that a file lists.

    Attributes
    ----------
    num_nodes : int
        Number of nodes.
    pairs : ndarray of int32, shape (m, 2)
        Ends of edges as listed, from 0; an edge may be there twice, or join a node to itself.
    values : ndarray of float64, shape (m,), or None
        Their weights, finite; nan where an edge has none, None where none has any.
    hard : ndarray of bool, shape (m,), or None
        Which edges are hard conflicts, whatever their weights; None for none.
    lines : ndarray of int64, shape (m,), or None
        Lines they are in, from 1; None where the format has no lines.
    labels : list of str, or None
        Names of nodes.
    sizes : ndarray of float64, shape (num_nodes,), or None
        Sizes of nodes.
    directed : bool
        Whether the file says that its edges have directions.
    symmetry : Symmetry
        How the format lists a pair.
    similarities : bool
        Whether weights are similarities in this format.
    notes : tuple of Note
        What its reader noticed.
    """

    num_nodes: int
    pairs: NDArray[np.int32]
    values: NDArray[np.float64] | None = None
    hard: NDArray[np.bool_] | None = None
    lines: NDArray[np.int64] | None = None
    labels: list[str] | None = None
    sizes: NDArray[np.float64] | None = None
    directed: bool = False
    symmetry: Symmetry = Symmetry.ONCE
    similarities: bool = False
    notes: tuple[Note, ...] = ()


@dataclass
class EdgeParts:
    """Edges collected block by block, within a limit.

    Attributes
    ----------
    name : str
        The file, for messages.
    limits : Limits
        How many edges there may be; each may be listed in both directions.
    """

    name: str
    limits: Limits
    count: int = 0
    _pairs: list[NDArray[np.int32]] = field(default_factory=list)
    _values: list[NDArray[np.float64]] = field(default_factory=list)
    _lines: list[NDArray[np.int64]] = field(default_factory=list)

    def add(
        self,
        pairs: NDArray[np.int64] | NDArray[np.int32],
        lines: NDArray[np.int64],
        values: NDArray[np.float64] | None = None,
    ) -> None:
        """Take edges, with nan for the weight of one that has none.

        Raises
        ------
        LimitError
            They are too many.
        """
        self.count += len(pairs)
        self.limits.require_edges((self.count + 1) // 2, self.name)
        self._pairs.append(pairs.astype(np.int32))
        self._lines.append(lines)
        self._values.append(np.full(len(pairs), np.nan) if values is None else values)

    @property
    def pairs(self) -> NDArray[np.int32]:
        """Their ends, shape (count, 2)."""
        return np.concatenate([np.empty((0, 2), dtype=np.int32), *self._pairs])

    @property
    def lines(self) -> NDArray[np.int64]:
        """The lines they are in."""
        return np.concatenate([np.empty(0, dtype=np.int64), *self._lines])

    @property
    def values(self) -> NDArray[np.float64]:
        """Their weights."""
        return np.concatenate([np.empty(0), *self._values])
