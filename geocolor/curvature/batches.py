"""Calibration batches: what they look like and how a model is called with one."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from geocolor.errors import ModelError

__all__ = [
    "Batch",
    "batch_size",
    "call_model",
    "checked_batches",
    "first_sample",
    "frozen_eval",
    "on_device",
    "output_mask",
    "split_batch",
    "token_mask",
]

Batch = Mapping[str, Any] | Sequence[Any] | Tensor
"""A dict for ``model(**batch)``, a tuple or list for ``model(*batch)``, a tensor for itself."""


def checked_batches(batches: Any) -> list[Batch]:
    """Take calibration batches into a list, so that they can be passed over more than once.

    Raises
    ------
    ModelError
        There is none, or one is not a dict, a tuple, a list or a tensor.
    """
    if isinstance(batches, Tensor | Mapping | str) or not isinstance(batches, Iterable):
        kind = type(batches).__name__
        raise ModelError(f"batches must be an iterable of batches, not a single {kind}")
    taken = list(batches)
    if not taken:
        raise ModelError("no calibration batch was given")
    for batch in taken:
        if not isinstance(batch, Mapping | tuple | list | Tensor):
            raise ModelError(
                f"a batch must be a dict, a tuple or a tensor, not {type(batch).__name__}"
            )
    return taken


def _device(model: nn.Module) -> torch.device:
    parameter = next(model.parameters(), None)
    return torch.device("cpu") if parameter is None else parameter.device


def _to(value: Any, device: torch.device) -> Any:
    return value.to(device) if isinstance(value, Tensor) else value


def on_device(batch: Batch, model: nn.Module) -> Batch:
    """Move a batch's tensors to the model's device."""
    device = _device(model)
    if isinstance(batch, Tensor):
        return batch.to(device)
    if isinstance(batch, Mapping):
        return {key: _to(value, device) for key, value in batch.items()}
    return tuple(_to(value, device) for value in batch)


def call_model(model: nn.Module, batch: Batch) -> Any:
    """Call `model` with `batch`, moved to the model's device.

    Parameters
    ----------
    model : torch.nn.Module
        Any model.
    batch : Batch
        A dict, a tuple or a tensor. Of a tuple, what the model has no parameters for is left
        out: labels that a data loader gives.

    Raises
    ------
    ModelError
        The model does not take such a batch: wrong names, shapes, dtypes or lengths.
    """
    moved = on_device(batch, model)
    try:
        if isinstance(moved, Tensor):
            return model(moved)
        if isinstance(moved, Mapping):
            return model(**moved)
        return model(*moved[: _takes(model)])
    except (ModelError, torch.OutOfMemoryError):
        raise
    except (RuntimeError, TypeError, IndexError, ValueError) as error:
        reason = str(error).strip().partition("\n")[0]
        raise ModelError(
            f"{type(model).__name__} failed on a batch of {_described(batch)}: {reason}"
        ) from error


def _takes(model: nn.Module) -> int | None:
    """Count the positional parameters of a model; None if it takes any number."""
    kinds = [parameter.kind for parameter in inspect.signature(model.forward).parameters.values()]
    if inspect.Parameter.VAR_POSITIONAL in kinds:
        return None
    named = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return sum(kind in named for kind in kinds)


def _described(batch: Batch) -> str:
    if isinstance(batch, Tensor):
        return f"shape {tuple(batch.shape)}, {batch.dtype}"
    if isinstance(batch, Mapping):
        return ", ".join(f"{key} {_shape(value)}" for key, value in batch.items())
    return ", ".join(_shape(value) for value in batch)


def _shape(value: Any) -> str:
    return str(tuple(value.shape)) if isinstance(value, Tensor) else type(value).__name__


def batch_size(batch: Batch) -> int:
    """Count the samples of a batch; 1 where its tensors do not agree on how many there are."""
    counts = {len(part) if part.ndim else 0 for part in _tensors(batch)}
    return max(1, counts.pop()) if len(counts) == 1 else 1


def split_batch(batch: Batch, pieces: int) -> list[Batch]:
    """Divide a batch into so many pieces of about one size, or into as many as it has samples."""
    count = batch_size(batch)
    if min(count, pieces) <= 1:
        return [batch]
    step = -(-count // pieces)
    return [_samples(batch, at, at + step) for at in range(0, count, step)]


def first_sample(batch: Batch) -> Batch:
    """Take the first sample of a batch, where its tensors agree on how many there are."""
    return split_batch(batch, batch_size(batch))[0]


def _samples(batch: Batch, start: int, stop: int) -> Batch:
    if isinstance(batch, Tensor):
        return batch[start:stop]

    def taken(value: Any) -> Any:
        return value[start:stop] if isinstance(value, Tensor) else value

    if isinstance(batch, Mapping):
        return {key: taken(value) for key, value in batch.items()}
    return tuple(taken(value) for value in batch)


def _tensors(batch: Batch) -> list[Tensor]:
    if isinstance(batch, Tensor):
        return [batch]
    values = batch.values() if isinstance(batch, Mapping) else batch
    return [value for value in values if isinstance(value, Tensor)]


def token_mask(batch: Batch) -> Tensor | None:
    """Boolean mask of the real tokens, shape (batch, length), or None where all are real.

    Where an encoder and a decoder read texts of one length, rows of the one cannot be told from
    those of the other, and all count.
    """
    mask = _mask(batch, "attention_mask")
    decoded = batch.get("decoder_input_ids") if isinstance(batch, Mapping) else None
    alike = mask is not None and isinstance(decoded, Tensor) and decoded.shape == mask.shape
    return None if alike else mask


def output_mask(batch: Batch) -> Tensor | None:
    """Boolean mask of the tokens that a model's output is for: a decoder's, if it has one."""
    decodes = isinstance(batch, Mapping) and "decoder_input_ids" in batch
    return _mask(batch, "decoder_attention_mask" if decodes else "attention_mask")


def _mask(batch: Batch, key: str) -> Tensor | None:
    mask = batch.get(key) if isinstance(batch, Mapping) else None
    if isinstance(mask, Tensor) and mask.ndim == 2 and not bool(mask.bool().all()):
        return mask.bool()
    return None


@contextmanager
def frozen_eval(model: nn.Module) -> Iterator[None]:
    """Put `model` into eval mode without parameter gradients, and back as it was at the end."""
    training = {module: module.training for module in model.modules()}
    required = {parameter: parameter.requires_grad for parameter in model.parameters()}
    model.eval()
    for parameter in required:
        parameter.requires_grad_(False)
    try:
        yield
    finally:
        for module, was in training.items():
            module.training = was
        for parameter, was in required.items():
            parameter.requires_grad_(was)
