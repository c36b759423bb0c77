"""Processes of ``torch.distributed`` measure a part of the batches each and add up their sums."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, distributed

from geocolor.curvature.moments import packed_size
from geocolor.curvature.sums import CurvatureSums
from geocolor.errors import InputError

__all__ = ["add_over_processes", "own_range", "process_number", "processes"]


def processes() -> int:
    """How many processes work together; one where ``torch.distributed`` is not set up."""
    ready = distributed.is_available() and distributed.is_initialized()
    return distributed.get_world_size() if ready else 1


def process_number() -> int:
    """Give the number of this process among them, from 0."""
    return distributed.get_rank() if processes() > 1 else 0


def own_range(count: int) -> range:
    """Give the batches of `count` that this process measures: as many as the others, or one less.

    Raises
    ------
    InputError
        There are fewer batches than processes.
    """
    together = processes()
    if together == 1:
        return range(count)
    if count < together:
        raise InputError(f"{count} batches are too few for {together} processes; give smaller ones")
    rank = process_number()
    return range(rank * count // together, (rank + 1) * count // together)


def add_over_processes(sums: CurvatureSums, count: int) -> None:
    """Add the sums of all processes, in place and in each of them.

    Parameters
    ----------
    sums : CurvatureSums
        Of this process's part of the batches.
    count : int
        Batches of all processes.
    """
    units = list(sums.units)
    device = next((total.device for total in sums.gradients.values()), torch.device("cpu"))
    _alike(sums, units, device)
    # Held until the end, so that no other tensor gets the number of one that was added.
    done: dict[int, Tensor] = {}
    for unit in units:
        height, width = sums.units[unit]
        for held, size in ((sums.inputs, width), (sums.gradients, height)):
            total = held.get(unit)
            if total is None:  # no batch of this part reached it
                total = torch.zeros(packed_size(size), dtype=torch.float64, device=device)
            if id(total) not in done:
                distributed.all_reduce(total)
                done[id(total)] = total
            if bool(total.any()):
                held[unit] = total
    numbers = [sums.outputs, int(sums.double), *(sums.counts.get(unit, 0) for unit in units)]
    added: list[int] = _reduced(numbers, distributed.ReduceOp.SUM, device).tolist()
    sums.outputs, sums.double = added[0], added[1] > 0
    sums.counts = {unit: own for unit, own in zip(units, added[2:], strict=True) if own}
    sums.covered = ((0, count),)


def _alike(sums: CurvatureSums, units: Sequence[str], device: torch.device) -> None:
    """Keep in one sum only what units read the same in every process."""
    first: dict[int, int] = {}
    places = [
        first.setdefault(id(sums.inputs[unit]), at) if unit in sums.inputs else -1
        for at, unit in enumerate(units)
    ]
    least = _reduced(places, distributed.ReduceOp.MIN, device)
    if not torch.equal(least, _reduced(places, distributed.ReduceOp.MAX, device)):
        sums.inputs = {unit: total.clone() for unit, total in sums.inputs.items()}


def _reduced(
    numbers: Sequence[int], operation: distributed.ReduceOp.RedOpType, device: torch.device
) -> Tensor:
    tensor = torch.tensor(numbers, dtype=torch.int64, device=device)
    distributed.all_reduce(tensor, operation)
    return tensor
