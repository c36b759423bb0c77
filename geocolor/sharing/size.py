"""Honest sizes: every parameter counted once, however often it is used."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from torch import nn

from geocolor.sharing.layers import stored_matrices

__all__ = ["ModelSize", "measure_size"]


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
        Multiply-accumulates of the units' matrices at each place they are applied at: a token, or
        a place of an image.
    """

    parameters: int
    bytes: int
    unit_parameters: int
    unit_macs: int


def measure_size(model: nn.Module, units: Iterable[str]) -> ModelSize:
    """Count parameters, bytes and arithmetic.

    Parameters
    ----------
    model : torch.nn.Module
        Original or compressed.
    units : iterable of str
        Names of its units.
    """
    matrices: dict[int, int] = {}
    macs = 0
    for name in units:
        for parameter in stored_matrices(model.get_submodule(name)):
            matrices[id(parameter)] = parameter.numel()
            macs += parameter.numel()
    # Module.parameters() already gives each parameter once.
    unique = list(model.parameters())
    return ModelSize(
        parameters=sum(parameter.numel() for parameter in unique),
        bytes=sum(parameter.numel() * parameter.element_size() for parameter in unique),
        unit_parameters=sum(matrices.values()),
        unit_macs=macs,
    )
