"""Calibration batches from plain text."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from geocolor.errors import ModelError

__all__ = ["text_windows"]


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
