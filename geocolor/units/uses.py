"""How a model uses its matrices: at how many places, and which of them read one tensor."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from torch import Tensor, nn

from geocolor.units.layers import layer_of
from geocolor.units.unit import Unit

__all__ = ["Use", "by_place", "count_uses", "find_uses"]


@dataclass(frozen=True)
class Use:
    """What one matrix does in a forward pass.

    Attributes
    ----------
    places : int
        How often it is applied: at every token, or every place of an image.
    reads : str
        Name of the first linear layer beside it that reads the same tensor, or its own.
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
    names = {id(model.get_submodule(unit.name).weight): unit.name for unit in units}
    places = dict.fromkeys((unit.name for unit in units), 0)
    calls = dict(places)
    shapes: dict[str, tuple[int, ...]] = {}
    # The tensors themselves are kept for as long, so that no other gets their place.
    read: dict[str, tuple[Hashable, Tensor]] = {}

    def watch(name: str, module: nn.Module) -> Callable[..., None]:
        layer = layer_of(module)

        def hook(_module: nn.Module, args: Any, kwargs: Any, output: Tensor) -> None:
            places[name] += layer.output_rows(output).shape[:-1].numel()
            inputs = args[0] if args else next(iter(kwargs.values()))
            calls[name] += 1
            shapes[name] = tuple(inputs.shape)
            beside = name.rpartition(".")[0]
            if layer.reads == "features":
                read[name] = ((beside, id(inputs)), inputs)

        return hook

    hooks = [
        module.register_forward_hook(watch(names[id(weight)], module), with_kwargs=True)
        for module in model.modules()
        if (weight := module._parameters.get("weight")) is not None and id(weight) in names
    ]
    try:
        run(model)
    finally:
        for hook in hooks:
            hook.remove()
    first: dict[Hashable, str] = {}
    return {
        name: Use(
            max(1, count),
            first.setdefault(read[name][0], name) if name in read else name,
            calls[name],
            shapes.get(name, ()),
        )
        for name, count in places.items()
    }
