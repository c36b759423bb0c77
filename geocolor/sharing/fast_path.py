"""torch's encoder layers call their parts, where these are no longer what a kernel takes them for.

In eval mode without gradients :class:`torch.nn.TransformerEncoderLayer` calls nothing: one kernel
reads the weights of its parts. Of a layer in two factors that would be the product, formed anew
each time. And :class:`torch.nn.TransformerEncoder` packs what is padded into nested tensors, which
that kernel alone can read.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from torch import nn

__all__ = ["call_parts", "without_nested_tensors"]


def call_parts(model: nn.Module, names: Iterable[str]) -> None:
    """Have encoder layers of torch call some of their parts, in place.

    Parameters
    ----------
    model : torch.nn.Module
        The model.
    names : iterable of str
        Layers that were replaced, of encoder layers or not.
    """
    parts = [
        model.get_submodule(name)
        for name in names
        if isinstance(model.get_submodule(name.rpartition(".")[0]), nn.TransformerEncoderLayer)
    ]
    for part in parts:
        part.register_forward_pre_hook(_nothing)
    if parts:
        without_nested_tensors(model)


def without_nested_tensors(model: nn.Module) -> None:
    """Have encoders of torch take what is padded as it is, in place."""
    for module in model.modules():
        if isinstance(module, nn.TransformerEncoder):
            module.use_nested_tensor = False


def _nothing(_module: nn.Module, _inputs: Any) -> None:
    """Do nothing: an encoder layer goes by whether there are hooks."""
