"""Expanded checkpoints: a standard folder of full size, for tools that know nothing of sharing."""

from __future__ import annotations

import copy
import os
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from geocolor.errors import InputError
from geocolor.io.atomic import atomic_directory
from geocolor.sharing.companions import save_companion
from geocolor.sharing.configs import save_generation
from geocolor.sharing.filling import unfilled_parameters
from geocolor.sharing.layers import Factored, Residual
from geocolor.sharing.plan import SharingPlan
from geocolor.units import (
    is_layer,
    layer_of,
    matrix_of,
    stacked_again,
    with_split_experts,
)

__all__ = ["save_expanded"]


@torch.no_grad()
def save_expanded(
    model: nn.Module,
    plan: SharingPlan,
    directory: str | os.PathLike[str],
    *,
    companions: Sequence[Any] = (),
) -> None:
    """Save a compressed model of transformers as the original would be, every matrix whole.

    Factors are multiplied in float64 and hidden units that were left out come back as zeros, so
    what plain transformers loads says the same but for rounding.

    Parameters
    ----------
    model : torch.nn.Module
        With the plan applied.
    plan : SharingPlan
        The plan.
    directory : path-like
        A new or empty directory; it appears only once complete.
    companions : sequence
        Tokenizers and the like: their ``save_pretrained`` is called with the directory.

    Raises
    ------
    InputError
        The model is not of transformers, or transformers does not save its configuration; the
        directory is not empty or cannot be written.
    """
    from safetensors import SafetensorError

    kind: Any = type(model)
    if not kind.__module__.startswith("transformers.models."):
        raise InputError(
            f"there is no standard folder for a {kind.__name__}; save it as a shared checkpoint, "
            "or take model.state_dict()"
        )
    state = dict(model.state_dict())
    with torch.random.fork_rng(devices=[]), unfilled_parameters():
        # A copy: a model is built with its configuration, and changes it.
        original: nn.Module = kind(copy.deepcopy(model.config))
    original.to(next(model.parameters()).dtype)
    whole = with_split_experts(original)
    for group in plan.groups:
        for name in group.members:
            if group.form != "dense":
                held = [key for key in state if key.startswith(f"{name}.")]
                for key in held:
                    del state[key]
                layer = whole.get_submodule(name)
                state.update(
                    {f"{name}.{key}": value for key, value in _whole(model, name, layer).items()}
                )
    _untie(state, whole)
    with atomic_directory(directory) as folder:
        saver: Any = original
        try:
            saver.save_pretrained(folder, state_dict=stacked_again(whole, state))
        except ValueError as error:
            raise InputError(f"transformers does not save this {kind.__name__}: {error}") from error
        except (SafetensorError, RuntimeError) as error:
            raise InputError(f"cannot write {directory}: {error}") from error
        save_generation(model, folder)
        for companion in companions:
            save_companion(companion, folder, directory)


def _untie(state: dict[str, Tensor], original: nn.Module) -> None:
    """Copy what is one tensor and would be two in the original: transformers saves no such tie."""
    parameters = original.state_dict(keep_vars=True)
    taken: dict[int, str] = {}
    for name, tensor in state.items():
        first = taken.setdefault(tensor.untyped_storage().data_ptr(), name)
        if first != name and parameters.get(name) is not parameters.get(first):
            state[name] = tensor.clone()


def _whole(model: nn.Module, name: str, original: nn.Module) -> dict[str, Tensor]:
    """Give the parameters that a layer of the original has, from what is stored of it."""
    stored: Any = model.get_submodule(name)
    rows, columns = matrix_of(original).shape
    kept = _matrix(stored)
    matrix = kept.new_zeros(rows, columns)
    matrix[: kept.shape[0], : kept.shape[1]] = kept
    parameters = {"weight": layer_of(original).weight(matrix).contiguous()}
    if stored.bias is not None:
        bias = stored.bias.new_zeros(rows)
        bias[: len(stored.bias)] = stored.bias
        parameters["bias"] = bias
    return parameters


def _matrix(stored: nn.Module) -> Tensor:
    if is_layer(stored):
        return matrix_of(stored)
    if isinstance(stored, Residual):
        parts = matrix_of(stored.base).double() + _product(stored.difference)
        return parts.to(stored.difference.first.dtype)
    assert isinstance(stored, Factored)  # noqa: S101  there are no other forms
    return _product(stored).to(stored.first.dtype)


def _product(stored: Factored) -> Tensor:
    return stored.second.double() @ stored.first.double()
