"""Budgeted sharing as a binary program: an x for each option, every unit in one of those chosen."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from geocolor.solvers.external.binary_program import BinaryProgram

__all__ = ["build_options"]


def build_options(request: dict[str, Any]) -> BinaryProgram:
    """Build the program of a request.

    Parameters
    ----------
    request : dict
        ``num_units``, ``groups`` (a list of units for each option), ``costs``, ``sizes`` and
        ``budget``, all whole numbers.
    """
    groups = request["groups"]
    costs, sizes = (np.array(request[name], dtype=np.int64) for name in ("costs", "sizes"))
    lengths = np.array([len(group) for group in groups], dtype=np.int64)
    units = np.array([unit for group in groups for unit in group], dtype=np.int64)
    options = np.repeat(np.arange(len(groups)), lengths)
    count = request["num_units"]
    cover = sp.csr_array(
        (np.ones(len(units), dtype=np.int64), (units, options)), shape=(count, len(groups))
    )
    matrix = sp.vstack([cover, sp.csr_array(sizes[None])], format="csr")
    once = np.ones(count)
    return BinaryProgram(
        costs,
        np.ones(len(groups), dtype=np.bool_),
        matrix,
        np.append(once, -math.inf),
        np.append(once, request["budget"]),
        _chosen,
    )


def _chosen(x: NDArray[np.bool_]) -> NDArray[np.int64]:
    return np.flatnonzero(x)
