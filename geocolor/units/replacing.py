"""Put layers in the place of others for a while, and tell whether a model would call them."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn

from geocolor.errors import ModelError
from geocolor.units.outputs import Run
from geocolor.units.unit import Unit

__all__ = ["replaced", "require_replaceable"]


@contextmanager
def replaced(model: nn.Module, layers: Mapping[str, nn.Module]) -> Iterator[None]:
    """Put layers at places of a model, by dotted path; what stood there is put back at the end."""
    held = {name: model.get_submodule(name) for name in layers}
    try:
        for name, layer in layers.items():
            _put(model, name, layer)
        yield
    finally:
        for name, layer in held.items():
            _put(model, name, layer)


def _put(model: nn.Module, name: str, layer: nn.Module) -> None:
    parent, _, attribute = name.rpartition(".")
    setattr(model.get_submodule(parent), attribute, layer)


@torch.no_grad()
def require_replaceable(model: nn.Module, units: Sequence[Unit], run: Run) -> None:
    """Make sure that a model calls what stands in the place of its layers, and not the layers.

    Copies are put there for one run. A model that fails on the data is left to those who measure.

    Parameters
    ----------
    model : torch.nn.Module
        In eval mode; put back as it was.
    units : sequence of Unit
        What is to be replaced.
    run : callable
        Calls the model on one sample.

    Raises
    ------
    ModelError
        A layer is called all the same: something other than its parent module holds it too.
    """
    layers = {unit.name: model.get_submodule(unit.name) for unit in units}
    names = {id(layer): name for name, layer in layers.items()}
    missed: list[str] = []

    def watch(called: nn.Module, _inputs: Any) -> None:
        # Copies have their original's hooks.
        if id(called) in names:
            missed.append(names[id(called)])

    hooks = [layer.register_forward_pre_hook(watch) for layer in layers.values()]
    try:
        with replaced(model, {name: copy.copy(layer) for name, layer in layers.items()}):
            run(model)
    except Exception:
        return
    finally:
        for hook in hooks:
            hook.remove()
    if missed:
        raise ModelError(
            f"{missed[0]} is called through something besides the module that has it, a plain list "
            "or dict say, where what replaces it would not be found; hold layers in an "
            "nn.ModuleList or nn.ModuleDict, or call them as attributes"
        )
