"""Every module in which a unit's weight is used, so that no use goes uncounted."""

from __future__ import annotations

from collections.abc import Sequence

from torch import nn

from geocolor.errors import ModelError
from geocolor.units import Unit
from geocolor.units.layers import Layer, layer_of

__all__ = ["layers_of"]


def layers_of(
    model: nn.Module, units: Sequence[Unit]
) -> dict[str, tuple[Layer, tuple[nn.Module, ...]]]:
    """Find every module in which each unit's weight is used.

    Parameters
    ----------
    model : torch.nn.Module
        Any model.
    units : sequence of Unit
        What is to be measured.

    Returns
    -------
    dict of str to (Layer, tuple of torch.nn.Module)
        By unit name: one module, or several that hold one and the same weight.

    Raises
    ------
    ModelError
        There is no such layer, its shape is another, or its weight is used where it cannot be
        measured, so that factors would count some of its uses only.
    """
    holders: dict[int, list[tuple[str, nn.Module]]] = {}
    for name, module in model.named_modules():
        for parameter in module.parameters(recurse=False):
            holders.setdefault(id(parameter), []).append((name, module))
    found: dict[str, tuple[Layer, tuple[nn.Module, ...]]] = {}
    owners: dict[int, str] = {}
    for unit in units:
        try:
            module = model.get_submodule(unit.name)
        except AttributeError:
            raise ModelError(f"the model has no layer {unit.name}") from None
        layer = _named_layer(unit.name, module)
        weight = module.get_parameter("weight")
        shape = tuple(layer.matrix(weight).shape)
        if shape != unit.shape:
            raise ModelError(f"{unit.name} has shape {shape}, its unit {unit.shape}")
        first = owners.setdefault(id(weight), unit.name)
        if first != unit.name:
            raise ModelError(f"{first} and {unit.name} hold one weight; make it one unit")
        for name, other in holders[id(weight)]:
            same_way = type(other) is type(module) and getattr(other, "weight", None) is weight
            if not same_way:
                raise ModelError(
                    f"the weight of {unit.name} is also that of {name}, a "
                    f"{type(other).__name__}; its curvature would count one of the two only"
                )
        modules = tuple(other for _, other in holders[id(weight)])
        if any(layer_of(other).reads != layer.reads for other in modules):
            raise ModelError(f"the weight of {unit.name} is used with other strides elsewhere")
        found[unit.name] = (layer, modules)
    return found


def _named_layer(name: str, module: nn.Module) -> Layer:
    try:
        return layer_of(module)
    except ModelError as error:
        raise ModelError(f"{name}: {error}") from None
