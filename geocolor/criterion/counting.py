"""What a budget counts of a group: parameters, bytes, or arithmetic.

All three are lines over the rank. Parameters and bytes are counted where they are stored, so that
what a group shares counts once; arithmetic where it is done, so that it counts at each use. Time is
no line, and has a module of its own: :mod:`geocolor.criterion.latency`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from geocolor.criterion.curves import Form
from geocolor.units import Side, Unit, Use

__all__ = ["Budget", "Counting", "Sizes"]


class Budget(StrEnum):
    """What a budget is counted in.

    PARAMS: parameters stored. BYTES: their bytes, by dtype. MACS: multiply-adds of a forward pass,
    at each use of a matrix and each place it is applied at. A tie saves none, a basis only where
    layers beside each other read one tensor, to which it is applied once. LATENCY: nanoseconds on
    one machine at one setting, from times of single layers.
    """

    PARAMS = "params"
    BYTES = "bytes"
    MACS = "macs"
    LATENCY = "latency"


class Sizes(Protocol):
    """Counts groups in each form at any rank."""

    def sizes(
        self, form: Form, units: Sequence[Unit], ranks: NDArray[np.int64], /
    ) -> NDArray[np.int64]:
        """Give what a group counts at each rank."""


@dataclass(frozen=True)
class Counting:
    """Sizes of groups in each form.

    Attributes
    ----------
    budget : Budget
        What is counted; anything but LATENCY.
    bytes : mapping of str to int
        Of a number of each unit's matrix.
    uses : mapping of str to Use
        How the model uses each unit; needed for MACS.
    """

    budget: Budget = Budget.PARAMS
    bytes: Mapping[str, int] = field(default_factory=dict)
    uses: Mapping[str, Use] = field(default_factory=dict)

    def line(self, form: Form, units: Sequence[Unit]) -> tuple[int, int]:
        """Give what a group counts at rank 0, and what each rank adds.

        Parameters
        ----------
        form : Form
            How it is stored.
        units : sequence of Unit
            Its members; of a hidden layer the last one reads the hidden units.
        """
        each = [self._number(unit) for unit in units]
        sizes = [unit.parameters for unit in units]
        if form is Form.DENSE:
            return _weighted(sizes, each), 0
        if form is Form.NARROW:
            *writers, reader = units
            return 0, _weighted([unit.shape[1] for unit in writers] + [reader.shape[0]], each)
        # What is shared is stored once, in the first member's dtype, or applied at every use.
        shared = sum(each) if self.budget is Budget.MACS else each[0]
        if form is Form.TIED:
            return sizes[0] * shared, 0
        if form is Form.RESIDUAL:
            return sizes[0] * shared, _weighted([sum(unit.shape) for unit in units], each)
        read = units[0].side is Side.READ
        outer = [unit.shape[0 if read else 1] for unit in units]
        if self.budget is Budget.MACS and read:
            shared = self._applied(units)
        return 0, units[0].shape[1 if read else 0] * shared + _weighted(outer, each)

    def sizes(
        self, form: Form, units: Sequence[Unit], ranks: NDArray[np.int64]
    ) -> NDArray[np.int64]:
        """Give what a group counts at each rank; the first two arguments are those of `line`."""
        base, step = self.line(form, units)
        return base + step * ranks

    def _number(self, unit: Unit) -> int:
        """Say what one number of a unit's own matrix counts."""
        if self.budget is Budget.BYTES:
            return self.bytes[unit.name]
        return self.uses[unit.name].places if self.budget is Budget.MACS else 1

    def _applied(self, units: Sequence[Unit]) -> int:
        """Count how often a read-side basis is applied: once to each tensor."""
        uses = [self.uses[unit.name] for unit in units]
        return sum({use.reads: use.places for use in uses}.values())


def _weighted(sizes: Sequence[int], weights: Sequence[int]) -> int:
    return sum(size * weight for size, weight in zip(sizes, weights, strict=True))
