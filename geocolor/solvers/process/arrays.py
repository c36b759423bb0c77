"""Integer arrays inside JSON lines: base64 of their bytes, a fraction of a list's size and time."""

from __future__ import annotations

import base64

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["packed", "unpacked"]

_WIRE = np.dtype("<i4")


def packed(array: ArrayLike) -> str:
    """Write integers below 2**31 as text; O(size)."""
    return base64.b64encode(np.asarray(array, dtype=_WIRE).tobytes()).decode("ascii")


def unpacked(text: str) -> NDArray[np.int32]:
    """Read what :func:`packed` wrote, flattened."""
    return np.frombuffer(base64.b64decode(text), dtype=_WIRE).astype(np.int32, copy=False)
