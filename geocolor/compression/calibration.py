"""Calibration batches from plain text."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from geocolor.errors import ModelError

__all__ = ["batches_of", "text_batches", "text_windows", "training_batches"]

# Token positions that go through the model at once; logits of more cost memory, not time.
_BATCH_TOKENS = 512


def text_windows(text: str, tokenizer: Any, *, windows: int, length: int) -> Tensor:
    """Cut equally long token windows out of a text, evenly spread over it.

    Spread windows see more of a corpus than its first pages at the same cost.

    Parameters
    ----------
    text : str
        Any text.
    tokenizer : callable
        A tokenizer of transformers.
    windows : int
        How many.
    length : int
        Tokens in each.

    Returns
    -------
    Tensor of int64, shape (windows, length)

    Raises
    ------
    ModelError
        The text is too short.
    """
    ids = torch.tensor(
        tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"], dtype=torch.int64
    )
    slots = len(ids) // length
    if slots < windows:
        raise ModelError(
            f"the text gives {len(ids)} tokens; {windows} windows of {length} need "
            f"{windows * length}. Give more text, or ask for fewer or shorter windows"
        )
    starts = [(2 * i + 1) * slots // (2 * windows) * length for i in range(windows)]
    return torch.stack([ids[start : start + length] for start in starts])


def text_batches(text: str, tokenizer: Any, windows: int, length: int) -> list[Tensor]:
    """Cut windows from a text and stack them to batches of some 512 tokens.

    Raises
    ------
    ModelError
        The text is too short.
    """
    return batches_of(text_windows(text, tokenizer, windows=windows, length=length))


def batches_of(windows: Tensor) -> list[Tensor]:
    """Stack windows of shape (windows, length) to batches of some 512 tokens."""
    return list(torch.split(windows, _together(windows.shape[1])))


def training_batches(text: str, tokenizer: Any, count: int, length: int) -> list[Tensor]:
    """Cut so many batches of some 512 tokens from a text, or as many as it has.

    Raises
    ------
    ModelError
        The text is too short for one.
    """
    tokens = len(tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"])
    windows = min(count * _together(length), max(1, tokens // length))
    return text_batches(text, tokenizer, windows, length)


def _together(length: int) -> int:
    return max(1, _BATCH_TOKENS // length)
