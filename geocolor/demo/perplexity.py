"""Perplexity of a language model on token windows."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

__all__ = ["perplexity"]


@torch.no_grad()
def perplexity(model: nn.Module, windows: Tensor) -> float:
    """Score every token of every window but the first.

    Parameters
    ----------
    model : torch.nn.Module
        A causal language model of transformers, in eval mode.
    windows : Tensor of int64, shape (windows, length)
        Each is scored on its own.
    """
    total = 0.0
    for window in windows:
        logits = model(input_ids=window[None], use_cache=False).logits[0, :-1].float()
        total += float(torch.nn.functional.cross_entropy(logits, window[1:], reduction="sum"))
    return math.exp(total / (windows.shape[0] * (windows.shape[1] - 1)))
