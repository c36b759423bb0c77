"""Exact search for heavy stable sets, a few milliseconds at a time."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from geocolor.graph import Adjacency
from geocolor.graph.bits import unpack_rows
from geocolor.solvers.kernels.stable_set import apart_rows, branch_chunk, cover_order

__all__ = ["HeavySets"]

# Words of bitset work in one kernel call: some 20 ms.
_CHUNK = 10_000_000


class HeavySets:
    """Branch and bound over the stable sets that weigh more than a limit.

    The bound is a weighted clique cover: Held, Cook and Sewell, "Maximum-weight stable sets and
    safe lower bounds for graph coloring", Math. Program. Comput. 4 (2012), with the cover of
    Tavares, "Algoritmos para o problema da clique máxima e ponderada" (2016). All arithmetic is in
    integers.

    Parameters
    ----------
    adjacency : Adjacency
        The conflicts.
    weights : ndarray of int64, shape (num_nodes,)
        Weights, not negative; nodes of weight 0 are left out. Their sum must fit into 62 bits.
    beaten : int
        Sets must weigh more.
    rising : bool
        Whether a set found must be beaten by the next. If not, the search lists every set heavier
        than `beaten` that no further node of positive weight fits.
    most : int
        Sets after which to pause.

    Attributes
    ----------
    beaten : int
        No stable set weighs more, once the search has finished with `rising`.
    """

    def __init__(
        self,
        adjacency: Adjacency,
        weights: NDArray[np.int64],
        beaten: int,
        *,
        rising: bool,
        most: int,
    ) -> None:
        self.beaten = beaten
        self._rising = rising
        self._count = adjacency.num_nodes
        heavy = np.flatnonzero(weights > 0)
        # Nodes that fit into most sets come first into the cover, and last into a branch.
        heavy = heavy[np.lexsort((-weights[heavy], adjacency.degrees[heavy]))]
        self._nodes = heavy
        self._weights = weights[heavy].astype(np.int64)
        self._rows = apart_rows(adjacency.indptr, adjacency.indices, heavy)
        size, words = self._rows.shape
        everything = np.zeros(words, dtype=np.uint64)
        for start in range(0, size, 64):
            everything[start // 64] = (1 << min(64, size - start)) - 1
        branch = np.zeros(size, dtype=np.int32)
        bound = np.zeros(size, dtype=np.int64)
        ones = np.ones(size, dtype=np.int64)
        cliques, _ = cover_order(self._rows, ones, everything, branch, bound, -1)
        # No stable set has more nodes than a cover has cliques.
        depths = 1 + (int(bound[cliques - 1]) if cliques else 0)
        self._sets = np.zeros((depths + 1, words), dtype=np.uint64)
        self._sets[0] = everything
        self._branch = np.zeros((depths, size), dtype=np.int32)
        self._bound = np.zeros((depths, size), dtype=np.int64)
        self._left = np.full(depths, -1, dtype=np.int64)
        self._chosen = np.zeros(depths, dtype=np.int32)
        self._found = np.zeros((most, words), dtype=np.uint64)
        listed, _ = cover_order(
            self._rows, self._weights, everything, self._branch[0], self._bound[0], beaten
        )
        self._left[0] = listed - 1
        self._depth = 0

    @property
    def finished(self) -> bool:
        """Whether nothing is left to search."""
        return self._depth < 0

    def run(self, stop: Callable[[], bool]) -> NDArray[np.bool_]:
        """Search until it has finished, found as many sets as it may, or `stop` says so.

        Parameters
        ----------
        stop : callable
            Asked every few milliseconds.

        Returns
        -------
        ndarray of bool, shape (sets, num_nodes)
            Stable sets found in this call, in the order they were found.
        """
        count = 0
        while self._depth >= 0 and count < len(self._found) and not stop():
            self._depth, self.beaten, count, _ = branch_chunk(
                self._rows,
                self._weights,
                self._sets,
                self._branch,
                self._bound,
                self._left,
                self._chosen,
                self._depth,
                self.beaten,
                self._rising,
                self._found,
                count,
                _CHUNK,
            )
        sets = np.zeros((count, self._count), dtype=np.bool_)
        sets[:, self._nodes] = unpack_rows(self._found[:count], len(self._nodes))
        return sets
