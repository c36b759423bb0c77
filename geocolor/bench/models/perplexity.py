"""Log-likelihood of token windows under a language model."""

from __future__ import annotations

import torch
from torch import Tensor, nn

__all__ = ["window_losses"]


@torch.no_grad()
def window_losses(model: nn.Module, windows: Tensor) -> list[float]:
    """Score every token of every window but the first.

    Parameters
    ----------
    model : torch.nn.Module
        A causal language model of transformers, in eval mode.
    windows : Tensor of int64, shape (windows, length)
        Each is scored on its own.

    Returns
    -------
    list of float
        Negative log-likelihood of each window, in nats, summed over its tokens.
    """
    losses = []
    for window in windows:
        logits = model(input_ids=window[None], use_cache=False).logits[0, :-1].float()
        losses.append(float(torch.nn.functional.cross_entropy(logits, window[1:], reduction="sum")))
    return losses
