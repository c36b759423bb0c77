"""Layers whose matrix is kept in parts, some of which others may share."""

from __future__ import annotations

from typing import Any, TypeVar

import torch
from torch import Tensor, nn

from geocolor.sharing.once import Once
from geocolor.units import layer_of, rebuilt

__all__ = [
    "Factored",
    "FactoredConvolution",
    "FactoredLinear",
    "Residual",
    "factored",
    "residual",
    "stored_matrices",
]

_Module = TypeVar("_Module", bound=nn.Module)


class Factored(nn.Module):
    """A layer of matrix ``second @ first``; the product is not formed.

    Sharing is by identity: several layers hold the same :class:`torch.nn.Parameter` as `first`
    (a read-side basis) or as `second` (a write-side basis). Such ties survive ``deepcopy`` and
    moves of device or dtype, and gradients of all uses add up.

    Parameters
    ----------
    first : torch.nn.Parameter, shape (rank, columns)
        Applied to what the layer reads.
    second : torch.nn.Parameter, shape (rows, rank)
        Applied to the result.
    bias : torch.nn.Parameter, optional, shape (rows,)
        Private to the layer.
    """

    def __init__(
        self, first: nn.Parameter, second: nn.Parameter, bias: nn.Parameter | None = None
    ) -> None:
        super().__init__()
        self.first = first
        self.second = second
        self.bias: nn.Parameter | None
        self.register_parameter("bias", bias)

    @property
    def rank(self) -> int:
        """Width in between."""
        return self.first.shape[0]

    @property
    def matrix(self) -> Tensor:
        """The product, formed when read; shape (rows, columns)."""
        return self.second @ self.first

    def extra_repr(self) -> str:
        """Show the rank."""
        return f"rank={self.rank}, bias={self.bias is not None}"


class FactoredLinear(Factored):
    """``y = second @ (first @ x) + bias``: a Linear layer, or a transposed one, in two factors.

    Attributes
    ----------
    once : Once or None
        Common to layers of one module that share `first`.
    """

    once: Once | None = None

    @property
    def in_features(self) -> int:
        """Width of the input."""
        return self.first.shape[1]

    @property
    def out_features(self) -> int:
        """Width of the output."""
        return self.second.shape[0]

    @property
    def weight(self) -> Tensor:
        """The product, formed when read: for modules that look at their layers' weights."""
        return self.matrix

    def forward(self, x: Tensor) -> Tensor:
        """Apply both factors; shape (..., in_features) to (..., out_features)."""
        apply = nn.functional.linear if self.once is None else self.once.apply
        hidden = apply(x, self.first)
        return nn.functional.linear(hidden, self.second, self.bias)

    def extra_repr(self) -> str:
        """Show the shape and rank."""
        shape = f"in_features={self.in_features}, out_features={self.out_features}"
        return f"{shape}, {super().extra_repr()}"


class FactoredConvolution(Factored):
    """A convolution to `rank` channels and a pointwise one from there.

    Convolutions that share `first` may move over their inputs in different steps.

    Parameters
    ----------
    first, second, bias
        As for :class:`Factored`; columns are input channels times kernel.
    like : torch.nn.Conv1d or torch.nn.Conv2d
        What it stands for: channels, kernel, stride, padding and dilation are taken from it.
    """

    def __init__(
        self, first: nn.Parameter, second: nn.Parameter, bias: nn.Parameter | None, like: Any
    ) -> None:
        super().__init__(first, second, bias)
        self.in_channels: int = like.in_channels
        self.out_channels: int = like.out_channels
        self.kernel_size: tuple[int, ...] = tuple(like.kernel_size)
        self.stride: tuple[int, ...] = tuple(like.stride)
        self.padding = like.padding
        self.dilation: tuple[int, ...] = tuple(like.dilation)
        self.padding_mode: str = like.padding_mode
        self._edges = tuple(like._reversed_padding_repeated_twice)

    @property
    def weight(self) -> Tensor:
        """The product as a kernel, formed when read."""
        return self.matrix.reshape(self.out_channels, self.in_channels, *self.kernel_size)

    def forward(self, x: Tensor) -> Tensor:
        """Apply both factors; shape (batch, in_channels, ...) to (batch, out_channels, ...)."""
        flat = len(self.kernel_size) == 1
        convolve: Any = nn.functional.conv1d if flat else nn.functional.conv2d
        padding = self.padding
        if self.padding_mode != "zeros":
            x, padding = nn.functional.pad(x, self._edges, mode=self.padding_mode), 0
        moves = (self.stride, padding, self.dilation)
        if not self.rank:  # torch convolves to no fewer than one channel
            return torch.as_tensor(convolve(x, self.weight, self.bias, *moves))
        kernel = self.first.reshape(self.rank, self.in_channels, *self.kernel_size)
        pointwise = self.second.reshape(*self.second.shape, *(1 for _ in self.kernel_size))
        hidden = convolve(x, kernel, None, *moves)
        return torch.as_tensor(convolve(hidden, pointwise, self.bias))

    def extra_repr(self) -> str:
        """Show the shape, kernel and rank."""
        shape = f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}"
        return f"{shape}, stride={self.stride}, {super().extra_repr()}"


