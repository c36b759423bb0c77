"""Matrix products by one thread."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import scipy.linalg  # noqa: F401  SciPy brings a BLAS of its own along, which is to be found too
from threadpoolctl import ThreadpoolController

__all__ = ["one_blas_thread"]

_held = threading.Lock()


@cache
def _libraries() -> Any:
    return ThreadpoolController().select(user_api="blas")


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Leave the BLAS of NumPy and SciPy one thread; a context, or a decorator of functions.

    For products of a few hundred rows its threads wait longer for each other than they work, and
    where others have the processors, in this process or outside, very much longer.

    The setting is the process's. Contexts inside one, of whatever thread, leave it alone, and may
    outlast it: so it is not for what takes long.

    Examples
    --------
    >>> import numpy as np
    >>> with one_blas_thread():
    ...     product = np.ones((3, 2)) @ np.ones((2, 3))
    """
    if not _held.acquire(blocking=False):
        yield
        return
    try:
        with _libraries().limit(limits=1):
            yield
    finally:
        _held.release()
