"""Hidden states of a model's blocks, as a second target of recovery."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

from torch import Tensor, nn

from geocolor.errors import ModelError

__all__ = ["block_names", "hidden_distance", "watched_blocks"]

_TINY = 1e-12


def block_names(model: nn.Module) -> tuple[str, ...]:
    """Name the blocks of a model: the members of its outermost lists and sequences of modules.

    The last of each is left out: what it gives is the output, or a norm away from it.

    Raises
    ------
    ModelError
        The model has none.
    """
    names: list[str] = []
    for name, module in model.named_modules():
        within = name and any(f"{name}.".startswith(f"{block}.") for block in names)
        if isinstance(module, nn.ModuleList | nn.Sequential) and not within:
            names += [f"{name}.{at}".lstrip(".") for at in range(len(module) - 1)]
    if not names:
        raise ModelError("the model has no blocks in a row whose hidden states could be compared")
    return tuple(names)


@contextmanager
def watched_blocks(model: nn.Module, names: Sequence[str]) -> Iterator[dict[str, Tensor]]:
    """Give a dict that gets the outputs of blocks as they run, by their names.

    Of outputs in a tuple the first is taken, of several calls the last.
    """
    states: dict[str, Tensor] = {}

    def note(name: str, _module: nn.Module, _inputs: Any, output: Any) -> None:
        state = output[0] if isinstance(output, tuple | list) else output
        if isinstance(state, Tensor) and state.is_floating_point():
            states[name] = state

    hooks = [model.get_submodule(name).register_forward_hook(partial(note, name)) for name in names]
    try:
        yield states
    finally:
        for hook in hooks:
            hook.remove()


def hidden_distance(before: Mapping[str, Tensor], after: Mapping[str, Tensor]) -> Tensor:
    """Mean relative squared distance of hidden states, over blocks and positions.

    Parameters
    ----------
    before, after : mapping of str to Tensor, shape (..., width)
        States of the original and of another model. Those that were narrowed, and so have
        another shape, are left out.

    Raises
    ------
    ModelError
        None are left.
    """
    relative = [
        # Relative at each position: in language models a few states are hundreds of times larger.
        (
            (after[name].float() - state.float()).square().sum(-1)
            / state.float().square().sum(-1).clamp_min(_TINY)
        ).mean()
        for name, state in before.items()
        if name in after and after[name].shape == state.shape
    ]
    if not relative:
        raise ModelError("no block gives hidden states of the shape that the original's has")
    return sum(relative[1:], relative[0]) / len(relative)
