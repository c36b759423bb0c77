"""Arrays that stay read-only."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["ReadOnlyArrays"]


class ReadOnlyArrays:
    """A frozen dataclass whose arrays are read-only in its copies and out of a pickle too.

    numpy drops the mark in both. Without it, what has been hashed could be written to, and kernels
    would be compiled anew: to numba, an array that can be written is of another type.
    """

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Take the attributes of a copy, whose arrays are its own."""
        for value in state.values():
            if isinstance(value, np.ndarray):
                value.flags.writeable = False
        self.__dict__.update(state)
