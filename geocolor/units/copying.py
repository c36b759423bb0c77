"""Copies of models; what torch does not copy is told by its name and by what to do."""

from __future__ import annotations

import copy
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._pytree import tree_leaves

from geocolor.errors import ModelError

__all__ = ["copy_of"]


def copy_of(model: nn.Module) -> nn.Module:
    """Copy a model, parameters and all.

    Parameters
    ----------
    model : torch.nn.Module
        Any model.

    Raises
    ------
    ModelError
        It holds something that cannot be copied: a lock, say, or what a call of it computed.
    """
    try:
        return copy.deepcopy(model)
    except (MemoryError, torch.OutOfMemoryError):
        raise
    except Exception as error:  # whatever an attribute's own class raises
        raise ModelError(_reason(model) or f"the model cannot be copied: {error}") from error


def _reason(model: nn.Module) -> str | None:
    """Find what cannot be copied, and say so."""
    # Not into other modules, whose turn comes.
    known = {id(module): module for module in model.modules()}
    for path, module in model.named_modules():
        own = vars(module)
        held = own | own["_parameters"] | own["_buffers"]
        # Attributes of its own before what torch keeps in each module, hooks that know it say.
        for name, value in reversed(held.items()):
            if name in ("_parameters", "_buffers", "_modules"):
                continue
            try:
                copy.deepcopy(value, dict(known))
            except (MemoryError, torch.OutOfMemoryError):
                raise
            except Exception as error:  # as above
                where = f"{path}.{name}" if path else name
                return _told(where, name, value, module, error)
    return None


def _told(where: str, name: str, value: Any, module: nn.Module, error: Exception) -> str:
    if {f"{name}_g", f"{name}_orig"} & module._parameters.keys():
        return (
            f"{where} is computed from other parameters, as by torch.nn.utils.weight_norm or "
            "prune, and cannot be copied; make it a parameter (remove_weight_norm, prune.remove), "
            "or use torch.nn.utils.parametrizations"
        )
    if any(isinstance(leaf, Tensor) and not leaf.is_leaf for leaf in tree_leaves(value)):
        return (
            f"{where} holds what a call of the model computed, with the graph behind it, which "
            "cannot be copied; set it to None first, or keep detached tensors there"
        )
    return (
        f"{where}, a {type(value).__name__}, cannot be copied ({error}); take it out of the model "
        "for the while, or compress the model in place (inplace=True)"
    )
