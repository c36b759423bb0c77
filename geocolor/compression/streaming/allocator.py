"""Large tensors given back to the system when they are freed."""

from __future__ import annotations

import ctypes
import platform

__all__ = ["map_large_tensors"]

# Numbers of glibc's parameters, and bytes from which memory is mapped by itself. A page fault for
# each page of smaller tensors would cost more than they leave behind.
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
_LARGE = 2**20


def map_large_tensors() -> None:
    """Have the C library map memory of 1 MiB and more by itself, in this process from now on.

    By default glibc raises that limit to the size of what was freed, up to 32 MiB. Tensors below it
    then come out of one heap, which stays as large as it was where anything small behind them is
    still in use: block after block leaves holes that the next does not fit into. Other C libraries
    have no such limit, and nothing is done.
    """
    if platform.libc_ver()[0] == "glibc":
        library = ctypes.CDLL(None)
        library.mallopt(_M_MMAP_THRESHOLD, _LARGE)
        library.mallopt(_M_TRIM_THRESHOLD, _LARGE)
