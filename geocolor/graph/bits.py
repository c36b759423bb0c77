"""Sets as bits of 64-bit words: whole tables of them, and one word in a kernel."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from geocolor.graph.jit import jit

__all__ = ["lowest", "ones", "pack_rows", "unpack_rows"]


def pack_rows(table: NDArray[np.bool_]) -> NDArray[np.uint64]:
    """Give each row's bits in words, the first column in the lowest bit."""
    rows, columns = table.shape
    padded = np.zeros((rows, 64 * -(-columns // 64)), dtype=np.bool_)
    padded[:, :columns] = table
    return np.packbits(padded, axis=1, bitorder="little").view("<u8").astype(np.uint64)


def unpack_rows(words: NDArray[np.uint64], columns: int) -> NDArray[np.bool_]:
    """Undo `pack_rows`."""
    little = np.ascontiguousarray(words).astype("<u8").view(np.uint8)
    bits = np.unpackbits(little, axis=1, bitorder="little", count=columns)
    return bits.astype(np.bool_)


@jit
def ones(word: np.uint64) -> int:
    """Count the bits that are set; compiles to one instruction."""
    x = np.uint64(word)
    x -= (x >> np.uint64(1)) & np.uint64(0x5555555555555555)
    x = (x & np.uint64(0x3333333333333333)) + ((x >> np.uint64(2)) & np.uint64(0x3333333333333333))
    x = (x + (x >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return int((x * np.uint64(0x0101010101010101)) >> np.uint64(56))


@jit
def lowest(word: np.uint64) -> int:
    """Index of the lowest bit that is set; 64 if none is."""
    return ones((word & (~word + np.uint64(1))) - np.uint64(1))
