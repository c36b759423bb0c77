"""Token windows from text."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geocolor.compression import text_windows
from geocolor.compression.calibration import every_window, training_batches
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


def wrapping(text: str, **options: Any) -> dict[str, list[int]]:
    """Numbers the words, and puts 901 before a text and 902, 903 after it."""
    words = list(range(len(text.split())))
    if options.get("add_special_tokens", True):
        mask = [1, *(0 for _ in words), 1, 1]
        return {"input_ids": [901, *words, 902, 903], "special_tokens_mask": mask}
    return {"input_ids": words}


@given(words=st.integers(0, 300), windows=st.integers(1, 12), length=st.integers(4, 30))
def test_special_tokens_go_around_the_same_windows(words, windows, length):
    text = "word " * words
    asked = {"windows": windows, "length": length, "special_tokens": True}
    if words // (length - 3) < windows:
        with pytest.raises(ModelError, match=rf"need {windows * (length - 3)}"):
            text_windows(text, wrapping, **asked)
        return
    found = text_windows(text, wrapping, **asked)
    assert found.shape == (windows, length)
    assert found[:, 0].unique().tolist() == [901]
    assert found[:, -2:].unique(dim=0).tolist() == [[902, 903]]
    plain = text_windows(text, wrapping, windows=windows, length=length - 3)
    assert bool((found[:, 1:-2] == plain).all())


def test_windows_have_room_for_a_text():
    with pytest.raises(ModelError, match="windows of 3 tokens have no room beside the 3 special"):
        text_windows("word " * 9, wrapping, windows=1, length=3, special_tokens=True)


@given(words=st.integers(0, 90), length=st.integers(4, 30), special=st.booleans())
def test_every_window_is_one_behind_the_other(words, length, special):
    text, own = "word " * words, length - 3 * special
    if words < own:
        with pytest.raises(ModelError, match=f"gives {words} tokens; 1 window of {own} need"):
            every_window(text, wrapping, length=length, special_tokens=special)
        return
    found = every_window(text, wrapping, length=length, special_tokens=special)
    assert found.shape == (words // own, length)
    inner = found[:, 1:-2] if special else found
    assert inner.flatten().tolist() == list(range(words // own * own))


def test_training_takes_what_there_is_with_special_tokens_too():
    batches = training_batches("word " * 100, wrapping, 9, 13, special_tokens=True)
    assert sum(map(len, batches)) == 10
    assert all(batch.shape[1] == 13 for batch in batches)
