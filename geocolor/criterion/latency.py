"""What a budget of time counts: nanoseconds, from times of single products on one machine.

A layer in two factors takes what its products take: one from its inputs to `rank` numbers, one from
these to its outputs. A narrowed hidden layer is made of the same two kinds, called as its layers
were. So a table has the time of each matrix as it is, and of both products at some widths. Time is
no line over the width: kernels change at some, and some cost more to call than to do. In between it
is interpolated.

No saving is counted where nothing is taken out: a hidden layer of its own width takes what it took,
and factors of as many numbers as the matrices had take longer than these, whatever was timed.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geocolor.criterion.counting import Counting
from geocolor.criterion.curves import Form
from geocolor.errors import InputError
from geocolor.units import Side, Unit, Use

__all__ = ["LatencyTable", "LayerLatency", "ProductTimes", "TimesCounting"]


@dataclass(frozen=True)
class ProductTimes:
    """What a product takes by its width.

    Attributes
    ----------
    widths : tuple of int
        Ascending.
    nanoseconds : tuple of float
        At each width.
    """

    widths: tuple[int, ...]
    nanoseconds: tuple[float, ...]

    def __post_init__(self) -> None:
        ascending = (
            list(self.widths) == sorted(set(self.widths)) and min(self.widths, default=0) > 0
        )
        if not ascending or len(self.nanoseconds) != len(self.widths):
            raise InputError("times are of ascending positive widths, one of each")
        if not all(0 < time < math.inf for time in self.nanoseconds):
            raise InputError("times must be positive and finite")

    def at(self, widths: NDArray[np.int64]) -> NDArray[np.float64]:
        """Interpolate; what is wider takes no less, and width 0 as much as the least.

        Raises
        ------
        InputError
            A width is above all that were measured.
        """
        if widths.max(initial=0) > self.widths[-1]:
            raise InputError(
                f"the latencies have no product of width {widths.max()}: measure this model's"
            )
        rising = np.maximum.accumulate(self.nanoseconds)
        return np.interp(widths, self.widths, rising)


@dataclass(frozen=True)
class LayerLatency:
    """ProductTimes of some layers that do the same.

    Attributes
    ----------
    units : tuple of str
        Their names.
    shape : tuple of int
        Of their matrices: ``(out_features, in_features)``.
    dense : float
        Nanoseconds of one as it is.
    inward : ProductTimes
        Of the product from its inputs to fewer numbers, by their number.
    outward : ProductTimes
        Of the product from fewer numbers to its outputs.
    """

    units: tuple[str, ...]
    shape: tuple[int, int]
    dense: float
    inward: ProductTimes
    outward: ProductTimes

    def __post_init__(self) -> None:
        if not 0 < self.dense < math.inf:
            raise InputError("times must be positive and finite")

    def with_outputs(self, widths: NDArray[np.int64]) -> NDArray[np.float64]:
        """Give nanoseconds of the layer with so many of its outputs: all take what it takes."""
        return self._narrowed(self.inward, self.shape[0], widths)

    def with_inputs(self, widths: NDArray[np.int64]) -> NDArray[np.float64]:
        """Give nanoseconds of the layer with so many of its inputs."""
        return self._narrowed(self.outward, self.shape[1], widths)

    def _narrowed(
        self, product: ProductTimes, full: int, widths: NDArray[np.int64]
    ) -> NDArray[np.float64]:
        # A product may be timed as a plain function, or as a layer of another kind.
        call = max(0.0, self.dense - float(product.at(np.array([full]))[0]))
        times = np.minimum(product.at(widths) + call, self.dense)
        return np.where(widths < full, times, self.dense)


@dataclass(frozen=True)
class LatencyTable:
    """How long a model's layers take on one machine, at one setting.

    Attributes
    ----------
    machine : str
        Processor or accelerator.
    device, dtype : str
        As torch calls them.
    threads : int
        Of torch on the CPU.
    tokens : int
        That go through a matrix at once; 0 where each was timed on what it reads of a sample.
    torch : str
        Version.
    layers : tuple of LayerLatency
        All of the model.
    once : float
        Nanoseconds that it takes to apply a common basis once: keeping what comes of it, and
        finding it again.
    """

    machine: str
    device: str
    dtype: str
    threads: int
    tokens: int
    torch: str
    layers: tuple[LayerLatency, ...]
    once: float = 0.0

    def __post_init__(self) -> None:
        if not 0 <= self.once < math.inf:
            raise InputError("times must be positive and finite")

    @cached_property
    def _by_unit(self) -> Mapping[str, LayerLatency]:
        return {name: layer for layer in self.layers for name in layer.units}

    def of(self, unit: Unit) -> LayerLatency:
        """Look a unit's times up.

        Raises
        ------
        InputError
            It has none, or they are of a matrix of another shape.
        """
        found = self._by_unit.get(unit.name)
        if found is None or found.shape != unit.shape:
            rows, columns = unit.shape
            raise InputError(
                f"the latencies have no times of {unit.name}, {rows} x {columns}: measure this "
                "model's"
            )
        return found

    @property
    def setting(self) -> str:
        """Say what was timed, and on what."""
        what = f"{self.tokens} token{'s' * (self.tokens > 1)}" if self.tokens else "one sample"
        threads = f", {self.threads} thread{'s' * (self.threads > 1)}" * (self.device == "cpu")
        return f"{what}, {self.dtype}, {self.device}{threads} of {self.machine}"


@dataclass(frozen=True)
class TimesCounting:
    """Sizes of groups in each form, as nanoseconds.

    Attributes
    ----------
    table : LatencyTable
        Of the units.
    uses : mapping of str to Use
        Which units read one tensor: to it a basis is applied once.
    """

    table: LatencyTable
    uses: Mapping[str, Use]

    def sizes(
        self, form: Form, units: Sequence[Unit], ranks: NDArray[np.int64]
    ) -> NDArray[np.int64]:
        """Give what a group takes at each rank; the arguments are those of :class:`Counting`."""
        layers = [self.table.of(unit) for unit in units]
        # Each to whole nanoseconds, so that together they are what units count on their own.
        dense = sum(round(layer.dense) for layer in layers)
        if form is Form.NARROW:
            *writers, reader = layers
            each = [*(writer.with_outputs(ranks) for writer in writers), reader.with_inputs(ranks)]
            return _whole(np.rint(each).sum(0))
        if form in (Form.DENSE, Form.TIED):
            return np.full(len(ranks), dense)
        factors: Any = sum(layer.outward.at(ranks) for layer in layers)
        readers: dict[str, list[LayerLatency]] = {}
        for unit, layer in zip(units, layers, strict=True):
            once = form is Form.BASIS and unit.side is Side.READ
            tensor = self.uses[unit.name].reads if once else unit.name
            readers.setdefault(tensor, []).append(layer)
        for some in readers.values():
            factors += some[0].inward.at(ranks) + self.table.once * (len(some) > 1)
        if form is Form.RESIDUAL:
            return _whole(dense + factors)
        stored = Counting().sizes(form, units, ranks)
        smaller = stored < sum(unit.parameters for unit in units)
        return _whole(np.where(smaller, factors, np.maximum(factors, dense + 1)))


def _whole(nanoseconds: NDArray[np.float64]) -> NDArray[np.int64]:
    return np.rint(nanoseconds).astype(np.int64)
