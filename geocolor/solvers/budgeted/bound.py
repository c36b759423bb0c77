"""A lower bound on the cost within a budget that anybody can check: prices of units and size."""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geocolor.errors import CheckError
from geocolor.graph import SharingOptions

__all__ = ["PricedBound", "Steps"]

# Bits of the sum of all costs, in steps.
_BITS = 50
# Sums of prices stay below it, and are exact.
_LARGEST = 2.0**62


@dataclass(frozen=True, eq=False)
class Steps:
    """Costs and sizes of options in integers.

    Attributes
    ----------
    costs : ndarray of int64, shape (options,)
        Rounded down.
    sizes : ndarray of int64, shape (options,)
        In multiples of `grain`.
    unit : float
        What a step of cost is worth.
    grain : int
        Parameters in a step of size.
    """

    costs: NDArray[np.int64]
    sizes: NDArray[np.int64]
    unit: float
    grain: int

    @classmethod
    def of(cls, options: SharingOptions) -> Steps:
        """Take steps as fine as sums allow."""
        total = math.fsum(np.abs(options.costs))
        unit = 2.0 ** max(math.frexp(total)[1] - _BITS, sys.float_info.min_exp)
        grain = max(1, int(np.gcd.reduce(options.sizes)) if len(options) else 1)
        costs = np.floor(options.costs / unit).astype(np.int64)
        return cls(costs, options.sizes // grain, unit, grain)

    def room(self, budget: int) -> int:
        """Give the steps of size in a budget, as far as all options together need them."""
        return min(budget // self.grain, int(self.sizes.sum()))


@dataclass(frozen=True, eq=False)
class PricedBound:
    """What each unit and each step of size contribute to the cost of any choice.

    No option costs less than the prices of its units, less the price of its size. So no choice
    within the budget costs less than all units' prices, less that of the whole budget. No
    floating-point number plays a part.

    Attributes
    ----------
    units : ndarray of int64, shape (units,)
        Price of each unit, in steps of cost.
    size : int
        Price of a step of size; not negative.
    """

    units: NDArray[np.int64]
    size: int

    @classmethod
    def lowered(
        cls, units: NDArray[np.float64], size: float, steps: Steps, options: SharingOptions
    ) -> PricedBound:
        """Round prices, and lower those of units until they hold for every option.

        Parameters
        ----------
        units, size : ndarray of float64 and float
            Prices in steps, of a linear program say.
        steps : Steps
            The options in integers.
        options : SharingOptions
            The options.
        """
        # Beside a budget that is hardly enough prices may be larger than whole numbers that can be
        # added up exactly. Lower prices of size are as valid, only worth less.
        most = int(_LARGEST) // 8
        price = min(max(0, math.floor(size)), most // max(1, int(steps.sizes.max(initial=1))))
        each = most / max(1, len(units))
        rounded = np.floor(np.clip(units, -each, each)).astype(np.int64)
        over = -int(cls(rounded, price).reduced(steps, options).min(initial=0))
        bound = cls(rounded - max(over, 0), price)
        return bound if bound._exact(steps) else cls._cheapest(steps, options)

    @classmethod
    def _cheapest(cls, steps: Steps, options: SharingOptions) -> PricedBound:
        """Let each unit pay its part of its cheapest option, and size nothing."""
        members = options.membership.sum(axis=1)
        parts = np.repeat(steps.costs // members, members)
        units = np.full(len(options.units), np.iinfo(np.int64).max)
        np.minimum.at(units, options.membership.indices, parts)
        return cls(units, 0)

    def reduced(self, steps: Steps, options: SharingOptions) -> NDArray[np.int64]:
        """Give what each option costs above its prices, in steps; shape (options,)."""
        above: NDArray[np.int64] = (
            steps.costs - options.membership @ self.units + self.size * steps.sizes
        )
        return above

    def value(self, steps: Steps, budget: int) -> int:
        """Give the bound for a budget of parameters, in steps of cost."""
        return int(self.units.sum()) - self.size * steps.room(budget)

    def _exact(self, steps: Steps) -> bool:
        """Whether all sums are exact; asked in floats, which do not wrap around."""
        sums = float(np.abs(self.units.astype(np.float64)).sum())
        return sums + float(self.size) * float(steps.sizes.max(initial=0)) < _LARGEST

    def verify(self, steps: Steps, options: SharingOptions) -> None:
        """Check that the prices hold for every option.

        Raises
        ------
        CheckError
            They do not, or are of other units or too large to be added up exactly.
        """
        if len(self.units) != len(options.units):
            raise CheckError(f"{len(self.units)} prices for {len(options.units)} units")
        if self.size < 0:
            raise CheckError("the price of a parameter must not be negative")
        if not self._exact(steps):
            raise CheckError("the prices are too large to be added up exactly")
        above = self.reduced(steps, options)
        wrong = np.flatnonzero(above < 0)
        if wrong.size:
            raise CheckError(f"option {wrong[0]} costs less than its units' prices say")
