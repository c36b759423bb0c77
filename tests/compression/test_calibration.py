"""Token windows from text."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geocolor.compression import text_windows
from geocolor.errors import ModelError


def tokenizer(text: str, **options: Any) -> dict[str, list[int]]:
    """Numbers the words."""
    assert options["add_special_tokens"] is False
    return {"input_ids": list(range(len(text.split())))}


@given(words=st.integers(0, 300), windows=st.integers(1, 12), length=st.integers(1, 30))
def test_windows_are_whole_apart_and_spread_over_the_text(words, windows, length):
    text = "word " * words
    if words // length < windows:
        with pytest.raises(ModelError, match=rf"gives {words} tokens.*need {windows * length}"):
            text_windows(text, tokenizer, windows=windows, length=length)
        return
    found = text_windows(text, tokenizer, windows=windows, length=length)
    assert found.shape == (windows, length)
    starts = found[:, 0].tolist()
    assert bool((found == found[:, :1] + found.new_tensor(range(length))).all())
    steps = [b - a for a, b in pairwise(starts)]
    assert all(step >= length for step in steps)
    # Evenly: no step is more than one window longer than another.
    assert not steps or max(steps) - min(steps) <= length
    # And from end to end: what is left out before the first and after the last is alike.
    before, after = starts[0], words // length * length - starts[-1] - length
    assert abs(before - after) <= length
