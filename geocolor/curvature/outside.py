"""Weights that a model reads otherwise than by calling their layers.

Curvature does not count such a use, and what a plan stores in the weight's place would be used
there as well.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from geocolor.curvature.layers import layers_of
from geocolor.units import Unit

__all__ = ["used_outside"]


@torch.no_grad()
def used_outside(
    model: nn.Module, units: Sequence[Unit], run: Callable[[nn.Module], Tensor]
) -> set[str]:
    """Find weights that an output depends on in other ways than by calls of their layers.

    Weights are NaN but while a layer that has them is called: all at once, which is one run of
    the model, and one by one if that shows.

    Parameters
    ----------
    model : torch.nn.Module
        Changed, and put back.
    units : sequence of Unit
        Whose weights.
    run : callable
        Calls the model and gives its output.

    Returns
    -------
    set of str
        Names of units.
    """
    modules = {name: holders for name, (_, holders) in layers_of(model, units).items()}
    if _runs(model, [one for holders in modules.values() for one in holders], run):
        return set()
    return {name for name, holders in modules.items() if not _runs(model, holders, run)}


def _runs(
    model: nn.Module, modules: Sequence[nn.Module], run: Callable[[nn.Module], Tensor]
) -> bool:
    try:
        with _seen_in_calls_only(modules):
            return bool(run(model).isfinite().all())
    except Exception:
        return False


@contextmanager
def _seen_in_calls_only(modules: Sequence[nn.Module]) -> Iterator[None]:
    weights = {module: module.get_parameter("weight") for module in modules}
    values = {weight: weight.data for weight in weights.values()}

    def show(module: nn.Module, _inputs: object) -> None:
        weights[module].data = values[weights[module]]

    def hide(module: nn.Module, _inputs: object, _output: object) -> None:
        weight = weights[module]
        weight.data = weight.new_full((), torch.nan).expand(weight.shape)

    hooks = [module.register_forward_pre_hook(show) for module in modules]
    hooks += [module.register_forward_hook(hide, prepend=True) for module in modules]
    try:
        for module in modules:
            hide(module, None, None)
        yield
    finally:
        for hook in hooks:
            hook.remove()
        for weight, held in values.items():
            weight.data = held
