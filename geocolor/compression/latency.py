"""Time a model's layers on this machine: dense, and each product that a plan may make of them.

Layers that do the same are timed once, all in turns of one call each, so that a machine that slows
down for a while slows all, and that caches are as cold as in a model: the kernel was not in use the
moment before, and weights come from a stretch of memory larger than caches, gone through in turn.
"""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager

import torch
from torch import nn

from geocolor.arguments import checked_whole
from geocolor.compression.products import (
    PAIR_APART,
    PAIR_TOGETHER,
    LayerProducts,
    Product,
    pair_products,
)
from geocolor.compression.progress import Progress, silent
from geocolor.cpu import cpu_model
from geocolor.criterion import LatencyTable
from geocolor.curvature import Batch, call_model, frozen_eval
from geocolor.errors import InputError, ModelError
from geocolor.units import (
    Unit,
    Use,
    count_uses,
    find_units,
    joined_models,
    layer_of,
    matrix_of,
    models_of,
    with_split_experts,
)

__all__ = ["measure_latency", "time_units", "token_uses"]

# Bytes that weights come from in turn: more than caches hold.
_MEMORY = 1 << 27
_TURNS = 80
# Where a weight begins in memory.
_ALIGNED = 64


def measure_latency(
    model: nn.Module | Sequence[nn.Module],
    *,
    tokens: int = 1,
    sample: Batch | None = None,
    dtype: torch.dtype | None = None,
    device: torch.device | str | None = None,
    threads: int | None = None,
    on_progress: Progress = silent,
) -> LatencyTable:
    """Time a model's shareable layers on this machine, for a budget of ``latency``.

    Each is timed as it is, and so are the products that factors or a narrowed hidden layer would
    take at some thirty widths; in between the plan interpolates. Biases, activations and all else
    are not in it. On one thread of a CPU processor time counts, which what runs beside does not
    lengthen; otherwise the clock.

    Parameters
    ----------
    model : torch.nn.Module
        Or a sequence of several, as for :func:`geocolor.compress`. It is not changed, and its
        numbers do not matter.
    tokens : int
        That go through each layer at once: 1 as a language model writes, a prompt's length as it
        reads.
    sample : Batch, optional
        What to call the model on instead; each layer is timed on what it reads there. Needed for
        convolutions.
    dtype : torch.dtype, optional
        Of weights and arithmetic; default that of the model's first matrix.
    device : torch.device or str, optional
        Default that of the model's first matrix, and the CPU for a model without numbers.
    threads : int, optional
        Of torch on the CPU; default those it takes.
    on_progress : callable
        Told the stage, the steps done and the steps in all.

    Returns
    -------
    LatencyTable
        ``latency=`` of :func:`geocolor.compress` takes it. Where the model is to run counts: the
        plan may be made anywhere.

    Raises
    ------
    InputError
        `tokens` or `threads` is not positive, or there is no such device.
    ModelError
        The model has nothing to share, or there are convolutions and no sample.

    Notes
    -----
    It takes some seconds on one token, and as many times longer as more tokens do.
    """
    for name, number in (("tokens", tokens), ("threads", threads)):
        if number is not None and checked_whole(f"number of {name}", number) < 1:
            raise InputError(f"{name} must be positive, not {number}")
    joint = with_split_experts(joined_models(model))
    units = find_units(joint)
    if sample is None:
        uses = token_uses(joint, units, tokens)
    else:
        uses, tokens = {}, 0
        for prefix, part in models_of(joint).items():
            own = [unit for unit in units if unit.name.startswith(prefix)]
            with frozen_eval(part):
                uses |= count_uses(joint, own, _call(part, sample))
    return time_units(
        joint,
        units,
        uses,
        tokens,
        dtype=dtype,
        device=device,
        threads=threads,
        on_progress=on_progress,
    )


def _call(part: nn.Module, sample: Batch) -> Callable[[nn.Module], object]:
    return lambda _: call_model(part, sample)


def token_uses(model: nn.Module, units: Sequence[Unit], tokens: int) -> dict[str, Use]:
    """Say how units are used on so many tokens of a language model, without a look at it.

    Raises
    ------
    ModelError
        There are convolutions, which read no tokens.
    """
    for unit in units:
        if layer_of(model.get_submodule(unit.name)).reads != "features":
            raise ModelError(f"{unit.name} is a convolution: give a sample that it is timed on")
    return {unit.name: Use(tokens, unit.name, 1, (1, tokens, unit.shape[1])) for unit in units}


