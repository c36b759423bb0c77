"""Several models as one: a ModuleList of them, whose modules' names begin with a number."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from torch import nn

from geocolor.errors import ModelError
from geocolor.units.unit import Unit

__all__ = ["joined_models", "models_of", "prefixed_units"]


def joined_models(model: Any) -> nn.Module:
    """Make a ModuleList of several models; one model stays as it is.

    Raises
    ------
    ModelError
        It is neither a module nor a sequence of some.
    """
    if isinstance(model, nn.ModuleList) or not isinstance(model, nn.Module):
        several = list(model) if isinstance(model, nn.ModuleList | Sequence) else [model]
        wrong = next((part for part in several if not isinstance(part, nn.Module)), None)
        if wrong is not None:
            raise ModelError(f"a torch.nn.Module is needed, not {type(wrong).__name__}")
        if not several:
            raise ModelError("no model was given")
        if len(set(several)) < len(several):
            raise ModelError("one model was given twice; give copies, or each once")
        return nn.ModuleList(several)
    return model


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
