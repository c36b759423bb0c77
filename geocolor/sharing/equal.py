"""Parameters that are the same are kept once, and those that are not, apart."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

import torch
from torch import nn

__all__ = ["part_named", "tie_equal", "tie_named"]


def tie_equal(models: nn.ModuleList) -> None:
    """Make one parameter of those at one place of several models that have the same bits, in place.

    Fine-tunes that left some of their base as it was have it once then: embeddings, norms, biases.

    Parameters
    ----------
    models : torch.nn.ModuleList
        The models.
    """
    kept: dict[str, list[nn.Parameter]] = defaultdict(list)
    instead: dict[nn.Parameter, nn.Parameter] = {}
    for model in models:
        for place, parameter in model.named_parameters():
            same = next((one for one in kept[place] if _same(one, parameter)), None)
            if same is None:
                kept[place].append(parameter)
            elif same is not parameter:
                instead[parameter] = same
    _replace(models, instead)


def tie_named(model: nn.Module, names: Mapping[str, str], *, across: bool) -> None:
    """Make one parameter of two, in place, where names say so.

    Parameters
    ----------
    model : torch.nn.Module
        The model, or a ModuleList of several.
    names : mapping of str to str
        Which parameter each is replaced by. Others, and what does not fit, are left alone.
    across : bool
        Only parameters at one place of different models, as :func:`tie_equal`.
    """
    parameters = dict(model.named_parameters(remove_duplicate=False))
    instead = {
        parameters[name]: parameters[other]
        for name, other in names.items()
        if name in parameters
        and other in parameters
        and (not across or _place(name) == _place(other))
    }
    _replace(
        model,
        {
            old: new
            for old, new in instead.items()
            if old is not new and (old.shape, old.dtype) == (new.shape, new.dtype)
        },
    )


def part_named(model: nn.Module, names: Mapping[str, str]) -> None:
    """Make several parameters of one, in place, where names say that it stands for several.

    A configuration that ties embeddings may lie beside weights that differ: transformers leaves
    those untied.

    Parameters
    ----------
    model : torch.nn.Module
        The model, or a ModuleList of several.
    names : mapping of str to str
        Which parameter each stands for, itself or another. Others are left alone.
    """
    owners: dict[nn.Parameter, str] = {}
    parted: dict[str, nn.Parameter] = {}
    for name, parameter in list(model.named_parameters(remove_duplicate=False)):
        meant = names.get(name)
        # What has no elements is no tie.
        if meant is None or not parameter.numel() or owners.setdefault(parameter, meant) == meant:
            continue
        if meant not in parted:
            parted[meant] = nn.Parameter(parameter.detach().clone(), parameter.requires_grad)
        path, _, key = name.rpartition(".")
        model.get_submodule(path)._parameters[key] = parted[meant]


def _place(name: str) -> str:
    return name.partition(".")[2]


def _same(one: nn.Parameter, other: nn.Parameter) -> bool:
    alike = (one.shape, one.dtype, one.device, one.requires_grad)
    return alike == (other.shape, other.dtype, other.device, other.requires_grad) and torch.equal(
        one, other
    )


def _replace(models: nn.Module, instead: Mapping[nn.Parameter, nn.Parameter]) -> None:
    """Replace parameters wherever a module holds them."""
    for module in models.modules():
        for key, parameter in module._parameters.items():
            if parameter is not None and parameter in instead:
                module._parameters[key] = instead[parameter]