@torch.no_grad()
def time_units(
    model: nn.Module,
    units: Sequence[Unit],
    uses: Mapping[str, Use],
    tokens: int,
    *,
    dtype: torch.dtype | None = None,
    device: torch.device | str | None = None,
    threads: int | None = None,
    on_progress: Progress = silent,
) -> LatencyTable:
    """Time some layers of a model; see :func:`measure_latency`.

    Parameters
    ----------
    model : torch.nn.Module
        That has the layers.
    units : sequence of Unit
        Which.
    uses : mapping of str to Use
        What each is called with.
    tokens : int
        What the table says of that; 0 if it is a sample.
    dtype, device, threads, on_progress
        As there.
    """
    first = matrix_of(model.get_submodule(units[0].name))
    dtype = first.dtype if dtype is None else dtype
    place = first.device if device is None else torch.device(device)
    if place.type == "meta":
        place = torch.device("cpu")
    alike: dict[Hashable, list[Unit]] = {}
    for unit in units:
        use, layer = uses[unit.name], layer_of(model.get_submodule(unit.name))
        kind = (layer.kind, layer.reads, unit.shape, unit.side, use.calls, use.input)
        alike.setdefault(kind, []).append(unit)
    classes = [
        LayerProducts(some, model.get_submodule(some[0].name), uses[some[0].name])
        for some in alike.values()
    ]
    with _threads(threads):
        used = torch.get_num_threads()
        products = {product.key: product for each in classes for product in each.products()}
        products |= {product.key: product for product in pair_products()}
        found = _time(products, place, dtype, on_progress)
    return LatencyTable(
        machine=_machine(place),
        device=place.type,
        dtype=str(dtype).removeprefix("torch."),
        threads=used,
        tokens=tokens,
        torch=torch.__version__,
        layers=tuple(each.latency(found) for each in classes),
        once=max(0.0, found[PAIR_TOGETHER] - found[PAIR_APART]),
    )


def _time(
    products: Mapping[Hashable, Product],
    device: torch.device,
    dtype: torch.dtype,
    on_progress: Progress,
) -> dict[Hashable, float]:
    """Time products in turns: nanoseconds a call, the lower quartile over the turns.

    What runs beside only ever adds to a time.
    """
    try:
        weights = _Weights(products.values(), device, dtype)
    except (RuntimeError, AssertionError) as error:
        raise InputError(f"cannot time on {device}: {str(error).splitlines()[0]}") from error
    clock = _clock(device)
    seen: dict[Hashable, list[int]] = {key: [] for key in products}
    for turn in range(1 + _TURNS):
        on_progress("timing layers", turn, 1 + _TURNS)
        for key, product in products.items():
            x = torch.ones(product.input, dtype=dtype, device=device)
            call = product.prepare(weights.next(product.weight))
            start = clock()
            call(x)
            seen[key].append(clock() - start)
    # The first turn warmed up.
    return {key: statistics.quantiles(times[1:], n=4)[0] for key, times in seen.items()}


class _Weights:
    """Takes weights out of a stretch of memory, one behind the other, over and over again."""

    def __init__(
        self, products: Iterable[Product], device: torch.device, dtype: torch.dtype
    ) -> None:
        largest = max(math.prod(product.weight) for product in products)
        # Filled, since pages that nothing was written to are all one in memory.
        self._numbers = torch.ones(
            max(_MEMORY // dtype.itemsize, 2 * largest), dtype=dtype, device=device
        )
        self._at = 0

    def next(self, shape: tuple[int, ...]) -> nn.Parameter:
        """Give the next weight of a shape."""
        count = math.prod(shape)
        start = self._at if self._at + count <= len(self._numbers) else 0
        self._at = start + -(-count // _ALIGNED) * _ALIGNED
        weight = self._numbers[start : start + count].view(shape)
        return nn.Parameter(weight, requires_grad=False)


def _machine(device: torch.device) -> str:
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return (cpu_model() if device.type == "cpu" else None) or device.type


def _clock(device: torch.device) -> Callable[[], int]:
    if device.type != "cpu":

        def synchronised() -> int:
            torch.accelerator.synchronize(device)
            return time.perf_counter_ns()

        return synchronised
    return time.thread_time_ns if torch.get_num_threads() == 1 else time.perf_counter_ns


@contextmanager
def _threads(wanted: int | None) -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(wanted or before)
    try:
        yield
    finally:
        torch.set_num_threads(before)
