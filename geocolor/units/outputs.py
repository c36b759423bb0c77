"""What a model says on one sample, taken apart so that it can be compared."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass

import torch
from torch import Tensor, nn

__all__ = ["Run", "tensors_of"]

Run = Callable[[nn.Module], object]
"""Calls a model on some data and gives all that it says."""


def tensors_of(output: object) -> list[Tensor]:
    """List the tensors of an output in order, in single precision or double.

    Parameters
    ----------
    output : object
        A tensor, or mappings, sequences and dataclasses of some, nested; anything else holds none.
    """
    if isinstance(output, Tensor):
        numbers = output.detach().to(torch.promote_types(output.dtype, torch.float32))
        return [numbers if bool(numbers.isfinite().all()) else numbers.nan_to_num()]
    parts: list[object] = []
    if isinstance(output, Mapping):
        parts = list(output.values())
    elif isinstance(output, list | tuple):
        parts = list(output)
    elif is_dataclass(output) and not isinstance(output, type):
        parts = [getattr(output, field.name) for field in fields(output)]
    return [tensor for part in parts for tensor in tensors_of(part)]
