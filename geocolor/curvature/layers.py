"""What curvature needs to know of each kind of layer: the rows that meet in its matrix product.

Linear layers, transposed ones (``Conv1D`` of transformers) and convolutions, whose rows are the
patches under the kernel (KFC: Grosse and Martens, 2016).
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn
from torch.nn import functional

from geocolor.errors import ModelError
from geocolor.units import Unit

__all__ = ["Layer", "layer_of", "layers_of"]


@dataclass(frozen=True)
class Layer:
    """A module seen as a matrix product, ``output row = matrix @ input row``.

    Attributes
    ----------
    reads : hashable
        How the input becomes rows. Layers that read one tensor in one way see the same rows.
    input_rows, output_rows : callable
        The module's input, and its output or the gradient there, as a tensor
        ``(..., features)``; batch first, one row for each place the matrix is applied at.
    matrix, weight : callable
        From the module's weight to the matrix ``(out, in)``, and back.
    """

    reads: Hashable
    input_rows: Callable[[Tensor], Tensor]
    output_rows: Callable[[Tensor], Tensor]
    matrix: Callable[[Tensor], Tensor]
    weight: Callable[[Tensor], Tensor]


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
        It is no layer whose curvature can be measured. Subclasses are none, since they may
        compute something else; nor are grouped convolutions, which are several matrices.
    """
    kind = type(module)
    if kind is nn.Linear:
        return Layer("features", _same, _same, _same, _same)
    if _is_transposed_linear(module):
        return Layer("features", _same, _same, _transposed, _transposed)
    if kind is nn.Conv1d or kind is nn.Conv2d:
        return _convolution(module)
    raise ModelError(f"curvature of a {kind.__name__} cannot be measured")


def _convolution(module: Any) -> Layer:
    if module.groups != 1:
        raise ModelError(
            f"a convolution of {module.groups} groups is so many matrices; curvature is "
            "measured of one"
        )
    flat = len(module.kernel_size) == 1
    kernel, stride, dilation = (
        (1, *given) if flat else tuple(given)
        for given in (module.kernel_size, module.stride, module.dilation)
    )
    # What the module's own forward uses where padding is "same" or is not with zeros.
    padding = tuple(module._reversed_padding_repeated_twice)
    mode = "constant" if module.padding_mode == "zeros" else module.padding_mode
    dimensions = 2 + len(module.kernel_size)

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
        return matrix.reshape(module.weight.shape)

    reads = (kernel, stride, dilation, padding, mode)
    return Layer(reads, input_rows, output_rows, matrix, weight)


def layers_of(
    model: nn.Module, units: Sequence[Unit]
) -> dict[str, tuple[Layer, tuple[nn.Module, ...]]]:
    """Find every module in which each unit's weight is used.

    Parameters
    ----------
    model : torch.nn.Module
        Any model.
    units : sequence of Unit
        What is to be measured.

    Returns
    -------
    dict of str to (Layer, tuple of torch.nn.Module)
        By unit name: one module, or several that hold one and the same weight.

    Raises
    ------
    ModelError
        There is no such layer, its shape is another, or its weight is used where it cannot be
        measured, so that factors would count some of its uses only.
    """
    holders: dict[int, list[tuple[str, nn.Module]]] = {}
    for name, module in model.named_modules():
        for parameter in module.parameters(recurse=False):
            holders.setdefault(id(parameter), []).append((name, module))
    found: dict[str, tuple[Layer, tuple[nn.Module, ...]]] = {}
    owners: dict[int, str] = {}
    for unit in units:
        try:
            module = model.get_submodule(unit.name)
        except AttributeError:
            raise ModelError(f"the model has no layer {unit.name}") from None
        layer = _named_layer(unit.name, module)
        weight = module.get_parameter("weight")
        shape = tuple(layer.matrix(weight).shape)
        if shape != unit.shape:
            raise ModelError(f"{unit.name} has shape {shape}, its unit {unit.shape}")
        first = owners.setdefault(id(weight), unit.name)
        if first != unit.name:
            raise ModelError(f"{first} and {unit.name} hold one weight; make it one unit")
        for name, other in holders[id(weight)]:
            same_way = type(other) is type(module) and getattr(other, "weight", None) is weight
            if not same_way:
                raise ModelError(
                    f"the weight of {unit.name} is also that of {name}, a "
                    f"{type(other).__name__}; its curvature would count one of the two only"
                )
        modules = tuple(other for _, other in holders[id(weight)])
        if any(layer_of(other).reads != layer.reads for other in modules):
            raise ModelError(f"the weight of {unit.name} is used with other strides elsewhere")
        found[unit.name] = (layer, modules)
    return found


def _named_layer(name: str, module: nn.Module) -> Layer:
    try:
        return layer_of(module)
    except ModelError as error:
        raise ModelError(f"{name}: {error}") from None
