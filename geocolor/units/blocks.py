"""Blocks: the list of layers of a model that can be gone through one after another."""

from __future__ import annotations

from collections.abc import Sequence

from torch import nn

from geocolor.errors import ModelError
from geocolor.units.unit import Unit

__all__ = ["find_blocks"]


def find_blocks(model: nn.Module, units: Sequence[Unit]) -> tuple[str, ...]:
    """Find the one list of blocks that holds all units.

    Parameters
    ----------
    model : torch.nn.Module
        Any model; its parameters may be on the meta device.
    units : sequence of Unit
        What is to be measured.

    Returns
    -------
    tuple of str
        Dotted paths of the blocks, in their order.

    Raises
    ------
    ModelError
        There is no such list, or its blocks have parameters in common or with the rest.
    """
    lists = [
        path
        for path, module in model.named_modules()
        if isinstance(module, nn.ModuleList)
        and path
        and all(unit.name.startswith(f"{path}.") for unit in units)
    ]
    if not lists:
        raise ModelError(
            "the model cannot be gone through block by block: what may share does not stand in "
            "one list of blocks"
        )
    path = max(lists, key=len)
    owners: dict[int, str] = {}
    for name, parameter in model.named_parameters(remove_duplicate=False):
        number = name.removeprefix(f"{path}.").partition(".")[0]
        owner = number if name.startswith(f"{path}.") else ""
        if owners.setdefault(id(parameter), owner) != owner:
            raise ModelError(
                f"the model cannot be gone through block by block: {name} is also a parameter of "
                "another part"
            )
    return tuple(f"{path}.{number}" for number in range(len(model.get_submodule(path)._modules)))
