"""Carry a plan out on a model: structure first, then values."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from geocolor.errors import CheckpointError
from geocolor.sharing.fast_path import call_parts
from geocolor.sharing.layers import FactoredLinear, factored, residual
from geocolor.sharing.once import Once
from geocolor.sharing.plan import GroupPlan, SharingPlan
from geocolor.units import caller_of, is_layer, layer_of, matrix_of, rebuilt

__all__ = ["GroupWeights", "apply_plan", "prepare_structure", "put_back_on_error"]


@dataclass(frozen=True, eq=False)
class GroupWeights:
    """Values of one group, as matrices whatever their layers keep.

    Attributes
    ----------
    shared : Tensor
        The basis, ``first`` on the read side (rank, in) or ``second`` on the write side
        (out, rank); or the one matrix (out, in) of a tied group, with differences or without; or
        what the reader of a narrowed hidden layer has for the hidden units that stay (out, rank).
    own : mapping of str to Tensor
        The other factor of every member; empty for a tied group and a hidden layer.
    kept : Tensor of int64, shape (rank,), optional
        Hidden units that stay, ascending.
    differences : mapping of str to (Tensor, Tensor), shapes (out, rank) and (rank, in)
        Factors of what every member of a residual group adds to the shared matrix.
    """

    shared: Tensor
    own: Mapping[str, Tensor]
    kept: Tensor | None = None
    differences: Mapping[str, tuple[Tensor, Tensor]] = field(default_factory=dict)


def prepare_structure(model: nn.Module, plan: SharingPlan) -> None:
    """Replace layers in place so that `model` has the plan's parameters, values yet unset.

    Raises
    ------
    CheckpointError
        The plan names something that is no layer of `model` that can share, groups layers that
        do not fit together, or has a rank that saves nothing to have.
    """
    for group in plan.groups:
        layers = [_layer(model, name) for name in group.members]
        if group.form == "tied":
            _prepare_tied(group, layers)
        elif group.form == "residual":
            _prepare_residual(model, group, layers)
        elif group.form == "basis":
            _prepare_basis(model, group, layers)
        elif group.form == "narrow":
            _prepare_narrow(model, group, layers)
    call_parts(
        model,
        [
            name
            for group in plan.groups
            if group.form in ("basis", "residual")
            for name in group.members
        ],
    )
    for group in plan.shared_groups:
        if (group.form, group.side) == ("basis", "read"):
            _apply_once(model, group)


@contextmanager
def put_back_on_error(model: nn.Module) -> Iterator[None]:
    """Undo what was done to a model's modules and parameters, if it fails; not to their values."""
    held = [
        (kept, dict(kept))
        for module in model.modules()
        for kept in (
            module._parameters,
            module._modules,
            module._forward_pre_hooks,
            module._forward_hooks,
            module._forward_hooks_always_called,
        )
    ]
    try:
        yield
    except BaseException:
        for now, before in held:
            now.clear()
            now.update(before)  # type: ignore[arg-type]
        raise


def _replace(model: nn.Module, name: str, layer: nn.Module) -> None:
    parent, _, attribute = name.rpartition(".")
    setattr(model.get_submodule(parent), attribute, layer)


def _layer(model: nn.Module, name: str) -> Any:
    try:
        module = model.get_submodule(name)
    except AttributeError:
        raise CheckpointError(f"the model has no layer {name}; is it the right model?") from None
    if module is model or not is_layer(module):
        raise CheckpointError(
            f"{name!r} is a {type(module).__name__}, no layer that can share; is it the right "
            "model?"
        )
    return module


def _prepare_tied(group: GroupPlan, layers: Sequence[Any]) -> None:
    shapes = {(layer_of(layer).kind, tuple(layer.weight.shape)) for layer in layers}
    if len(shapes) != 1:
        raise CheckpointError(f"tied layers differ in shape: {group.members} are {shapes}")
    for layer in layers[1:]:
        layer.weight = layers[0].weight


def _prepare_residual(model: nn.Module, group: GroupPlan, layers: Sequence[Any]) -> None:
    _prepare_tied(group, layers)
    rows, columns = matrix_of(layers[0]).shape
    if group.rank > min(rows, columns):
        raise CheckpointError(f"rank {group.rank} of {group.members[0]} exceeds its width")
    for name, layer in zip(group.members, layers, strict=True):
        first = _empty((group.rank, columns), layer.weight)
        second = _empty((rows, group.rank), layer.weight)
        _replace(model, name, residual(layer, first, second))


