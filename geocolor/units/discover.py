"""Find the shareable matrices of any model made of Linear layers."""

from __future__ import annotations

import re
from collections import Counter

from torch import nn

from geocolor.errors import ModelError
from geocolor.units.architectures import RESIDUAL_ROLES
from geocolor.units.unit import Side, Unit

__all__ = ["find_units"]


def find_units(model: nn.Module) -> list[Unit]:
    """List the Linear layers that stand in numbered blocks, in depth order.

    A layer whose weight another module uses too (an output embedding, say) is left alone, and so
    is one outside numbered blocks (a classification head), unless the model has no blocks at all.

    Parameters
    ----------
    model : torch.nn.Module
        Any model.

    Returns
    -------
    list of Unit
        At least one.

    Raises
    ------
    ModelError
        There is no such layer.
    """
    uses = Counter(
        id(parameter)
        for module in model.modules()
        for parameter in module.parameters(recurse=False)
    )
    linears = {
        name: module
        for name, module in model.named_modules()
        # A subclass may compute something else than W x + b; a model that is itself a layer
        # has no parent in which to replace it.
        if name and type(module) is nn.Linear and uses[id(module.weight)] == 1
    }
    blocks = {name: module for name, module in linears.items() if re.search(r"\d", name)}
    chosen = blocks or linears
    if not chosen:
        raise ModelError("the model has no Linear layer with a weight of its own to share")
    units = [_unit(name, module, order) for order, (name, module) in enumerate(chosen.items())]
    return sorted(units, key=lambda unit: unit.layer)


def _unit(name: str, module: nn.Linear, order: int) -> Unit:
    shape = (module.out_features, module.in_features)
    role = re.sub(r"\d+", "*", name)
    number = re.search(r"\d+", name)
    layer = int(number.group()) if number else order
    ending = max(
        (end for end in RESIDUAL_ROLES if f".{name}".endswith(f".{end}")), key=len, default=None
    )
    if ending is not None:
        side = RESIDUAL_ROLES[ending]
        return Unit(name, role, layer, shape, side, f"residual {_width(shape, side)}")
    # Unknown role: it shares with its own kind, on the side where a basis is smaller.
    side = Side.READ if shape[1] <= shape[0] else Side.WRITE
    return Unit(name, role, layer, shape, side, f"{role} {_width(shape, side)}")


def _width(shape: tuple[int, int], side: Side) -> int:
    """Width of the space that the family has in common."""
    return shape[1] if side is Side.READ else shape[0]
