"""Randomness that is the same on any machine.

Only the raw 64-bit stream of PCG64 is used: numpy promises never to change it, which it does not
promise of what its generators make of it.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from geocolor.arguments import checked_seed

__all__ = ["below", "permutations", "stream_of", "uniform"]


def stream_of(seed: int) -> np.random.PCG64:
    """Start the stream of a seed.

    Raises
    ------
    InputError
        The seed is negative, or no whole number.
    """
    return np.random.PCG64(checked_seed(seed))


def uniform(stream: np.random.PCG64, *shape: int) -> NDArray[np.float64]:
    """Draw an array of a shape from [0, 1), 53 bits each."""
    raw = stream.random_raw(math.prod(shape)).reshape(shape)
    return (raw >> np.uint64(11)).astype(np.float64) * 2.0**-53


def below(drawn: NDArray[np.float64], limit: int | NDArray[np.int64]) -> NDArray[np.int64]:
    """Stretch draws from [0, 1) to whole numbers from 0 to ``limit - 1``.

    A draw is at most ``1 - 2**-53``, and that times a limit still rounds to less than the limit.
    """
    return (drawn * limit).astype(np.int64)


def permutations(stream: np.random.PCG64, count: int, size: int) -> NDArray[np.int64]:
    """Draw `count` permutations of 0 to ``size - 1``; shape (count, size)."""
    return np.argsort(uniform(stream, count, size), axis=1, kind="stable")
