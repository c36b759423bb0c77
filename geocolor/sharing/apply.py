"""Carry a plan out on a model: structure first, then values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from geocolor.errors import CheckpointError
from geocolor.sharing.layers import FactoredLinear
from geocolor.sharing.plan import GroupPlan, SharingPlan

__all__ = ["GroupWeights", "apply_plan", "prepare_structure", "put_back_on_error"]


@dataclass(frozen=True, eq=False)
class GroupWeights:
    """Values of one group.

    Attributes
    ----------
    shared : Tensor
        The basis, ``first`` on the read side (rank, in) or ``second`` on the write side
        (out, rank); or the one matrix (out, in) of a tied group; or what the reader of a narrowed
        hidden layer has for the hidden units that stay (out, rank).
    own : mapping of str to Tensor
        The other factor of every member; empty for a tied group and a hidden layer.
    kept : Tensor of int64, shape (rank,), optional
        Hidden units that stay, ascending.
    """

    shared: Tensor
    own: Mapping[str, Tensor]
    kept: Tensor | None = None


def prepare_structure(model: nn.Module, plan: SharingPlan) -> None:
    """Replace layers in place so that `model` has the plan's parameters, values yet unset.

    Raises
    ------
    CheckpointError
        The plan names something that is not a Linear layer of `model`, groups layers that do
        not fit together, or has a rank that saves nothing to have.
    """
    for group in plan.groups:
        layers = [_linear(model, name) for name in group.members]
        if group.form == "tied":
            _prepare_tied(group, layers)
        elif group.form == "basis":
            _prepare_basis(model, group, layers)
        elif group.form == "narrow":
            _prepare_narrow(model, group, layers)


@contextmanager
def put_back_on_error(model: nn.Module, plan: SharingPlan) -> Iterator[None]:
    """Undo what :func:`prepare_structure` did if what follows fails."""
    names = [name for group in plan.groups for name in group.members]
    layers = {name: _linear(model, name) for name in names}
    weights = {name: layer.weight for name, layer in layers.items()}
    try:
        yield
    except BaseException:
        for name, layer in layers.items():
            layer.weight = weights[name]
            _replace(model, name, layer)
        raise


def _replace(model: nn.Module, name: str, layer: nn.Module) -> None:
    parent, _, attribute = name.rpartition(".")
    setattr(model.get_submodule(parent), attribute, layer)


def _linear(model: nn.Module, name: str) -> nn.Linear:
    try:
        module = model.get_submodule(name)
    except AttributeError:
        module = None
    if not isinstance(module, nn.Linear):
        raise CheckpointError(f"the model has no Linear layer {name}; is it the right model?")
    return module


def _prepare_tied(group: GroupPlan, layers: Sequence[nn.Linear]) -> None:
    shapes = {tuple(layer.weight.shape) for layer in layers}
    if len(shapes) != 1:
        raise CheckpointError(f"tied layers differ in shape: {group.members} are {shapes}")
    for layer in layers[1:]:
        layer.weight = layers[0].weight


def _prepare_basis(model: nn.Module, group: GroupPlan, layers: Sequence[nn.Linear]) -> None:
    read = group.side == "read"
    widths = {layer.in_features if read else layer.out_features for layer in layers}
    if len(widths) != 1:
        raise CheckpointError(f"layers that share a basis differ in width: {group.members}")
    width, rank, like = widths.pop(), group.rank, layers[0].weight
    if rank > width:
        raise CheckpointError(f"rank {rank} of {group.members[0]} exceeds its width {width}")
    shared = _empty((rank, width) if read else (width, rank), like)
    for name, layer in zip(group.members, layers, strict=True):
        other = (layer.out_features, rank) if read else (rank, layer.in_features)
        own = _empty(other, layer.weight)
        first, second = (shared, own) if read else (own, shared)
        factored = FactoredLinear(first, second, layer.bias)
        factored.train(layer.training)
        _replace(model, name, factored)


def _prepare_narrow(model: nn.Module, group: GroupPlan, layers: Sequence[nn.Linear]) -> None:
    *writers, reader = layers
    if any(layer.out_features != reader.in_features for layer in writers):
        raise CheckpointError(f"{group.members[-1]} does not read what {group.members[:-1]} write")
    if group.rank > reader.in_features:
        raise CheckpointError(
            f"{group.members[-1]} reads {reader.in_features} hidden units, not {group.rank}"
        )
    for name, layer in zip(group.members, layers, strict=True):
        reads = layer is reader
        rows = layer.out_features if reads else group.rank
        columns = group.rank if reads else layer.in_features
        # Made small: torch warns when it initialises a layer of no hidden units.
        made = nn.Linear(1, 1, layer.bias is not None, device="meta")
        made.in_features, made.out_features = columns, rows
        made.weight = _empty((rows, columns), layer.weight)
        if layer.bias is not None:
            made.bias = layer.bias if reads else _empty((rows,), layer.bias)
        _replace(model, name, made.train(layer.training))


def _empty(shape: tuple[int, ...], like: Tensor) -> nn.Parameter:
    values = torch.zeros(shape, dtype=like.dtype, device=like.device)
    return nn.Parameter(values, requires_grad=like.requires_grad)


@torch.no_grad()
def apply_plan(
    model: nn.Module, plan: SharingPlan, weights: Mapping[tuple[str, ...], GroupWeights]
) -> None:
    """Replace layers in place by what the plan says, and fill in their values.

    Parameters
    ----------
    model : torch.nn.Module
        Changed in place.
    plan : SharingPlan
        What to build.
    weights : mapping of tuple of str to GroupWeights
        Values of every group that is not dense, by its members.

    Raises
    ------
    CheckpointError
        The plan does not fit the model.
    """
    rows = {
        name: _kept_rows(_linear(model, name), weights[group.members].kept)
        for group in plan.narrowed_groups
        for name in group.members[:-1]
    }
    prepare_structure(model, plan)
    for group in plan.groups:
        if group.form == "dense":
            continue
        values = weights[group.members]
        if group.form == "narrow":
            model.get_parameter(f"{group.members[-1]}.weight").copy_(values.shared)
            for name in group.members[:-1]:
                for part, value in rows[name].items():
                    model.get_parameter(f"{name}.{part}").copy_(value)
            continue
        for name in group.members:
            if group.form == "tied":
                model.get_parameter(f"{name}.weight").copy_(values.shared)
                continue
            shared, own = ("first", "second") if group.side == "read" else ("second", "first")
            model.get_parameter(f"{name}.{shared}").copy_(values.shared)
            model.get_parameter(f"{name}.{own}").copy_(values.own[name])


def _kept_rows(layer: nn.Linear, kept: Tensor | None) -> dict[str, Tensor]:
    """Take out what a layer has for the hidden units that stay."""
    if kept is None:
        raise CheckpointError("a narrowed hidden layer needs to know which hidden units stay")
    return {name: value[kept.to(value.device)] for name, value in layer.named_parameters()}
