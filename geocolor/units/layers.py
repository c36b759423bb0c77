"""All that is known of particular classes of layers; everywhere else a layer is a matrix.

Linear layers, transposed ones (``Conv1D`` of transformers) and convolutions, whose matrix is
applied to the patches under the kernel (KFC: Grosse and Martens, 2016).
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from inspect import getattr_static
from typing import Any

from torch import Tensor, nn
from torch.nn import functional

from geocolor.errors import ModelError

__all__ = ["Layer", "has_other_forward", "is_layer", "layer_of", "matrix_of", "rebuilt"]


@dataclass(frozen=True)
class Layer:
    """A module seen as a matrix product, ``output row = matrix @ input row``.

    Attributes
    ----------
    kind : str
        Two layers of one kind can hold one weight if their matrices have one shape.
    reads : hashable
        How the input becomes rows. Layers that read one tensor in one way see the same rows.
    input_rows, output_rows : callable
        The module's input, and its output or the gradient there, as a tensor
        ``(..., features)``; batch first, one row for each place the matrix is applied at.
    matrix, weight : callable
        From the module's weight to the matrix ``(out, in)``, and back; either may have lost
        rows, or columns where `taps` is 1.
    taps : int
        Columns of the matrix for each input channel.
    widths : tuple of str
        The module's attributes that say how many outputs and inputs it has.
    """

    kind: str
    reads: Hashable
    input_rows: Callable[[Tensor], Tensor]
    output_rows: Callable[[Tensor], Tensor]
    matrix: Callable[[Tensor], Tensor]
    weight: Callable[[Tensor], Tensor]
    taps: int
    widths: tuple[str, str]


def _same(tensor: Tensor) -> Tensor:
    return tensor


def _transposed(tensor: Tensor) -> Tensor:
    return tensor.T


def _is_transposed_linear(module: nn.Module) -> bool:
    # By name: transformers need not be installed, and is slow to import.
    kind = type(module)
    return kind.__name__ == "Conv1D" and kind.__module__ == "transformers.pytorch_utils"


def layer_of(module: nn.Module) -> Layer:
    """Describe a module.

    Raises
    ------
    ModelError
        It is no layer that is one matrix. Subclasses are none, since they may compute something
        else; nor are layers whose forward was replaced; nor grouped convolutions, which are several
        matrices.
    """
    kind = type(module)
    if has_other_forward(module):
        raise ModelError(f"the forward of a {kind.__name__} was replaced; it may compute anything")
    if kind is nn.Linear:
        widths = ("out_features", "in_features")
        return Layer("linear", "features", _same, _same, _same, _same, 1, widths)
    if _is_transposed_linear(module):
        turned = _transposed
        return Layer("transposed", "features", _same, _same, turned, turned, 1, ("nf", "nx"))
    if kind is nn.Conv1d or kind is nn.Conv2d:
        return _convolution(module)
    raise ModelError(f"curvature of a {kind.__name__} cannot be measured")


def has_other_forward(module: nn.Module) -> bool:
    """Whether a module's forward was replaced by other than that of its class, and itself."""
    own = vars(module).get("forward")
    # Scripted modules have no function that could be theirs.
    its = (getattr(own, "__self__", None), getattr(own, "__func__", None))
    return own is not None and its != (module, getattr_static(type(module), "forward"))


def is_layer(module: nn.Module) -> bool:
    """Whether :func:`layer_of` can describe a module."""
    try:
        layer_of(module)
    except ModelError:
        return False
    return True


def matrix_of(module: nn.Module) -> Tensor:
    """Give the matrix of a layer, shape (out, in): a view of its weight."""
    return layer_of(module).matrix(module.get_parameter("weight"))


def rebuilt(module: nn.Module, weight: nn.Parameter, bias: nn.Parameter | None) -> Any:
    """Copy a layer, hooks and all, with other parameters: those of fewer rows or columns, say.

    Parameters
    ----------
    module : torch.nn.Module
        Left as it is.
    weight, bias : torch.nn.Parameter
        In the form the layer keeps them in.
    """
    layer = layer_of(module)
    made = copy.copy(module)
    made._parameters = {**module._parameters, "weight": weight, "bias": bias}
    made._modules = dict(module._modules)
    # Put there by what took a replacement back, it is that of the other.
    vars(made).pop("forward", None)
    rows, columns = layer.matrix(weight).shape
    for name, width in zip(layer.widths, (rows, columns // layer.taps), strict=True):
        setattr(made, name, width)
    return made


def _convolution(module: Any) -> Layer:
    if module.groups != 1:
        raise ModelError(
            f"a convolution of {module.groups} groups is so many matrices; curvature is "
            "measured of one"
        )
    size = tuple(module.kernel_size)
    flat = len(size) == 1
    kernel, stride, dilation = (
        (1, *given) if flat else tuple(given)
        for given in (module.kernel_size, module.stride, module.dilation)
    )
    # What the module's own forward uses where padding is "same" or is not with zeros.
    padding = tuple(module._reversed_padding_repeated_twice)
    mode = "constant" if module.padding_mode == "zeros" else module.padding_mode
    dimensions = 2 + len(size)
    taps = math.prod(size)

    def batched(tensor: Tensor) -> Tensor:
        return tensor if tensor.ndim == dimensions else tensor[None]

    def input_rows(images: Tensor) -> Tensor:
        padded = functional.pad(batched(images), padding, mode=mode)
        if flat:
            padded = padded.unsqueeze(2)
        return functional.unfold(padded, kernel, dilation=dilation, stride=stride).mT

    def output_rows(images: Tensor) -> Tensor:
        return batched(images).flatten(2).mT

    def matrix(weight: Tensor) -> Tensor:
        return weight.flatten(1)

    def weight(matrix: Tensor) -> Tensor:
        rows, columns = matrix.shape
        return matrix.reshape(rows, columns // taps, *size)

    kind = f"convolution {'x'.join(map(str, size))}"
    reads = (kernel, stride, dilation, padding, mode)
    widths = ("out_channels", "in_channels")
    return Layer(kind, reads, input_rows, output_rows, matrix, weight, taps, widths)
