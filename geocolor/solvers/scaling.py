"""Float weights as integers, with the error this makes."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geocolor.errors import InputError

__all__ = ["Scaled", "scale_to", "scale_weights"]

# The sum of all integer weights stays below 2^_BITS. Larger ones are exact too, but CP-SAT's
# linear relaxation gets weak.
_BITS = 40
# Integer weights are never rounded; beyond this their sum is not exact in float64 either.
_EXACT_BITS = 53
# Smallest and largest weight may differ by this factor.
_WIDEST_RANGE = 1e30
_SMALLEST, _LARGEST = 1e-200, 1e200
# Weights written with up to this many decimals keep them.
_DECIMALS = 6


@dataclass(frozen=True, eq=False)
class Scaled:
    """Integer weights ``w`` with ``weight = w * unit + rest``.

    Attributes
    ----------
    integers : ndarray of int64
        The rounded weights.
    unit : float
        What one integer step weighs.
    below, above : float
        Any sum of weights lies between ``sum(w) * unit - below`` and ``sum(w) * unit + above``.
    """

    integers: NDArray[np.int64]
    unit: float
    below: float
    above: float

    @property
    def error(self) -> float:
        """Most by which an integer optimum can miss the float optimum."""
        return self.below + self.above

    def lower_bound(self, integer_bound: float) -> float:
        """Turn a bound on the integer objective into one on the float objective."""
        return integer_bound * self.unit - self.below


def scale_weights(weights: NDArray[np.float64]) -> Scaled:
    """Scale weights to integers: exactly if they are integers, else as finely as is useful.

    Raises
    ------
    InputError
        The weights spread too far, or are integers too large to add up exactly.
    """
    sizes = np.abs(weights[weights != 0])
    if not len(sizes):
        return Scaled(np.zeros(len(weights), dtype=np.int64), 1.0, 0.0, 0.0)
    _require_range(sizes)
    total = math.fsum(sizes)
    if (weights == np.rint(weights)).all():
        return _integers(weights, total)
    for decimals in range(1, _DECIMALS + 1):
        scale = 10.0**decimals
        scaled = weights * scale
        if total * scale < 2.0**_BITS and _written_so(scaled):
            # Two roundings: the decimal number to float64, its product with the scale.
            rest = np.abs(scaled - np.rint(scaled)) + np.spacing(np.abs(scaled))
            error = math.fsum(rest[weights != 0]) / scale
            return _reduced(np.rint(scaled), scale, error, error)
    scaled, scale, below, above = _rounded(weights, _BITS)
    return _reduced(scaled, scale, below, above)


def scale_to(weights: NDArray[np.float64], bits: int, *, down: bool = False) -> Scaled:
    """Scale weights to integers whose sizes add up to about ``2**bits``.

    They are rounded to the nearest, or all `down`: then no sum is below that of its integers.

    Raises
    ------
    InputError
        The weights spread too far.
    """
    sizes = np.abs(weights[weights != 0])
    if not len(sizes):
        return Scaled(np.zeros(len(weights), dtype=np.int64), 1.0, 0.0, 0.0)
    _require_range(sizes)
    scaled, scale, below, above = _rounded(weights, bits, down=down)
    return Scaled(scaled.astype(np.int64), 1.0 / scale, below, above)


def _scale(sizes: NDArray[np.float64], bits: int) -> float:
    """Give a power of two: products with it are exact, and so are their rests."""
    return 2.0 ** (bits - math.frexp(math.fsum(sizes))[1])


def _rounded(
    weights: NDArray[np.float64], bits: int, *, down: bool = False
) -> tuple[NDArray[np.float64], float, float, float]:
    """Give whole numbers, their scale, and what rounding took away and added."""
    scale = _scale(np.abs(weights), bits)
    scaled = weights * scale
    rounded = np.floor(scaled) if down else np.rint(scaled)
    rest = scaled - rounded
    below = math.fsum(-rest[rest < 0]) / scale
    above = math.fsum(rest[rest > 0]) / scale
    return rounded, scale, below, above


def _require_range(sizes: NDArray[np.float64]) -> None:
    low, high = float(sizes.min()), float(sizes.max())
    held = f"weights from {low:g} to {high:g} in size are"
    if high / low > _WIDEST_RANGE:
        raise InputError(
            f"{held} too far apart for an integer model; set the smallest to zero to have a proof"
        )
    if low < _SMALLEST or high > _LARGEST:
        todo = "multiply" if low < _SMALLEST else "divide"
        raise InputError(f"{held} out of an integer model's range; {todo} them to have a proof")


def _written_so(scaled: NDArray[np.float64]) -> bool:
    return bool((np.abs(scaled - np.rint(scaled)) <= 4 * np.spacing(np.abs(scaled))).all())


def _integers(weights: NDArray[np.float64], total: float) -> Scaled:
    if total > 2.0**62:
        raise InputError(
            f"integer weights of {total:g} in total are too large to add up exactly; divide them"
        )
    reduced = _reduced(weights, 1.0, 0.0, 0.0)
    if int(np.abs(reduced.integers).sum()) > 1 << _EXACT_BITS:
        raise InputError(
            f"integer weights of {total:g} in total are too large to add up exactly; divide them"
        )
    return reduced


def _reduced(values: NDArray[np.float64], scale: float, below: float, above: float) -> Scaled:
    integers = values.astype(np.int64)
    divisor = max(1, int(np.gcd.reduce(integers)))
    return Scaled(integers // divisor, divisor / scale, below, above)
