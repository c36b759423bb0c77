"""Subproblems of branch and price: two nodes get one color, or different ones."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from geocolor.graph import Adjacency
from geocolor.solvers.stable_sets.certificate import StableSetBound
from geocolor.solvers.stable_sets.master import Master, Relaxation

__all__ = ["Subproblem", "branching_pair"]


@dataclass(frozen=True, eq=False)
class Subproblem:
    """A graph with some nodes merged and some edges added, and what its parent knew of it.

    Attributes
    ----------
    adjacency : Adjacency
        The conflicts.
    owner : ndarray of int64, shape (nodes of the graph at the root,)
        Node that stands for each node of the first graph.
    sets : ndarray of bool, shape (sets, num_nodes)
        Stable sets; every node is in one.
    bound : StableSetBound
        A bound that holds here.
    """

    adjacency: Adjacency
    owner: NDArray[np.int64]
    sets: NDArray[np.bool_]
    bound: StableSetBound

    def rest(self, colored: NDArray[np.bool_]) -> Subproblem:
        """Leave out nodes that have their color; `owner` of those is -1."""
        left = np.flatnonzero(~colored)
        place = np.full(len(colored), -1, dtype=np.int64)
        place[left] = np.arange(len(left))
        edges = place[self.adjacency.edges()]
        return Subproblem(
            Adjacency.from_edges(len(left), edges[(edges >= 0).all(axis=1)]),
            np.where(self.owner >= 0, place[self.owner], -1),
            self.sets[:, left],
            StableSetBound(self.bound.weights[left], self.bound.heaviest),
        )

    def differ(self, u: int, v: int) -> Subproblem:
        """Add an edge: `u` and `v` get different colors.

        What is stable now was so before, so the bound holds on. Sets with both nodes are split.
        """
        edges = np.vstack([self.adjacency.edges(), [[u, v]]])
        both = self.sets[:, u] & self.sets[:, v]
        without_u, without_v = self.sets[both].copy(), self.sets[both].copy()
        without_u[:, u] = False
        without_v[:, v] = False
        return Subproblem(
            Adjacency.from_edges(self.adjacency.num_nodes, edges),
            self.owner,
            np.concatenate([self.sets[~both], without_u, without_v]),
            self.bound,
        )

    def same(self, u: int, v: int) -> Subproblem:
        """Merge `v` into `u`: they get the same color.

        A stable set with the merged node was one with both, which weighed as much. Sets with one
        of them lose it; the merged node alone is a set too.
        """
        count = self.adjacency.num_nodes
        place = np.arange(count) - (np.arange(count) > v)
        place[v] = place[u]
        kept = np.delete(np.arange(count), v)
        sets = self.sets.copy()
        sets[:, u] &= sets[:, v]
        alone = np.zeros((1, count), dtype=np.bool_)
        alone[0, u] = True
        weights = self.bound.weights.copy()
        weights[u] += weights[v]
        return Subproblem(
            Adjacency.from_edges(count - 1, place[self.adjacency.edges()]),
            place[self.owner],
            np.concatenate([sets, alone])[:, kept],
            StableSetBound(weights[kept], self.bound.heaviest),
        )


def branching_pair(
    adjacency: Adjacency, master: Master, relaxation: Relaxation
) -> tuple[int, int] | None:
    """Two nodes that the linear program has together about half of the time.

    Ryan and Foster, "An integer programming approach to scheduling" (1981). None if no two nodes
    could have the same color. O(n²) memory.
    """
    used = relaxation.shares > 1e-9
    matrix = master.matrix()[:, used]
    together = (matrix @ sp.diags_array(relaxation.shares[used]) @ matrix.T).toarray()
    distance = np.abs(together - 0.5)
    edges = adjacency.edges()
    distance[edges[:, 0], edges[:, 1]] = np.inf
    distance[np.tril_indices(len(distance))] = np.inf
    at = int(np.argmin(distance))
    if np.isinf(distance.flat[at]):
        return None
    return at // len(distance), at % len(distance)
