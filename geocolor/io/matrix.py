"""What matrix files share: entries of a symmetric matrix, or of one that is not."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from geocolor.io.listing import Listing, Note, Symmetry
from geocolor.wording import counted

__all__ = ["matrix_listing"]


def matrix_listing(
    count: int,
    pairs: NDArray[np.int32],
    values: NDArray[np.float64] | None,
    *,
    lines: NDArray[np.int64] | None = None,
    hard: NDArray[np.bool_] | None = None,
    half: bool = False,
    labels: list[str] | None = None,
    sizes: NDArray[np.float64] | None = None,
) -> Listing:
    """List the entries of a matrix off its diagonal, which says nothing.

    Parameters
    ----------
    count : int
        Number of rows.
    pairs, values, lines, hard, labels, sizes
        As in :class:`~geocolor.io.listing.Listing`.
    half : bool
        Whether only one half of a symmetric matrix is there.
    """
    off = pairs[:, 0] != pairs[:, 1]
    dropped = len(off) - int(np.count_nonzero(off))
    told = counted(
        dropped, "entry on the diagonal is left out", "entries on the diagonal are left out"
    )
    notes = [Note("diagonal", told)] if dropped else []
    return Listing(
        count,
        pairs[off],
        None if values is None else values[off],
        None if hard is None else hard[off],
        None if lines is None else lines[off],
        labels=labels,
        sizes=sizes,
        symmetry=Symmetry.ONCE if half else Symmetry.MATRIX,
        notes=tuple(notes),
    )
