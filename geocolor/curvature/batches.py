"""Calibration batches: what they look like and how a model is called with one."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._pytree import tree_leaves, tree_map

from geocolor.errors import GeocolorError, ModelError

__all__ = [
    "Batch",
    "batch_size",
    "call_model",
    "changed_batch",
    "checked_batches",
    "eval_mode",
    "first_sample",
    "frozen_eval",
    "on_device",
    "output_mask",
    "require_gradients",
    "split_batch",
    "token_mask",
]

Batch = Mapping[str, Any] | Sequence[Any] | Tensor
"""A dict for ``model(**batch)``, a tuple or list for ``model(*batch)``, a tensor for itself.

What is in it may hold further lists, tuples and dicts of tensors.
"""

# Models around one model, which they hand all arguments on to.
_WRAPPERS = (nn.DataParallel, nn.parallel.DistributedDataParallel)
# Label of a token that is not to be predicted, as torch's cross-entropy and transformers have it.
_IGNORED = -100


def checked_batches(batches: Any) -> list[Batch]:
    """Take calibration batches into a list, so that they can be passed over more than once.

    Raises
    ------
    ModelError
        There is none, or one is not a dict, a tuple, a list or a tensor, or holds a sparse or
        nested tensor; or it is a place where no gradients can be had.
    """
    require_gradients()
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
    return [_with_samples(batch) for batch in taken]


def require_gradients() -> None:
    """Refuse to work where no gradient can be had, whatever is asked for.

    Raises
    ------
    ModelError
        It is under ``torch.inference_mode``; ``torch.no_grad`` does no harm.
    """
    if torch.is_inference_mode_enabled():
        raise ModelError(
            "gradients are needed, and there are none under torch.inference_mode(): leave it first "
            "(torch.no_grad() does no harm)"
        )


def _with_samples(batch: Batch) -> Batch:
    """Require tensors that have samples to be taken out, and make such as have gradients."""
    values = [batch] if isinstance(batch, Tensor) else [*_values(batch)]
    tensors = [leaf for leaf in tree_leaves(values) if isinstance(leaf, Tensor)]
    for tensor in tensors:
        if tensor.is_nested:
            raise ModelError(
                "a batch holds a nested tensor, which has no rows to measure; give it padded "
                "(torch.nested.to_padded_tensor), with a mask if the model takes one"
            )
        if tensor.layout is not torch.strided:
            kind = str(tensor.layout).removeprefix("torch.")
            raise ModelError(
                f"a batch holds a tensor of layout {kind}, of which no samples can be taken; give "
                "it dense (to_dense()), and make it sparse in the model's forward if it must be"
            )
    if any(tensor.is_inference() for tensor in tensors):
        # What was made under torch.inference_mode() cannot be kept for a backward pass.
        return changed_batch(batch, torch.clone)
    return batch


def _device(model: nn.Module) -> torch.device:
    parameter = next(model.parameters(), None)
    return torch.device("cpu") if parameter is None else parameter.device


def changed_batch(batch: Batch, change: Callable[[Tensor], Tensor]) -> Batch:
    """Give a batch with other tensors in the places of its own, also of those further in."""

    def changed(value: Any) -> Any:
        return change(value) if isinstance(value, Tensor) else value

    if isinstance(batch, Tensor):
        return change(batch)
    if isinstance(batch, Mapping):
        return {key: tree_map(changed, value) for key, value in batch.items()}
    return tuple(tree_map(changed, value) for value in batch)


def on_device(batch: Batch, model: nn.Module) -> Batch:
    """Move a batch's tensors to the model's device."""
    device = _device(model)
    return changed_batch(batch, lambda tensor: tensor.to(device))


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
        The model fails, or does not take such a batch: wrong names, shapes, dtypes or lengths.
    """
    moved = on_device(batch, model)
    try:
        if isinstance(moved, Tensor):
            return model(moved)
        if isinstance(moved, Mapping):
            return model(**moved)
        return model(*moved[: _takes(model)])
    except (GeocolorError, torch.OutOfMemoryError):
        raise
    except Exception as error:
        raise ModelError(
            f"{type(model).__name__} failed on a batch of {_described(batch)}: {_reason(error)}"
        ) from error


def _reason(error: Exception) -> str:
    """Give a model's own words, and what kind of error it is where they would not tell."""
    words, kind = str(error).strip().partition("\n")[0], type(error).__name__
    if isinstance(error, RuntimeError | TypeError | IndexError | ValueError) and words:
        return words
    return f"{kind}: {words}" if words else kind


def _takes(model: nn.Module) -> int | None:
    """Count the positional parameters of a model; None if it takes any number."""
    forward = inspect.signature(_unwrapped(model).forward)
    kinds = [parameter.kind for parameter in forward.parameters.values()]
    if inspect.Parameter.VAR_POSITIONAL in kinds:
        return None
    named = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return sum(kind in named for kind in kinds)


