"""Cost of a group in one form, as a curve over rank."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

__all__ = ["Choice", "CostCurve", "Form"]


class Form(StrEnum):
    """How the matrices of a group are stored.

    DENSE: each as it is. BASIS: factors with one basis for the whole group; a group of one is
    plain low rank. TIED: one matrix for the whole group. RESIDUAL: one matrix for the whole group
    and for each member a low-rank difference from it; at rank 0 it is a tie. NARROW: the matrices
    around a hidden layer, with fewer hidden units; its rank is the number of those that stay.
    """

    DENSE = "dense"
    BASIS = "basis"
    TIED = "tied"
    RESIDUAL = "residual"
    NARROW = "narrow"


@dataclass(frozen=True, eq=False)
class CostCurve:
    """Predicted loss increase of a group against its size.

    Attributes
    ----------
    form : Form
        How the group is stored.
    costs : ndarray of float64, shape (points,)
        Cost in nats per scored output; one entry for forms without a rank.
    sizes : ndarray of int64, shape (points,)
        What the budget counts: parameters, or as :class:`Counting` says.
    ranks : ndarray of int64, shape (points,)
        Ascending.
    """

    form: Form
    costs: NDArray[np.float64]
    sizes: NDArray[np.int64]
    ranks: NDArray[np.int64]

    @classmethod
    def straight(cls, form: Form, costs: NDArray[np.float64], base: int, step: int) -> CostCurve:
        """Make a curve over rank 0, 1, ... whose size grows by as much with each."""
        ranks = np.arange(len(costs))
        return cls(form, costs, base + step * ranks, ranks)

    def best(self, price: float) -> Choice:
        """Choose the point of least cost plus price times size."""
        values = self.costs + price * self.sizes
        at = int(values.argmin())
        return Choice(self, at, float(values[at]))


@dataclass(frozen=True, eq=False)
class Choice:
    """A form and rank for a group.

    Attributes
    ----------
    curve : CostCurve
        The form's curve.
    at : int
        Point on it.
    value : float
        ``cost + price * size`` at the price it was chosen for.
    """

    curve: CostCurve
    at: int
    value: float

    @property
    def rank(self) -> int:
        """Rank of the form."""
        return int(self.curve.ranks[self.at])

    @property
    def cost(self) -> float:
        """Predicted loss increase in nats per scored output."""
        return float(self.curve.costs[self.at])

    @property
    def size(self) -> int:
        """What the budget counts of the whole group."""
        return int(self.curve.sizes[self.at])
