"""Half precision made single for a while, to tell rounding from what is really different."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn

from geocolor.curvature import Batch, changed_batch

__all__ = ["has_half_precision", "in_single_precision", "single_precision"]

_HALF = (torch.float16, torch.bfloat16)


def has_half_precision(model: nn.Module) -> bool:
    """Whether a parameter is of half precision."""
    return any(parameter.dtype in _HALF for parameter in model.parameters())


@contextmanager
def single_precision(model: nn.Module) -> Iterator[None]:
    """Compute in float32 what a model computes in half precision; its tensors are put back after.

    Takes the memory of the half ones twice again.
    """
    half = [
        (tensor, tensor.data)
        for tensor in (*model.parameters(), *model.buffers())
        if tensor.dtype in _HALF
    ]
    try:
        for tensor, values in half:
            tensor.data = values.float()
        yield
    finally:
        for tensor, values in half:
            tensor.data = values


def in_single_precision(batch: Batch) -> Batch:
    """Give a batch's tensors of half precision in float32."""
    return changed_batch(batch, lambda tensor: tensor.float() if tensor.dtype in _HALF else tensor)
