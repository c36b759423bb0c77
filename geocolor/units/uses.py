"""How a model uses its matrices: at how many places, and which of them read one tensor."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count
from typing import Any

from torch import Tensor, nn

from geocolor.units.layers import layer_of
from geocolor.units.unit import Unit

__all__ = ["Use", "by_place", "caller_of", "count_uses", "find_uses"]


@dataclass(frozen=True)
class Use:
    """What one matrix does in a forward pass.

    Attributes
    ----------
    places : int
        How often it is applied: at every token, or every place of an image.
    reads : str
        Name of the first linear layer that reads the same tensor in the same call of the module
        around both (:func:`caller_of`), or its own.
    calls : int
        How often its layer is called.
    input : tuple of int
        Shape of what it was called with, the last time.
    """

    places: int
    reads: str
    calls: int = 1
    input: tuple[int, ...] = ()


def find_uses(
    model: nn.Module, units: Sequence[Unit], run: Callable[[nn.Module], object]
) -> dict[str, Use]:
    """Watch a model use its units.

    Parameters
    ----------
    model : torch.nn.Module
        In eval mode.
    units : sequence of Unit
        The matrices.
    run : callable
        Calls the model on one sample.

    Returns
    -------
    dict of str to Use
        By unit name, as :func:`by_place` gives them.
    """
    return by_place(count_uses(model, units, run))


def caller_of(model: nn.Module, name: str) -> str:
    """Name the nearest module around a layer that can be called, as a ModuleList cannot.

    Parameters
    ----------
    model : torch.nn.Module
        The model; its own name is empty.
    name : str
        The layer.
    """
    around = name.rpartition(".")[0]
    while around and type(model.get_submodule(around)).forward is nn.Module.forward:
        around = around.rpartition(".")[0]
    return around


def by_place(uses: Mapping[str, Use]) -> dict[str, Use]:
    """Count one place for each, where all are applied at as many, as they are in a language model.

    Figures are then of a token, and of a sample otherwise.
    """
    if len({use.places for use in uses.values()}) > 1:
        return dict(uses)
    return {name: replace(use, places=1) for name, use in uses.items()}


def count_uses(
    model: nn.Module, units: Sequence[Unit], run: Callable[[nn.Module], object]
) -> dict[str, Use]:
    """Watch a model, or a part of it, use its units; the arguments are those of :func:`find_uses`.

    Places are of the whole sample.
    """
    places = dict.fromkeys((unit.name for unit in units), 0)
    calls = dict(places)
    shapes: dict[str, tuple[int, ...]] = {}
    # The tensors themselves are kept for as long, so that no other gets their place.
    read: dict[str, tuple[Hashable, Tensor]] = {}
    number = count()
    running: dict[str, int] = {}

    def watch(name: str, module: nn.Module, caller: str) -> Callable[..., None]:
        layer = layer_of(module)

        def hook(_module: nn.Module, args: Any, kwargs: Any, output: Tensor) -> None:
            places[name] += layer.output_rows(output).shape[:-1].numel()
            inputs = args[0] if args else next(iter(kwargs.values()))
            calls[name] += 1
            shapes[name] = tuple(inputs.shape)
            if layer.reads == "features":
                # As it is now: it may be changed in place before another reads it.
                counted = caller in running and not inputs.is_inference()
                state = (running[caller], id(inputs), inputs._version) if counted else name
                read[name] = (state, inputs)

        return hook

    hooks = []
    for caller in {caller_of(model, name) for name in places}:
        module = model.get_submodule(caller)

        def begin(_module: nn.Module, _inputs: Any, caller: str = caller) -> None:
            running[caller] = next(number)

        def end(_module: nn.Module, _inputs: Any, _output: Any, caller: str = caller) -> None:
            running.pop(caller, None)

        hooks.append(module.register_forward_pre_hook(begin))
        hooks.append(module.register_forward_hook(end, always_call=True))
    for name in places:
        module = model.get_submodule(name)
        watching = watch(name, module, caller_of(model, name))
        hooks.append(module.register_forward_hook(watching, with_kwargs=True, prepend=True))
    try:
        run(model)
    finally:
        for hook in hooks:
            hook.remove()
    first: dict[Hashable, str] = {}
    return {
        name: Use(
            max(1, applied),
            first.setdefault(read[name][0], name) if name in read else name,
            calls[name],
            shapes.get(name, ()),
        )
        for name, applied in places.items()
    }
