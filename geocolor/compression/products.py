"""The products that a layer's forms are made of: the layer as it is, and both of its factors."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from geocolor.criterion import LayerLatency, ProductTimes
from geocolor.sharing import FactoredLinear
from geocolor.sharing.once import Once
from geocolor.units import Side, Unit, Use, layer_of, rebuilt

__all__ = ["PAIR_APART", "PAIR_TOGETHER", "LayerProducts", "Product", "pair_products"]

# Two layers that read one tensor: one basis applied once, or the second without one.
PAIR_TOGETHER, PAIR_APART = "pair together", "pair apart"
# Numbers that they read: next to none.
_PAIR_WIDTH = 8
# What a layer of any width is made from; without numbers, as those would be drawn.
_LINEAR = nn.Linear(1, 1, bias=False, device="meta")


@dataclass(frozen=True)
class Product:
    """A product with any weight of one shape, as a layer or a part of one.

    Attributes
    ----------
    key : hashable
        What it does: those that do the same are timed once.
    input, weight : tuple of int
        Shapes.
    prepare : callable
        Gives what is called with the input, for a weight.
    """

    key: Hashable
    input: tuple[int, ...]
    weight: tuple[int, ...]
    prepare: Callable[[nn.Parameter], Callable[[Tensor], Any]]


class LayerProducts:
    """Layers that do the same, and the products that each form of them is made of."""

    def __init__(self, units: Sequence[Unit], module: nn.Module, use: Use) -> None:
        self._units = units
        self._calls = max(1, use.calls)
        rows, columns = units[0].shape
        # An expert that the sample did not reach is timed on one token.
        reads = use.input or (1, columns)
        # As wide as the space that a basis is shared in, or as a hidden layer is.
        shared = columns if units[0].side is Side.READ else rows
        of = _convolution if isinstance(module, nn.Conv1d | nn.Conv2d) else _linear
        self._dense, inward, outward = of(module, (rows, columns), reads)
        self._inward = {width: inward(width) for width in _widths(max(rows, shared))}
        self._outward = {width: outward(width) for width in _widths(max(columns, shared))}

    def products(self) -> Iterator[Product]:
        """Give all of them; other classes may have some of the same."""
        yield self._dense
        yield from self._inward.values()
        yield from self._outward.values()

    def latency(self, found: Mapping[Hashable, float]) -> LayerLatency:
        """Put their times together."""
        names = tuple(unit.name for unit in self._units)
        inward, outward = (
            ProductTimes(
                tuple(products), tuple(self._calls * found[each.key] for each in products.values())
            )
            for products in (self._inward, self._outward)
        )
        dense = self._calls * found[self._dense.key]
        return LayerLatency(names, self._units[0].shape, dense, inward, outward)


class _Pair(nn.Module):
    """Two layers that read one tensor, in three products."""

    def __init__(self, weight: nn.Parameter, *, together: bool) -> None:
        super().__init__()
        self.first = FactoredLinear(weight, weight)
        self.second: nn.Module = rebuilt(_LINEAR, weight, None)
        if together:
            self.second = FactoredLinear(weight, weight)
            once = Once()
            once.watch(self)
            self.first.once = self.second.once = once

    def forward(self, x: Tensor) -> None:
        self.first(x)
        self.second(x)


def pair_products() -> tuple[Product, Product]:
    """Give what tells how long it takes to apply a basis once, but for its products."""
    shape = (_PAIR_WIDTH, _PAIR_WIDTH)

    def product(key: str, *, together: bool) -> Product:
        return Product(key, (1, *shape), shape, partial(_Pair, together=together))

    return product(PAIR_TOGETHER, together=True), product(PAIR_APART, together=False)


_Parts = tuple[Product, Callable[[int], Product], Callable[[int], Product]]


def _linear(module: nn.Module, shape: tuple[int, int], reads: tuple[int, ...]) -> _Parts:
    """Give a linear layer, the product from its inputs and that to its outputs, by width.

    The first is called as a layer and the second as a function: a layer of two factors is both.
    """
    rows, columns = shape
    before = reads[:-1]

    def inward(width: int) -> Product:
        key = ("linear", width, columns, before)
        return Product(key, reads, (width, columns), partial(_layer, _LINEAR))

    def outward(width: int) -> Product:
        key = ("function", rows, width, before)
        return Product(key, (*before, width), (rows, width), partial(_function, functional.linear))

    kind = layer_of(module).kind
    turned = (rows, columns) if kind == "linear" else (columns, rows)
    dense = Product((kind, rows, columns, before), reads, turned, partial(_layer, module))
    return dense, inward, outward


def _convolution(module: Any, shape: tuple[int, int], reads: tuple[int, ...]) -> _Parts:
    """Give a convolution, one to fewer channels, and a pointwise one from there, by width."""
    rows, columns = shape
    layer, size = layer_of(module), tuple(module.kernel_size)
    channels = columns // layer.taps
    batch, places = reads[: -len(size) - 1], reads[-len(size) :]
    meta = nn.Parameter(torch.empty(1, channels, *size, device="meta"))
    written = _layer(module, meta)(torch.empty(*batch, channels, *places, device="meta")).shape
    pointwise = functional.conv1d if len(size) == 1 else functional.conv2d

    def inward(width: int) -> Product:
        key = (layer.kind, layer.reads, width, reads)
        return Product(key, reads, (width, channels, *size), partial(_layer, module))

    def outward(width: int) -> Product:
        after = (*batch, width, *written[-len(size) :])
        weight = (rows, width, *(1 for _ in size))
        return Product(("pointwise", rows, after), after, weight, partial(_function, pointwise))

    return inward(rows), inward, outward


def _layer(module: nn.Module, weight: nn.Parameter) -> Callable[[Tensor], Any]:
    has_bias = getattr(module, "bias", None) is not None and not isinstance(module, nn.Linear)
    bias = nn.Parameter(weight.new_zeros(layer_of(module).matrix(weight).shape[0]))
    made: Callable[[Tensor], Any] = rebuilt(module, weight, bias if has_bias else None)
    return made


def _function(product: Callable[..., Tensor], weight: Tensor) -> Callable[[Tensor], Tensor]:
    return lambda x: product(x, weight)


def _widths(most: int) -> tuple[int, ...]:
    """List widths to time: a few small ones, then each some 1.2 times as wide, multiples of 8.

    Kernels change at some widths; between two neighbours here that is smoothed out.
    """
    steps = (8 * round(1.5 * 2 ** (step / 4)) for step in range(4 * most.bit_length()))
    return tuple(sorted({width for width in (1, 2, 4, 8, *steps) if width < most} | {most}))