def _prepare_basis(model: nn.Module, group: GroupPlan, layers: Sequence[Any]) -> None:
    read = group.side == "read"
    shapes = [tuple(matrix_of(layer).shape) for layer in layers]
    widths = {columns if read else rows for rows, columns in shapes}
    if len(widths) != 1:
        raise CheckpointError(f"layers that share a basis differ in width: {group.members}")
    width, rank = widths.pop(), group.rank
    if rank > width:
        raise CheckpointError(f"rank {rank} of {group.members[0]} exceeds its width {width}")
    shared = _empty((rank, width) if read else (width, rank), layers[0].weight)
    for name, layer, (rows, columns) in zip(group.members, layers, shapes, strict=True):
        own = _empty((rows, rank) if read else (rank, columns), layer.weight)
        first, second = (shared, own) if read else (own, shared)
        _replace(model, name, factored(layer, first, second))


def _apply_once(model: nn.Module, group: GroupPlan) -> None:
    """Let layers apply their common basis once to what they read together.

    That is within one call of the module around them: one that is called, as a list of layers is
    not.
    """
    together: dict[str, list[FactoredLinear]] = defaultdict(list)
    for name in group.members:
        layer = model.get_submodule(name)
        if isinstance(layer, FactoredLinear):
            together[caller_of(model, name)].append(layer)
    for caller, layers in together.items():
        if len(layers) > 1:
            once = Once()
            once.watch(model.get_submodule(caller))
            for layer in layers:
                layer.once = once


def _prepare_narrow(model: nn.Module, group: GroupPlan, layers: Sequence[Any]) -> None:
    shapes = [tuple(matrix_of(layer).shape) for layer in layers]
    width = shapes[-1][1]
    if any(rows != width for rows, _ in shapes[:-1]) or layer_of(layers[-1]).taps > 1:
        raise CheckpointError(f"{group.members[-1]} does not read what {group.members[:-1]} write")
    if group.rank > width:
        raise CheckpointError(f"{group.members[-1]} reads {width} hidden units, not {group.rank}")
    for name, layer, (rows, columns) in zip(group.members, layers, shapes, strict=True):
        reads = layer is layers[-1]
        matrix = layer.weight.new_zeros((rows, group.rank) if reads else (group.rank, columns))
        weight = layer_of(layer).weight(matrix).contiguous()
        bias = layer.bias
        if bias is not None and not reads:
            bias = _empty((group.rank,), bias)
        parameter = nn.Parameter(weight, requires_grad=layer.weight.requires_grad)
        _replace(model, name, rebuilt(layer, parameter, bias))


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
        name: _kept_rows(_layer(model, name), weights[group.members].kept)
        for group in plan.narrowed_groups
        for name in group.members[:-1]
    }
    prepare_structure(model, plan)
    for group in plan.groups:
        if group.form == "dense":
            continue
        values = weights[group.members]
        for name in group.members:
            layer: Any = model.get_submodule(name)
            if group.form == "basis":
                own = values.own[name]
                read = group.side == "read"
                layer.first.copy_(values.shared if read else own)
                layer.second.copy_(own if read else values.shared)
            elif group.form == "residual":
                second, first = values.differences[name]
                layer.base.weight.copy_(layer_of(layer.base).weight(values.shared))
                layer.difference.first.copy_(first)
                layer.difference.second.copy_(second)
            elif name in rows:
                matrix, bias = rows[name]
                layer.weight.copy_(layer_of(layer).weight(matrix))
                if bias is not None:
                    layer.bias.copy_(bias)
            else:
                layer.weight.copy_(layer_of(layer).weight(values.shared))


def _kept_rows(layer: Any, kept: Tensor | None) -> tuple[Tensor, Tensor | None]:
    """Take out what a layer has for the hidden units that stay."""
    if kept is None:
        raise CheckpointError("a narrowed hidden layer needs to know which hidden units stay")
    matrix = matrix_of(layer)
    kept = kept.to(matrix.device)
    return matrix[kept], None if layer.bias is None else layer.bias[kept]
