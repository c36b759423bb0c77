"""What the parts of a conflict graph must be."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geocolor.errors import InputError
from geocolor.graph.adjacency import frozen
from geocolor.graph.arrays import as_array, as_floats
from geocolor.wording import counted

__all__ = ["as_labels", "as_nodes", "as_pairs", "as_sizes", "require_total"]

# So far below the largest float64 that no sum of weights, or difference of sums, overflows.
_LARGEST_TOTAL = 1e300


def as_pairs(edges: ArrayLike) -> NDArray[Any]:
    """Take pairs of nodes, shape (m, 2).

    Raises
    ------
    InputError
        They are of another shape, or of none.
    """
    array = as_array(edges, "edges")
    if array.size == 0:
        return np.empty((0, 2), dtype=np.int64)
    if array.ndim != 2 or array.shape[1] != 2:
        raise InputError(f"edges must be of shape (m, 2), not {array.shape}")
    return array


def as_labels(labels: Iterable[str] | None, count: int) -> tuple[str, ...] | None:
    """Take names of `count` nodes, or none; O(count).

    Raises
    ------
    InputError
        They are of another number, one is there twice, or one is no text that UTF-8 can hold.
    """
    if labels is None:
        return None
    if not isinstance(labels, Iterable):
        raise InputError(f"labels must be names of the nodes, not {labels!r}")
    names = tuple(labels)
    if len(names) != count:
        raise InputError(f"{counted(count, 'node')} but {counted(len(names), 'label')}")
    if len(set(names)) != count:
        twice = next(name for name, times in Counter(names).items() if times > 1)
        raise InputError(f"two nodes have the label {twice!r}")
    try:
        "".join(names).encode()
    except UnicodeEncodeError as error:
        # One half of a surrogate pair, which strings of Python and JSON can hold.
        wrong = next(name for name in names if error.object[error.start] in name)
        raise InputError(f"the label {wrong!r} is no text that UTF-8 can hold") from error
    except TypeError as error:
        raise InputError("labels must be strings") from error
    return names


def as_nodes(nodes: ArrayLike, count: int) -> NDArray[np.int64]:
    """Take distinct ones of `count` nodes.

    Raises
    ------
    InputError
        One does not exist or is there twice, or they are no integers.
    """
    array = as_array(nodes, "nodes")
    if array.ndim != 1 or (array.size and array.dtype.kind not in "iu"):
        raise InputError(
            f"nodes must be integers of shape (k,), not {array.dtype} of shape {array.shape}"
        )
    outside = np.flatnonzero((array < 0) | (array >= count))
    if outside.size:
        raise InputError(f"there is no node {array[outside[0]]}, only 0 to {count - 1}")
    chosen = array.astype(np.int64)
    twice = np.flatnonzero(np.bincount(chosen, minlength=count) > 1)
    if twice.size:
        raise InputError(f"node {twice[0]} is there twice")
    return chosen


def as_sizes(sizes: ArrayLike | None, count: int) -> NDArray[np.float64]:
    """Take sizes of `count` nodes, ones if there are none given.

    Raises
    ------
    InputError
        They are of another number, or not all positive, finite numbers.
    """
    if sizes is None:
        return frozen(np.ones(count))
    array = as_floats(sizes, "node sizes")
    if array.shape != (count,):
        raise InputError(f"{counted(count, 'node')} but sizes of shape {array.shape}")
    if not (np.isfinite(array) & (array > 0)).all():
        raise InputError("node sizes must be positive and finite")
    return frozen(array.copy())


def require_total(values: NDArray[np.float64], what: str) -> None:
    """Refuse values whose absolute values add up to 1e300 or more.

    Raises
    ------
    InputError
        With what to do.
    """
    with np.errstate(over="ignore"):
        total = float(np.abs(values).sum())
    if not total < _LARGEST_TOTAL:
        raise InputError(
            f"the {what} add up to {total:.3g} in absolute value, and must stay below "
            f"{_LARGEST_TOTAL:g}: divide all of them by one number"
        )
