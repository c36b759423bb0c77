"""Calibration batches from plain text."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from geocolor.errors import ModelError
from geocolor.wording import counted

__all__ = [
    "batches_of",
    "every_window",
    "reads_whole_texts",
    "text_batches",
    "text_windows",
    "training_batches",
]

# Token positions that go through the model at once; logits of more cost memory, not time.
_BATCH_TOKENS = 512


def reads_whole_texts(model: Any) -> bool:
    """Tell whether a model of transformers reads texts whole, and does not go on with them.

    Encoders and classifiers do; their windows are texts of their own, in special tokens.
    """
    return not model.can_generate()


def text_windows(
    text: str, tokenizer: Any, *, windows: int, length: int, special_tokens: bool = False
) -> Tensor:
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
    special_tokens : bool
        Whether each window is a text of its own, in the special tokens that the tokenizer puts
        around one, those of an encoder say. They count towards the length.

    Returns
    -------
    Tensor of int64, shape (windows, length)

    Raises
    ------
    ModelError
        The text is too short.
    """
    ids, before, after = _pieces(text, tokenizer, special_tokens=special_tokens)
    own = _own_length(length, before, after)
    slots = len(ids) // own
    if slots < windows:
        raise ModelError(
            f"the text gives {len(ids)} tokens; {counted(windows, 'window')} of {own} need "
            f"{windows * own}. Give more text, or ask for fewer or shorter windows"
        )
    starts = [(2 * i + 1) * slots // (2 * windows) * own for i in range(windows)]
    return torch.stack([torch.cat([before, ids[at : at + own], after]) for at in starts])


def every_window(text: str, tokenizer: Any, *, length: int, special_tokens: bool = False) -> Tensor:
    """Cut a text into windows, one behind the other; those of :func:`text_windows` are among them.

    Raises
    ------
    ModelError
        The text is shorter than one.
    """
    ids, before, after = _pieces(text, tokenizer, special_tokens=special_tokens)
    count = len(ids) // _own_length(length, before, after)
    return text_windows(
        text, tokenizer, windows=max(1, count), length=length, special_tokens=special_tokens
    )


def _pieces(text: str, tokenizer: Any, *, special_tokens: bool) -> tuple[Tensor, Tensor, Tensor]:
    """Give a text's tokens, and what stands before and after each window of them."""
    ids = torch.tensor(
        tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"], dtype=torch.int64
    )
    around = _special_tokens(tokenizer) if special_tokens else (ids[:0], ids[:0])
    return ids, *around


def _own_length(length: int, before: Tensor, after: Tensor) -> int:
    own = length - len(before) - len(after)
    if own < 1:
        raise ModelError(
            f"windows of {length} tokens have no room beside the {length - own} special ones"
        )
    return own


def _special_tokens(tokenizer: Any) -> tuple[Tensor, Tensor]:
    """Give what a tokenizer puts before a text and after it."""
    found = tokenizer("a", return_special_tokens_mask=True)
    ids = torch.tensor(found["input_ids"], dtype=torch.int64)
    text = [at for at, special in enumerate(found["special_tokens_mask"]) if not special]
    return ids[: text[0]], ids[text[-1] + 1 :]


def text_batches(
    text: str, tokenizer: Any, windows: int, length: int, *, special_tokens: bool = False
) -> list[Tensor]:
    """Cut windows from a text and stack them to batches of some 512 tokens.

    See :func:`text_windows`.

    Raises
    ------
    ModelError
        The text is too short.
    """
    cut = text_windows(
        text, tokenizer, windows=windows, length=length, special_tokens=special_tokens
    )
    return batches_of(cut)


def batches_of(windows: Tensor) -> list[Tensor]:
    """Stack windows of shape (windows, length) to batches of some 512 tokens."""
    return list(torch.split(windows, _together(windows.shape[1])))


def training_batches(
    text: str, tokenizer: Any, count: int, length: int, *, special_tokens: bool = False
) -> list[Tensor]:
    """Cut so many batches of some 512 tokens from a text, or as many as it has.

    Raises
    ------
    ModelError
        The text is too short for one.
    """
    tokens = len(tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"])
    around = sum(map(len, _special_tokens(tokenizer))) if special_tokens else 0
    windows = min(count * _together(length), max(1, tokens // max(1, length - around)))
    return text_batches(text, tokenizer, windows, length, special_tokens=special_tokens)


def _together(length: int) -> int:
    return max(1, _BATCH_TOKENS // length)
