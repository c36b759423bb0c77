"""A lower bound on the colors that anybody can check: integer weights and the heaviest set."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from geocolor.errors import CheckError
from geocolor.graph import Adjacency
from geocolor.solvers.stable_sets.heavy import HeavySets

__all__ = ["StableSetBound"]


@dataclass(frozen=True, eq=False)
class StableSetBound:
    """Weights on the nodes, and what no stable set weighs more than.

    Every color class weighs at most `heaviest`, so at least ``sum(weights) / heaviest`` classes
    are needed, fractional ones too. No floating-point number plays a part.

    Attributes
    ----------
    weights : ndarray of int64, shape (num_nodes,)
        Not negative.
    heaviest : int
        Positive; at least the weight of each stable set.
    """

    weights: NDArray[np.int64]
    heaviest: int

    @classmethod
    def of_clique(cls, clique: NDArray[np.int64], num_nodes: int) -> StableSetBound:
        """As many colors as the nodes of a clique, of which no stable set holds two."""
        weights = np.zeros(num_nodes, dtype=np.int64)
        weights[clique] = 1
        return cls(weights, 1)

    @property
    def value(self) -> Fraction:
        """The bound on the fractional chromatic number."""
        return Fraction(int(self.weights.sum()), self.heaviest)

    @property
    def colors(self) -> int:
        """The bound on the chromatic number: the value rounded up."""
        return -(-int(self.weights.sum()) // self.heaviest)

    def verify(self, adjacency: Adjacency, stop: Callable[[], bool] = lambda: False) -> bool:
        """Check the certificate against a graph by an exact search of its own.

        Parameters
        ----------
        adjacency : Adjacency
            The conflicts.
        stop : callable, optional
            Asked every few milliseconds whether to give up.

        Returns
        -------
        bool
            True if it holds; False if `stop` came first. Exponential time in the worst case.

        Raises
        ------
        CheckError
            It does not hold.
        """
        if self.weights.shape != (adjacency.num_nodes,):
            raise CheckError(
                f"{len(self.weights)} weights do not fit a graph of {adjacency.num_nodes} nodes"
            )
        if self.heaviest < 1 or self.weights.min(initial=0) < 0:
            raise CheckError("the weights of a bound must not be negative, nor its divisor below 1")
        search = HeavySets(adjacency, self.weights, self.heaviest, rising=True, most=1)
        heavier = search.run(stop)
        if len(heavier):
            weight = int(self.weights[heavier[0]].sum())
            raise CheckError(
                f"a stable set weighs {weight}, more than the {self.heaviest} of the bound"
            )
        return search.finished
