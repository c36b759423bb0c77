"""A coloring: one color class per node."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geocolor.errors import InputError
from geocolor.graph.adjacency import frozen
from geocolor.graph.arrays import as_array
from geocolor.graph.read_only import ReadOnlyArrays
from geocolor.wording import counted

__all__ = ["Coloring"]

Node = TypeVar("Node", bound=Hashable)


@dataclass(frozen=True, eq=False)
class Coloring(ReadOnlyArrays):
    """One color class per node, numbered by first appearance unless the numbers mean something.

    Attributes
    ----------
    colors : ndarray of int32, shape (num_nodes,)
        Class of each node, in node order; read-only.

    Examples
    --------
    >>> Coloring.from_colors([7, 2, 7]).colors.tolist()
    [0, 1, 0]
    """

    colors: NDArray[np.int32]

    @classmethod
    def from_colors(cls, colors: ArrayLike, *, keep_numbers: bool = False) -> Coloring:
        """Take any integer class numbers and renumber them by first appearance.

        Parameters
        ----------
        colors : array_like of int, shape (num_nodes,)
            Class numbers.
        keep_numbers : bool
            Keep them as they are: for questions that name colors.

        Raises
        ------
        InputError
            The array is not one-dimensional or not of integers, or a number to keep is not one
            from 0 that fits 32 bits.
        """
        array = as_array(colors, "colors")
        if array.size == 0:
            array = np.empty(0, dtype=np.int64)
        if array.ndim != 1 or array.dtype.kind not in "iu":
            raise InputError(
                f"colors must be integers of shape (n,), not {array.dtype} of shape {array.shape}"
            )
        if keep_numbers:
            if array.min(initial=0) < 0 or array.max(initial=0) > np.iinfo(np.int32).max:
                raise InputError("colors to keep must be numbers from 0 that fit 32 bits")
            return cls(frozen(array.astype(np.int32)))
        _, first, inverse = np.unique(array, return_index=True, return_inverse=True)
        rank = np.empty(len(first), dtype=np.int32)
        rank[np.argsort(first)] = np.arange(len(first), dtype=np.int32)
        return cls(frozen(rank[inverse]))

    @cached_property
    def num_colors(self) -> int:
        """Number of classes in use."""
        return len(np.unique(self.colors))

    def classes(self) -> list[NDArray[np.int64]]:
        """Nodes of each class in use, ascending; classes in the order of their numbers."""
        order = np.argsort(self.colors, kind="stable")
        starts = np.flatnonzero(np.diff(self.colors[order], prepend=-1))
        return np.split(order, starts[1:]) if len(order) else []

    def by_node(self, nodes: Iterable[Node]) -> dict[Node, int]:
        """Colors by node, as networkx's own coloring functions return them.

        Parameters
        ----------
        nodes : iterable
            The nodes in their order: the networkx graph that was solved, or a list of names.

        Raises
        ------
        InputError
            There are more or fewer than were colored.

        Examples
        --------
        >>> Coloring.from_colors([0, 1, 0]).by_node("abc")
        {'a': 0, 'b': 1, 'c': 0}
        """
        names = list(nodes)
        if len(names) != len(self.colors):
            raise InputError(
                f"{counted(len(self.colors), 'node was', 'nodes were')} colored, but "
                f"{len(names)} are given"
            )
        return dict(zip(names, self.colors.tolist(), strict=True))

    def __repr__(self) -> str:
        """Show the sizes."""
        return f"Coloring(num_nodes={len(self.colors)}, num_colors={self.num_colors})"
