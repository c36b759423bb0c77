"""Find the shareable matrices of any model."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from itertools import zip_longest

from torch import nn

from geocolor.errors import ModelError
from geocolor.units.architectures import RESIDUAL_ROLES
from geocolor.units.layers import has_other_forward, is_layer, layer_of, matrix_of
from geocolor.units.several import models_of, prefixed_units
from geocolor.units.unit import Side, Unit

__all__ = ["find_units", "held_once"]


def find_units(model: nn.Module) -> list[Unit]:
    """List the Linear, Conv1D and convolution layers that stand in numbered blocks, in their order.

    A layer whose weight another module uses too (an output embedding, say) is left alone, and so
    is one outside numbered blocks (a classification head), unless the model has no blocks at all.

    Parameters
    ----------
    model : torch.nn.Module
        Any model, or a ModuleList of several.

    Returns
    -------
    list of Unit
        At least one of each model. Of several models, those at one place follow each other.

    Raises
    ------
    ModelError
        There is no such layer in a model.
    """
    once = held_once(model)

    def chosen(part: nn.Module) -> dict[str, nn.Module]:
        layers = {
            name: module
            for name, module in part.named_modules()
            # A model that is itself a layer has no parent in which to replace it.
            if name and is_layer(module) and once(module)
        }
        return {n: module for n, module in layers.items() if re.search(r"\d", n)} or layers

    found = [chosen(part) for part in models_of(model).values()]
    if not all(found):
        replaced = any(map(has_other_forward, model.modules()))
        raise ModelError(
            "the model has no Linear, Conv1D or convolution layer with a weight of its own to share"
            + "; layers whose forward was replaced are none: take that back first (accelerate's by "
            "remove_hook_from_module(model, recurse=True))" * replaced
        )
    mixed = len({_storage(module) for layers in found for module in layers.values()}) > 1
    units = [_units(layers, mixed=mixed) for layers in found]
    if not isinstance(model, nn.ModuleList):
        return units[0]
    numbered = [prefixed_units(own, at) for at, own in enumerate(units)]
    return [unit for row in zip_longest(*numbered) for unit in row if unit is not None]


def held_once(model: nn.Module) -> Callable[[nn.Module], bool]:
    """Tell of a module with a weight whether it and its weight have one place in a model each."""
    weights = Counter(
        id(parameter)
        for module in model.modules()
        for parameter in module.parameters(recurse=False)
    )
    # A module with two names could be replaced at one of them only.
    places = Counter(id(child) for parent in model.modules() for child in parent._modules.values())
    return lambda module: weights[id(module.weight)] == places[id(module)] == 1


def _units(layers: Mapping[str, nn.Module], *, mixed: bool) -> list[Unit]:
    depths = _depths(layers)
    return [_unit(name, module, depths[name], mixed=mixed) for name, module in layers.items()]


def _numbers(name: str) -> str:
    """Pattern of the numbers that tell blocks apart.

    In ``blocks.3.fc1`` only the 3 does; in a path of ``fc1`` alone, there is nothing else.
    """
    return r"(?<![^.])\d+(?![^.])" if re.search(r"(^|\.)\d+(\.|$)", name) else r"\d+"


def _role(name: str) -> str:
    return re.sub(_numbers(name), "*", name)


def _depths(names: Iterable[str]) -> dict[str, int]:
    """Give every layer its block's number; where blocks have several, their place in that order.

    Numbers that are the same in all layers of a role are part of its name.
    """
    roles: dict[str, dict[str, tuple[int, ...]]] = defaultdict(dict)
    depths = {}
    for order, name in enumerate(names):
        numbers = tuple(map(int, re.findall(_numbers(name), name)))
        if numbers:
            roles[_role(name)][name] = numbers
        else:
            depths[name] = order
    for members in roles.values():
        columns = [set(column) for column in zip(*members.values(), strict=True)]
        telling = [at for at, column in enumerate(columns) if len(column) > 1] or [0]
        blocks = sorted({tuple(numbers[at] for at in telling) for numbers in members.values()})
        for name, numbers in members.items():
            block = tuple(numbers[at] for at in telling)
            depths[name] = block[0] if len(telling) == 1 else blocks.index(block)
    return depths


def _storage(module: nn.Module) -> str:
    """Tell how a layer's weight is stored; one parameter serves layers of one kind only."""
    weight = module.get_parameter("weight")
    frozen = "" if weight.requires_grad else " frozen"
    return f"{weight.dtype} {weight.device}{frozen}"


def _unit(name: str, module: nn.Module, depth: int, *, mixed: bool) -> Unit:
    rows, columns = matrix_of(module).shape
    kind = layer_of(module).kind
    role = _role(name)
    ending = max(
        (end for end in RESIDUAL_ROLES if f".{name}".endswith(f".{end}")), key=len, default=None
    )
    # Unknown role: it shares with its own kind, on the side where a basis is smaller.
    smaller = Side.READ if columns <= rows else Side.WRITE
    side = smaller if ending is None else RESIDUAL_ROLES[ending]
    space = [
        role if ending is None else "residual",
        # The width of the space that the family has in common.
        str(columns if side is Side.READ else rows),
        *([] if kind == "linear" else [kind]),
        *([_storage(module)] if mixed else []),
    ]
    return Unit(name, role, depth, (rows, columns), side, " ".join(space))
