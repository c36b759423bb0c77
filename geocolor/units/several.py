"""Several models as one: a ModuleList of them, whose modules' names begin with a number."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from torch import nn

from geocolor.units.unit import Unit

__all__ = ["models_of", "prefixed_units"]


def models_of(model: nn.Module) -> dict[str, nn.Module]:
    """List the models that a ModuleList holds, or the one model that anything else is.

    Returns
    -------
    dict of str to torch.nn.Module
        By what the names of its modules begin with: ``"0."`` and so on, or nothing.
    """
    if isinstance(model, nn.ModuleList):
        return {f"{at}.": part for at, part in enumerate(model)}
    return {"": model}


def prefixed_units(units: Iterable[Unit], at: int) -> list[Unit]:
    """Name the units of the model of a number among several."""
    return [replace(unit, name=f"{at}.{unit.name}", model=at) for unit in units]
