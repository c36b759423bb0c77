"""Honest sizes: every parameter counted once, however often it is used."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from torch import nn

from geocolor.sharing.layers import FactoredLinear, stored_matrices
from geocolor.units import Use

__all__ = ["ModelSize", "macs_by_unit", "measure_size"]


@dataclass(frozen=True)
class ModelSize:
    """Size of a model and of its shareable part.

    Attributes
    ----------
    parameters : int
        Unique parameters of the whole model.
    bytes : int
        Their storage.
    unit_parameters : int
        Unique parameters of the units' matrices, biases apart.
    unit_macs : int
        Multiply-accumulates of the units' matrices.
    unit_bytes : int
        Storage of the unique parameters of the units' matrices; 0 if it was not noted down.
    """

    parameters: int
    bytes: int
    unit_parameters: int
    unit_macs: int
    unit_bytes: int = 0


def measure_size(
    model: nn.Module, units: Iterable[str], uses: Mapping[str, Use] | None = None
) -> ModelSize:
    """Count parameters, bytes and arithmetic.

    Parameters
    ----------
    model : torch.nn.Module
        Original or compressed.
    units : iterable of str
        Names of its units.
    uses : mapping of str to Use, optional
        How the model uses them. Default: each is applied at one place, to a tensor of its own.
    """
    names = list(units)
    matrices = {
        id(matrix): matrix
        for name in names
        for matrix in stored_matrices(model.get_submodule(name))
    }
    # Module.parameters() already gives each parameter once.
    unique = list(model.parameters())
    return ModelSize(
        parameters=sum(parameter.numel() for parameter in unique),
        bytes=sum(parameter.numel() * parameter.element_size() for parameter in unique),
        unit_parameters=sum(matrix.numel() for matrix in matrices.values()),
        unit_macs=sum(macs_by_unit(model, names, uses).values()),
        unit_bytes=sum(m.numel() * m.element_size() for m in matrices.values()),
    )


def macs_by_unit(
    model: nn.Module, units: Iterable[str], uses: Mapping[str, Use] | None = None
) -> dict[str, int]:
    """Count each unit's multiply-accumulates; the arguments are those of :func:`measure_size`.

    A basis is applied once to a tensor that linear layers read in one call of the module around
    them; the first of them has what that takes.
    """
    macs: dict[str, int] = {}
    applied: set[tuple[int, str]] = set()
    for name in units:
        use = Use(1, name) if uses is None else uses[name]
        layer = model.get_submodule(name)
        numbers = 0
        for matrix in stored_matrices(layer):
            if isinstance(layer, FactoredLinear) and matrix is layer.first:
                if (id(matrix), use.reads) in applied:
                    continue
                applied.add((id(matrix), use.reads))
            numbers += matrix.numel()
        macs[name] = numbers * use.places
    return macs
