from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from geocolor.graph.bits import lowest, ones, pack_rows, unpack_rows


@given(st.integers(0, 2**64 - 1))
def test_bits_of_a_word(word: int) -> None:
    assert ones(np.uint64(word)) == word.bit_count()
    assert lowest(np.uint64(word)) == ((word & -word).bit_length() - 1 if word else 64)


@given(st.integers(0, 5), st.integers(1, 140), st.integers(0, 2**32))
def test_rows_come_back(rows: int, columns: int, seed: int) -> None:
    table = np.random.default_rng(seed).random((rows, columns)) < 0.5
    words = pack_rows(table)
    assert words.shape == (rows, -(-columns // 64))
    for row, bits in zip(table, words, strict=True):
        value = sum(int(word) << (64 * i) for i, word in enumerate(bits))
        assert value == sum(1 << i for i in np.flatnonzero(row).tolist())
    np.testing.assert_array_equal(unpack_rows(words, columns), table)
