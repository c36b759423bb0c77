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
    """Predicted loss increase of a group against its parameters.

    Attributes
    ----------
    form : Form
        How the group is stored.
    costs : ndarray of float64, shape (max_rank + 1,)
        Cost in nats per scored output at rank 0, 1, ...; one entry for forms without a rank.
    base_parameters : int
        Parameters at rank 0.
    rank_parameters : int
        Parameters each further rank adds.
    """

    form: Form
    costs: NDArray[np.float64]
    base_parameters: int
    rank_parameters: int

    def parameters(self, rank: int) -> int:
        """Parameters at `rank`."""
        return self.base_parameters + rank * self.rank_parameters

    def best(self, price: float) -> Choice:
        """Choose the rank of least cost plus price times parameters."""
        ranks = np.arange(len(self.costs))
        values = self.costs + price * (self.base_parameters + ranks * self.rank_parameters)
        rank = int(values.argmin())
        return Choice(self, rank, float(values[rank]))


@dataclass(frozen=True, eq=False)
class Choice:
    """A form and rank for a group.

    Attributes
    ----------
    curve : CostCurve
        The form's curve.
    rank : int
        Point on it.
    value : float
        ``cost + price * parameters`` at the price it was chosen for.
    """

    curve: CostCurve
    rank: int
    value: float

    @property
    def cost(self) -> float:
        """Predicted loss increase in nats per scored output."""
        return float(self.curve.costs[self.rank])

    @property
    def parameters(self) -> int:
        """Parameters of the whole group."""
        return self.curve.parameters(self.rank)
