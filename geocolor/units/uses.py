"""How models use their matrices: at how many places, and which of them read one tensor."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count
from typing import Any

from torch import Tensor, nn

from geocolor.units.layers import layer_of
from geocolor.units.unit import Unit

__all__ = ["Use", "by_place", "caller_of", "count_uses"]


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
    spatial : bool
        Whether its places are those of an image or a signal, and no tokens.
    per : str
        What `places` are those of: a ``sample``, a ``token`` or a ``place`` (:func:`by_place`).
    """

    places: int
    reads: str
    calls: int = 1
    input: tuple[int, ...] = ()
    spatial: bool = False
    per: str = "sample"


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


def by_place(models: Sequence[Mapping[str, Use]]) -> list[dict[str, Use]]:
    """Count by token, where all calls within a model are at as many, as in a language model.

    Parameters
    ----------
    models : sequence of mapping of str to Use
        Of each model that is counted together with the others, places of a sample.

    Returns
    -------
    list of dict of str to Use
        By token, or place of an image, if that can be said of all models. Otherwise, or where a
        sample is one place, as they were.
    """
    common = [_places_of_a_call(uses) for uses in models]
    if min(common) <= 1:
        return [dict(uses) for uses in models]
    spatial = any(use.spatial for uses in models for use in uses.values())
    per = "place" if spatial else "token"
    return [
        {name: replace(use, places=use.places // at, per=per) for name, use in uses.items()}
        for uses, at in zip(models, common, strict=True)
    ]


def _places_of_a_call(uses: Mapping[str, Use]) -> int:
    """Count the places of each call, where all calls are at as many; 0 otherwise."""
    found = {divmod(use.places, use.calls) if use.calls else (0, 0) for use in uses.values()}
    places, rest = found.pop() if len(found) == 1 else (0, 0)
    return 0 if rest else places


def count_uses(
    model: nn.Module, units: Sequence[Unit], run: Callable[[nn.Module], object]
) -> dict[str, Use]:
    """Watch a model, or a part of it, use its units.

    Parameters
    ----------
    model : torch.nn.Module
        In eval mode.
    units : sequence of Unit
        The matrices.
    run : callable
        Calls the model, or the part, on one sample.

    Returns
    -------
    dict of str to Use
        By unit name; places are of the whole sample.
    """
    places = dict.fromkeys((unit.name for unit in units), 0)
    spatial = {name for name in places if layer_of(model.get_submodule(name)).reads != "features"}
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
            if name not in spatial:
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
            spatial=name in spatial,
        )
        for name, applied in places.items()
    }
