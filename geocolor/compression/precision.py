"""Half precision made single for a while, to tell rounding from what is really different."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from geocolor.curvature import Batch

__all__ = ["in_single_precision", "single_precision"]

_HALF = (torch.float16, torch.bfloat16)


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
    if isinstance(batch, Tensor):
        return batch.float() if batch.dtype in _HALF else batch
    if isinstance(batch, Mapping):
        return {key: _single(value) for key, value in batch.items()}
    return tuple(_single(value) for value in batch)


def _single(value: Any) -> Any:
    return value.float() if isinstance(value, Tensor) and value.dtype in _HALF else value
