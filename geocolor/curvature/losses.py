"""What a model's output is scored by: told by the output, by name, or by a function."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from geocolor.curvature.batches import Batch, call_model, on_device
from geocolor.curvature.targets import Kind, Prediction, finite_rows, prediction_of
from geocolor.errors import InputError, ModelError

__all__ = ["Loss", "Scorer", "loss_name", "scorer"]

Loss = str | Callable[[nn.Module, Batch], Tensor]
"""``auto``, ``cross-entropy``, ``squared-error``, or ``loss(model, batch)``, a function that gives
one loss for each scored output."""

Scorer = Callable[[nn.Module, Batch], Prediction]

_NAMES = ("auto", Kind.CLASSES.value, Kind.VALUES.value)


def loss_name(loss: Loss) -> str:
    """Name a loss; a function by where it is defined, the same in every process."""
    if isinstance(loss, str):
        return loss
    named = loss if hasattr(loss, "__qualname__") else type(loss)
    return f"{named.__module__}.{named.__qualname__}"


def scorer(loss: Loss) -> Scorer:
    """Make a function that calls a model and gives what is scored.

    Parameters
    ----------
    loss : str or callable
        ``cross-entropy``: the output's last dimension holds logits of classes, whose labels are
        sampled. ``squared-error``: it holds values, probed by noise. ``auto``: logits of several
        classes are the one, everything else the other. A function takes the model and a batch
        and gives a tensor of losses, one for each scored output; their own gradients are taken
        (the empirical Fisher information), so that it may use labels.

    Raises
    ------
    InputError
        There is no loss of that name.
    """
    if callable(loss):
        return lambda model, batch: _losses(loss(model, on_device(batch, model)), loss)
    if loss not in _NAMES:
        raise InputError(
            f"no loss {loss!r}; choose one of {', '.join(_NAMES)}, or give a function of the "
            "model and a batch"
        )

    def score(model: nn.Module, batch: Batch) -> Prediction:
        kind = _kind_of(model) if loss == "auto" else Kind(loss)
        return prediction_of(call_model(model, batch), batch, kind)

    return score


def _kind_of(model: nn.Module) -> Kind | None:
    """Tell from a configuration of transformers what the output alone does not say."""
    problem = getattr(getattr(model, "config", None), "problem_type", None)
    if problem == "multi_label_classification":
        raise InputError("for classes that do not exclude each other give a function as loss=")
    return Kind.VALUES if problem == "regression" else None


def _losses(losses: Any, loss: Any) -> Prediction:
    if not isinstance(losses, Tensor) or not losses.is_floating_point() or losses.ndim == 0:
        got = (
            f"shape {tuple(losses.shape)}" if isinstance(losses, Tensor) else type(losses).__name__
        )
        raise ModelError(
            f"{getattr(loss, '__name__', 'the loss')} must give one loss for each scored output, "
            f"a float tensor of one dimension or more (reduction='none'), not {got}"
        )
    rows = finite_rows(losses.reshape(-1, 1))
    places = torch.arange(len(rows)) % max(1, len(rows) // max(1, len(losses)))
    return Prediction(rows, Kind.LOSS, len(losses), places)
