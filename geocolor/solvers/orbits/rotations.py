"""Symmetries of a graph that leave no node alone, and turn all nodes in cycles of one length."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geocolor.graph import Adjacency
from geocolor.graph.automorphisms import automorphisms

__all__ = ["Rotation", "rotations"]

# How many symmetries are looked at.
_LOOKS = 500
# Nodes of an orbit at most: the classes come in as many.
_LONGEST = 16


@dataclass(frozen=True, eq=False)
class Rotation:
    """A symmetry whose cycles are all of one length.

    Attributes
    ----------
    nodes : ndarray of int32, shape (orbits, order)
        The cycles: each node goes where the next one is.
    """

    nodes: NDArray[np.int32]

    @property
    def order(self) -> int:
        """Nodes of an orbit."""
        return int(self.nodes.shape[1])


def rotations(adjacency: Adjacency, deadline: float = math.inf) -> list[Rotation]:
    """Find symmetries that leave no node alone, one of each kind, of the lowest order first.

    Two are of a kind if they have the same order, and map as many nodes to neighbors.

    Parameters
    ----------
    adjacency : Adjacency
        The graph.
    deadline : float
        ``time.monotonic()`` at which to look no further.
    """
    count = adjacency.num_nodes
    keys = adjacency.edges() @ [count, 1]
    found: dict[tuple[int, int], Rotation] = {}
    for image in automorphisms(adjacency, most=_LOOKS, deadline=deadline):
        nodes = _cycles(image)
        if nodes is None or nodes.shape[1] > _LONGEST:
            continue
        moves = np.sort(np.stack([np.arange(count), image], axis=1), axis=1) @ [count, 1]
        found.setdefault((nodes.shape[1], int(np.isin(moves, keys).sum())), Rotation(nodes))
    return [found[kind] for kind in sorted(found)]


def _cycles(image: NDArray[np.int64]) -> NDArray[np.int32] | None:
    """Give the cycles as rows; None if they are not of one length."""
    rows = [np.arange(len(image))]
    while not np.array_equal(image[rows[-1]], rows[0]):
        rows.append(image[rows[-1]])
        if len(rows) > _LONGEST or (rows[-1] == rows[0]).any():
            return None
    around = np.stack(rows, axis=1).astype(np.int32)
    once: NDArray[np.int32] = around[around.min(axis=1) == around[:, 0]]
    return once
