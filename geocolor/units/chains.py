"""Find hidden layers: matrices that meet in hidden units which nothing else sees.

Names and classes do not tell: a norm or a split into heads between two matrices makes their hidden
units depend on each other. So it is tried. With every second hidden unit taken out for good, the
model must say what it says when the reader ignores those units, in all its outputs; and that must
be something else than it says otherwise.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from geocolor.units.layers import layer_of, matrix_of, rebuilt
from geocolor.units.outputs import Run, tensors_of
from geocolor.units.replacing import replaced
from geocolor.units.unit import Unit

__all__ = ["Chain", "find_chains"]

# A gated feed-forward layer has two writers.
_MOST_WRITERS = 2
# Two ways to compute the same thing differ by rounding; other things differ by far more, as parts
# of what the hidden units have a say in.
_ROUNDINGS = 2e3


@dataclass(frozen=True)
class Chain:
    """A hidden layer: `writers` compute hidden units, `reader` alone reads them.

    Attributes
    ----------
    writers : tuple of str
        Names of the matrices with a row for each hidden unit.
    reader : str
        Name of the matrix with a column for each.
    width : int
        Hidden units.
    """

    writers: tuple[str, ...]
    reader: str
    width: int

    @property
    def members(self) -> tuple[str, ...]:
        """All matrices, the reader last."""
        return (*self.writers, self.reader)

    def within(self, prefix: str) -> Chain:
        """Give it the names that it has where names begin with a prefix."""
        writers = tuple(f"{prefix}{name}" for name in self.writers)
        return Chain(writers, f"{prefix}{self.reader}", self.width)


@torch.no_grad()
def find_chains(model: nn.Module, units: Sequence[Unit], run: Run) -> list[Chain]:
    """Find the hidden layers among units by trying.

    Layers at the same place of different blocks are tried together, in some ten runs of the model
    in all.

    Parameters
    ----------
    model : torch.nn.Module
        In eval mode; changed and put back.
    units : sequence of Unit
        The matrices.
    run : callable
        Calls a model on some data and gives all that it says.

    Returns
    -------
    list of Chain
        No matrix is in two.
    """
    calls, said = _calls(model, units, run)
    place = {unit.name: at for at, unit in enumerate(units)}
    places: dict[tuple[str, str], list[Unit]] = defaultdict(list)
    for unit in units:
        block, _, name = unit.name.rpartition(".")
        # A number at the end tells parts of one block apart, and no blocks.
        places[re.sub(r"\d+", "*", block), name].append(unit)
    found: list[Chain] = []
    taken: set[str] = set()
    for readers in places.values():
        for writers in range(1, _MOST_WRITERS + 1):
            chains = [_before(calls, reader, writers, place) for reader in readers]
            tried = [
                chain for chain in chains if chain is not None and taken.isdisjoint(chain.members)
            ]
            if tried and _independent(model, tried, run, said):
                found += tried
                taken.update(name for chain in tried for name in chain.members)
                break
    return sorted(found, key=lambda chain: place[chain.reader])


def _calls(model: nn.Module, units: Sequence[Unit], run: Run) -> tuple[list[Unit], list[Tensor]]:
    """List the units in the order in which the model calls them, and what it says."""
    order: list[Unit] = []
    hooks = [
        model.get_submodule(unit.name).register_forward_hook(
            lambda _module, _inputs, _output, unit=unit: order.append(unit)
        )
        for unit in units
    ]
    try:
        said = tensors_of(run(model))
    finally:
        for hook in hooks:
            hook.remove()
    return order, said


def _before(
    calls: Sequence[Unit], reader: Unit, writers: int, place: Mapping[str, int]
) -> Chain | None:
    """Take the matrices called right before a reader, if they are as wide as it reads."""
    at = calls.index(reader) if reader in calls else 0
    before = calls[max(0, at - writers) : at]
    names = sorted({unit.name for unit in before}, key=place.__getitem__)
    width = reader.shape[1]
    if width < 2 or len(names) < writers or any(unit.shape[0] != width for unit in before):
        return None
    # A group keeps the order of the units, and in a plan its last member is the reader.
    if place[names[-1]] > place[reader.name]:
        return None
    return Chain(tuple(names), reader.name, width)


def _independent(
    model: nn.Module, chains: Sequence[Chain], run: Run, said: Sequence[Tensor]
) -> bool:
    """Whether taking hidden units out and ignoring them come to the same, and to something."""
    try:
        with _replaced(model, chains, narrow=True):
            narrowed = tensors_of(run(model))
        with _replaced(model, chains, narrow=False):
            ignored = tensors_of(run(model))
    except Exception:
        return False  # something in between insists on the width, in whatever words
    if not [t.shape for t in narrowed] == [t.shape for t in ignored] == [t.shape for t in said]:
        return False
    changes = [_most(before - after) for before, after in zip(said, ignored, strict=True)]
    return any(changes) and all(
        _most(one - other) <= _ROUNDINGS * torch.finfo(one.dtype).eps * change
        for one, other, change in zip(narrowed, ignored, changes, strict=True)
    )


def _most(numbers: Tensor) -> float:
    return float(numbers.abs().max()) if numbers.numel() else 0.0


def _replaced(
    model: nn.Module, chains: Sequence[Chain], *, narrow: bool
) -> AbstractContextManager[None]:
    """Take every second hidden unit out, or only have the readers ignore it."""
    layers: dict[str, nn.Module] = {}
    for chain in chains:
        kept = torch.arange(0, chain.width, 2)
        reader = model.get_submodule(chain.reader)
        layers[chain.reader] = _with_columns(reader, kept) if narrow else _ignoring(reader, kept)
        if narrow:
            for name in chain.writers:
                layers[name] = _with_rows(model.get_submodule(name), kept)
    return replaced(model, layers)


def _with_rows(layer: nn.Module, kept: Tensor) -> nn.Module:
    matrix = matrix_of(layer)
    kept = kept.to(matrix.device)
    bias: Tensor | None = getattr(layer, "bias", None)
    return _with_matrix(layer, matrix[kept], None if bias is None else bias[kept])


def _with_columns(layer: nn.Module, kept: Tensor) -> nn.Module:
    matrix = matrix_of(layer)
    return _with_matrix(layer, matrix[:, kept.to(matrix.device)], getattr(layer, "bias", None))


def _ignoring(layer: nn.Module, kept: Tensor) -> nn.Module:
    """Copy a layer with zeros in all columns but some."""
    matrix = matrix_of(layer)
    kept = kept.to(matrix.device)
    heard = torch.zeros_like(matrix).index_copy(1, kept, matrix[:, kept])
    return _with_matrix(layer, heard, getattr(layer, "bias", None))


def _with_matrix(layer: nn.Module, matrix: Tensor, bias: Tensor | None) -> nn.Module:
    weight = nn.Parameter(layer_of(layer).weight(matrix).contiguous(), requires_grad=False)
    made: nn.Module = rebuilt(
        layer, weight, None if bias is None else nn.Parameter(bias, requires_grad=False)
    )
    return made