def factored(module: Any, first: nn.Parameter, second: nn.Parameter) -> Factored:
    """Make the layer that computes what `module` does, with ``second @ first`` for its matrix.

    Hooks of `module` are its own too.

    Raises
    ------
    ModelError
        `module` is no layer that is one matrix.
    """
    return _hooked(_in_two(module, first, second, module.bias), module)


# Ordinary attributes of every module, which a layer in the place of another takes over from it.
_HOOKS = (
    "_forward_hooks",
    "_forward_hooks_with_kwargs",
    "_forward_hooks_always_called",
    "_forward_pre_hooks",
    "_forward_pre_hooks_with_kwargs",
    "_backward_hooks",
    "_backward_pre_hooks",
    "_is_full_backward_hook",
)


def _hooked(made: _Module, like: nn.Module) -> _Module:
    """Give a layer what is called around another; the very hooks, so that they can be removed."""
    for name in _HOOKS:
        setattr(made, name, getattr(like, name))
    return made.train(like.training)


def _in_two(module: Any, first: nn.Parameter, second: nn.Parameter, bias: Any) -> Factored:
    layer_of(module)
    if isinstance(module, nn.Conv1d | nn.Conv2d):
        return FactoredConvolution(first, second, bias, module)
    return FactoredLinear(first, second, bias)


class Residual(nn.Module):
    """A layer whose matrix is one that others hold too, and a difference of low rank from it.

    Parameters
    ----------
    base : torch.nn.Module
        A layer; its weight is shared by identity, as in :class:`Factored`, its bias private.
    difference : Factored
        Reads what `base` reads, without a bias; its output is added.
    """

    def __init__(self, base: nn.Module, difference: Factored) -> None:
        super().__init__()
        self.base = base
        self.difference = difference

    @property
    def rank(self) -> int:
        """Rank of the difference."""
        return self.difference.rank

    @property
    def weight(self) -> Tensor:
        """The weight in effect, formed when read."""
        own = layer_of(self.base).weight(self.difference.matrix)
        return self.base.get_parameter("weight") + own

    @property
    def bias(self) -> nn.Parameter | None:
        """That of `base`."""
        bias: nn.Parameter | None = getattr(self.base, "bias", None)
        return bias

    def forward(self, x: Tensor) -> Tensor:
        """Apply the shared matrix and the difference."""
        return torch.as_tensor(self.base(x) + self.difference(x))


def residual(module: Any, first: nn.Parameter, second: nn.Parameter) -> Residual:
    """Make the layer that computes what `module` does, with ``second @ first`` added to its matrix.

    It has the hooks of `module`, whose copy within it has none.

    Raises
    ------
    ModelError
        `module` is no layer that is one matrix.
    """
    difference = _in_two(module, first, second, None)
    base = _hooked(rebuilt(module, module.weight, module.bias), nn.Module())
    return _hooked(Residual(base, difference), module)


def stored_matrices(layer: nn.Module) -> tuple[nn.Parameter, ...]:
    """Give the parameters that a layer's matrix is kept in, its bias apart."""
    if isinstance(layer, Factored):
        return layer.first, layer.second
    if isinstance(layer, Residual):
        return *stored_matrices(layer.base), *stored_matrices(layer.difference)
    return (layer.get_parameter("weight"),)