def _decodes(model: nn.Module) -> bool:
    """Whether a model has a decoder; an encoder on its own has the configuration of both."""
    inner = _unwrapped(model)
    both = getattr(getattr(inner, "config", None), "is_encoder_decoder", False)
    return bool(both) and "decoder_input_ids" in inspect.signature(inner.forward).parameters


def _unwrapped(model: nn.Module) -> nn.Module:
    """Take a model out of what hands all arguments on to it."""
    inner = model.module if isinstance(model, _WRAPPERS) else getattr(model, "_orig_mod", None)
    return _unwrapped(inner) if isinstance(inner, nn.Module) else model


def _described(batch: Batch) -> str:
    if isinstance(batch, Tensor):
        return f"shape {tuple(batch.shape)}, {batch.dtype}"
    if isinstance(batch, Mapping):
        return ", ".join(f"{key} {_shape(value)}" for key, value in batch.items())
    return ", ".join(_shape(value) for value in batch)


def _shape(value: Any) -> str:
    return str(tuple(value.shape)) if isinstance(value, Tensor) else type(value).__name__


def batch_size(batch: Batch) -> int:
    """Count the samples of a batch; 1 where its tensors do not agree on how many there are.

    Tensors within lists and dicts are asked only where there are none beside them, and numbers,
    tensors without a dimension, never.
    """
    counts = {len(tensor) for tensor in _tensors(batch)}
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
    count = batch_size(batch)

    def taken(tensor: Tensor) -> Tensor:
        return tensor[start:stop] if tensor.ndim and len(tensor) == count else tensor

    return changed_batch(batch, taken)


def _tensors(batch: Batch) -> list[Tensor]:
    """List the tensors that have samples: the outermost, or all if none is."""
    values = [batch] if isinstance(batch, Tensor) else [*_values(batch)]
    for leaves in (values, tree_leaves(values)):
        found = [leaf for leaf in leaves if isinstance(leaf, Tensor) and leaf.ndim]
        if found:
            return found
    return []


def _values(batch: Mapping[str, Any] | Sequence[Any]) -> Iterable[Any]:
    return batch.values() if isinstance(batch, Mapping) else batch


def token_mask(model: nn.Module, batch: Batch) -> Tensor | None:
    """Boolean mask of the real tokens, shape (batch, length), or None where all are real.

    Where an encoder and a decoder read texts of one length, rows of the one cannot be told from
    those of the other, and all count.
    """
    mask = _mask(batch, "attention_mask")
    if mask is None or not isinstance(batch, Mapping):
        return None
    decoded = batch.get("decoder_input_ids")
    if decoded is None and _decodes(model):
        # Made of what is to be predicted, or of the encoder's own text.
        decoded = batch.get("labels", mask)
    alike = isinstance(decoded, Tensor) and decoded.shape == mask.shape
    return None if alike else mask


def output_mask(batch: Batch, output: Any) -> Tensor | None:
    """Boolean mask of the tokens that a model's output is for: a decoder's, if it has one.

    A decoder that is given no tokens makes them of the labels, where -100 stands for none.
    """
    if not isinstance(batch, Mapping):
        return None
    if "decoder_input_ids" not in batch and not hasattr(output, "encoder_last_hidden_state"):
        return _mask(batch, "attention_mask")
    labels = batch.get("labels")
    if "decoder_attention_mask" in batch or not isinstance(labels, Tensor):
        return _mask(batch, "decoder_attention_mask")
    return _mask({"labels": labels != _IGNORED}, "labels")


def _mask(batch: Batch, key: str) -> Tensor | None:
    mask = batch.get(key) if isinstance(batch, Mapping) else None
    if isinstance(mask, Tensor) and mask.ndim == 2 and not bool(mask.bool().all()):
        return mask.bool()
    return None


@contextmanager
def eval_mode(model: nn.Module) -> Iterator[None]:
    """Put `model` into eval mode, and every module back into its own at the end."""
    training = {module: module.training for module in model.modules()}
    model.eval()
    try:
        yield
    finally:
        for module, was in training.items():
            module.training = was


@contextmanager
def frozen_eval(model: nn.Module) -> Iterator[None]:
    """Put `model` into eval mode without parameter gradients, and back as it was at the end.

    Meanwhile torch's encoder layers call their linear layers one by one: its fused kernels call
    none, and drop padded places.
    """
    required = {parameter: parameter.requires_grad for parameter in model.parameters()}
    fused = torch.backends.mha.get_fastpath_enabled()
    with eval_mode(model):
        for parameter in required:
            parameter.requires_grad_(False)
        torch.backends.mha.set_fastpath_enabled(False)
        try:
            yield
        finally:
            torch.backends.mha.set_fastpath_enabled(fused)
            for parameter, was in required.items():
                parameter.requires_grad_(was)
