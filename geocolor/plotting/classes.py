"""A graph's nodes by class, as its pictures show them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geocolor.errors import InputError
from geocolor.graph import ConflictGraph
from geocolor.plotting.colors import ALONE, class_colors

__all__ = ["Classes"]

_PLAIN = "#4e79a7"
# As many classes of one node have colors of their own.
_LONE = 3


@dataclass(frozen=True, eq=False)
class Classes:
    """Classes of nodes, the largest first.

    Attributes
    ----------
    of : ndarray of int64, shape (nodes,)
        The class of each node, from 0, the largest first.
    sizes : ndarray of int64, shape (classes,)
        Nodes in each.
    order : ndarray of int64, shape (nodes,)
        The nodes, class by class; within a class as they are in the graph.
    colors : list of str
        Of each class.
    """

    of: NDArray[np.int64]
    sizes: NDArray[np.int64]
    order: NDArray[np.int64]
    colors: list[str]

    @classmethod
    def of_coloring(cls, graph: ConflictGraph, coloring: ArrayLike | None) -> Classes:
        """Sort the nodes of a graph by class; without a coloring they are one class.

        Raises
        ------
        InputError
            The coloring is of another number of nodes.
        """
        given = np.zeros(graph.num_nodes, dtype=np.int64) if coloring is None else coloring
        labels = np.asarray(given)
        if labels.shape != (graph.num_nodes,):
            raise InputError(
                f"the coloring is of {labels.size} nodes, the graph has {graph.num_nodes}"
            )
        _, first, found, counts = np.unique(
            labels, return_index=True, return_inverse=True, return_counts=True
        )
        ranking = np.lexsort((first, -counts))
        place = np.empty_like(ranking)
        place[ranking] = np.arange(len(ranking))
        of = place[found]
        colors = [_PLAIN] if coloring is None else class_colors(len(counts))
        lone = int((counts == 1).sum())
        if lone > _LONE:
            # Colors are for those that have company.
            colors[len(colors) - lone :] = [ALONE] * lone
        return cls(of, counts[ranking], np.argsort(of, kind="stable"), colors)

    @property
    def starts(self) -> NDArray[np.int64]:
        """Where each class begins in the order, and where the last one ends."""
        return np.concatenate([[0], np.cumsum(self.sizes)])
