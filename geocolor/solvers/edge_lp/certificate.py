"""A lower bound on the cost of a clustering that anybody can check: a multiplier for each cut."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geocolor.errors import CheckError
from geocolor.solvers.edge_lp.cuts import Cuts, pair_indices

__all__ = ["FINE", "EdgeBound"]

# Steps of a multiplier in a step of the integer costs.
FINE = 1 << 10


@dataclass(frozen=True, eq=False)
class EdgeBound:
    """Multipliers of inequalities that every partition satisfies.

    With them no partition costs less than all pairs do, each where its cost, as the multipliers
    change it, is least. No floating-point number plays a part.

    Attributes
    ----------
    cuts : Cuts
        Which inequalities.
    multipliers : ndarray of int64, shape (cuts,)
        Not negative; in steps of ``1 / FINE``.
    """

    cuts: Cuts
    multipliers: NDArray[np.int64]

    def reduced(self, costs: NDArray[np.int64]) -> NDArray[np.int64]:
        """Give the costs as the multipliers change them, in steps.

        Parameters
        ----------
        costs : ndarray of int64, shape (pairs,)
            What each pair costs together, pairs in the order of :func:`pair_indices`.
        """
        count = (1 + int(np.sqrt(1 + 8 * len(costs)))) // 2
        changed: NDArray[np.int64] = costs * FINE + (
            self.cuts.rows(pair_indices(count)).T @ self.multipliers
        )
        return changed

    def value(
        self,
        costs: NDArray[np.int64],
        together: NDArray[np.bool_],
        apart: NDArray[np.bool_],
    ) -> int:
        """Compute the bound, in steps.

        Parameters
        ----------
        costs : ndarray of int64, shape (pairs,)
            What each pair costs together.
        together, apart : ndarray of bool, shape (pairs,)
            Pairs of which the answer is given.

        Raises
        ------
        CheckError
            A multiplier is negative.
        """
        if (self.multipliers < 0).any():
            raise CheckError("the multiplier of an inequality must not be negative")
        reduced = self.reduced(costs)
        least = np.where(together, reduced, np.minimum(reduced, 0))
        return int(least[~apart].sum()) - int(self.multipliers.sum())
