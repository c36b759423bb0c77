"""What else keeps fine-tunes small: their mean, or their base and low-rank differences."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence

import torch
from torch import Tensor, nn

from geocolor.units import find_units

__all__ = ["difference_rank", "mean_of", "with_differences"]


@torch.no_grad()
def mean_of(models: Sequence[nn.Module]) -> nn.Module:
    """Average models of one architecture, parameter by parameter."""
    mean = copy.deepcopy(models[0])
    for name, parameter in mean.named_parameters():
        parameter.copy_(torch.stack([model.get_parameter(name) for model in models]).mean(0))
    return mean


def difference_rank(base: nn.Module, count: int, keep: float) -> int:
    """Rank of every matrix's difference at which base and differences have a share of all matrices.

    Parameters
    ----------
    base : torch.nn.Module
        Stored whole.
    count : int
        Fine-tunes.
    keep : float
        Share of all fine-tunes' matrices, at least 1 / `count`.
    """
    units = find_units(base)
    room = (count * keep - 1) * sum(unit.parameters for unit in units)
    return int(room / (count * sum(sum(unit.shape) for unit in units)))


@torch.no_grad()
def with_differences(
    base: nn.Module, models: Sequence[nn.Module], rank: int
) -> Iterator[tuple[nn.Module, int]]:
    """Give each fine-tune as its base and differences cut off at a rank by plain SVD.

    What is no matrix of a block is kept as fine-tuned.

    Yields
    ------
    model : torch.nn.Module
    stored : int
        Parameters that it has beside the base.
    """
    names = {f"{unit.name}.weight": sum(unit.shape) for unit in find_units(base)}
    for model in models:
        made, stored = copy.deepcopy(model), 0
        for name, parameter in made.named_parameters():
            common = base.get_parameter(name)
            if name in names:
                parameter.copy_(common + _cut(parameter - common, rank))
                stored += rank * names[name]
            elif not torch.equal(parameter, common):
                stored += parameter.numel()
        yield made, stored


def _cut(matrix: Tensor, rank: int) -> Tensor:
    """Project on the strongest directions of the shorter side."""
    if matrix.shape[0] > matrix.shape[1]:
        return _cut(matrix.T, rank).T
    wide = matrix.double()
    directions = torch.linalg.eigh(wide @ wide.T).eigenvectors[:, -rank:] if rank else wide[:, :0]
    return (directions @ (directions.T @ wide)).to(matrix.dtype)
