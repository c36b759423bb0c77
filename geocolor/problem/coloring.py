"""A coloring: one color class per node."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geocolor.errors import InputError
from geocolor.graph.adjacency import frozen

__all__ = ["Coloring"]


@dataclass(frozen=True, eq=False)
class Coloring:
    """One color class per node, classes numbered by first appearance.

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
    def from_colors(cls, colors: ArrayLike) -> Coloring:
        """Take any integer class numbers and renumber them by first appearance.

        Raises
        ------
        InputError
            The array is not one-dimensional or not of integers.
        """
        array = np.asarray(colors)
        if array.size == 0:
            array = np.empty(0, dtype=np.int64)
        if array.ndim != 1 or array.dtype.kind not in "iu":
            raise InputError(
                f"colors must be integers of shape (n,), not {array.dtype} of shape {array.shape}"
            )
        _, first, inverse = np.unique(array, return_index=True, return_inverse=True)
        rank = np.empty(len(first), dtype=np.int32)
        rank[np.argsort(first)] = np.arange(len(first), dtype=np.int32)
        return cls(frozen(rank[inverse]))

    @cached_property
    def num_colors(self) -> int:
        """Number of classes in use."""
        return int(self.colors.max(initial=-1)) + 1

    def classes(self) -> list[NDArray[np.int64]]:
        """Nodes of each class, ascending."""
        order = np.argsort(self.colors, kind="stable")
        ends = np.cumsum(np.bincount(self.colors, minlength=self.num_colors))
        return np.split(order, ends[:-1]) if self.num_colors else []

    def __repr__(self) -> str:
        """Show the sizes."""
        return f"Coloring(num_nodes={len(self.colors)}, num_colors={self.num_colors})"
