"""A lower bound on the cost of a partition that anybody can check: a dual for each node."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geocolor.errors import CheckError
from geocolor.solvers.set_partition.costs import IntegerCosts

__all__ = ["GroupBound"]


@dataclass(frozen=True, eq=False)
class GroupBound:
    """What each node, and each of at most k groups, contributes to the cost of any partition.

    No group costs less than the duals of its nodes and the price of a group together, so no
    partition into at most k groups costs less than all duals and k prices. No floating-point number
    plays a part.

    Attributes
    ----------
    duals : ndarray of int64, shape (n,)
        In steps of the costs.
    price : int
        Not positive; in the same steps.
    k : int
        Most groups.
    """

    duals: NDArray[np.int64]
    price: int
    k: int

    @property
    def steps(self) -> int:
        """The bound, in steps of the costs."""
        return int(self.duals.sum()) + self.k * self.price

    def verify(
        self,
        costs: IntegerCosts,
        apart: NDArray[np.bool_],
        stop: Callable[[], bool] = lambda: False,
    ) -> bool:
        """Check the certificate by an exact search of its own.

        Parameters
        ----------
        costs : IntegerCosts
            What groups cost.
        apart : ndarray of bool, shape (n, n)
            Hard conflicts.
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
        if self.price > 0:
            raise CheckError("the price of a group must not be positive: there may be fewer than k")
        if self.duals.shape != (len(apart),):
            raise CheckError(f"{len(self.duals)} duals do not fit {len(apart)} nodes")
        found = costs.search(apart, self.duals, self.price, stop, most=1, every=True)
        if len(found.groups):
            nodes = np.flatnonzero(found.groups[0]).tolist()
            raise CheckError(f"the group {nodes} costs less than the bound says")
        return found.finished
