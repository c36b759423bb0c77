"""Compressed models beside their original: times in turns, and what was to be expected."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from geocolor.bench.models.shares import Share, time_shares
from geocolor.compression.pretrained import load_pretrained
from geocolor.compression.speed import measure_speed, prompted
from geocolor.errors import InputError
from geocolor.sharing import load
from geocolor.sharing.size import macs_by_unit
from geocolor.timing import Timing
from geocolor.units import count_uses, find_units

__all__ = ["SpeedRow", "compare_speed"]

_BATCHES = (1, 16)


@dataclass(frozen=True)
class SpeedRow:
    """One compressed model in one phase.

    Attributes
    ----------
    model : str
        Name of its folder.
    timing : Timing
        In turns with the original.
    share : Share
        Where the original's time goes in this phase.
    left : float
        Part of the shareable matrices' multiply-adds that is left.
    """

    model: str
    timing: Timing
    share: Share
    left: float


def compare_speed(
    original: Path,
    smaller: Sequence[Path],
    *,
    pairs: int,
    dtype: str,
    device: str,
    threads: int | None,
    on_progress: Callable[[str], None],
) -> list[SpeedRow]:
    """Time models of transformers.

    Parameters
    ----------
    original : Path
        Folder of the dense model.
    smaller : sequence of Path
        What was compressed of it.
    pairs : int
        Pairs of turns with one prompt; with 16 half as many.
    dtype, device : str
        As torch calls them.
    threads : int or None
        Of torch on the CPU; None for what it takes.
    on_progress : callable
        Told what is being timed.

    Raises
    ------
    InputError
        There is no such device.
    ModelError, CheckpointError
        A folder cannot be loaded.
    """
    if threads is not None:
        torch.set_num_threads(threads)
    try:
        place = torch.device(device)
        torch.empty(1, device=place)
    except (RuntimeError, AssertionError) as error:
        raise InputError(f"no device {device!r}: {str(error).splitlines()[0]}") from error
    dense, _ = load_pretrained(original)
    dense = dense.to(place, getattr(torch, dtype))
    units = find_units(dense)
    names = [unit.name for unit in units]
    lap, _ = prompted(dense, 1)
    uses = count_uses(dense, units, lap)
    whole = sum(macs_by_unit(dense, names, uses).values())
    on_progress("timing the parts of the dense model")
    shares = {
        (share.phase, share.batch): share
        for batch in _BATCHES
        for share in time_shares(dense, names, batch, max(3, pairs // 4))
    }
    turns = tuple(zip(_BATCHES, (pairs, max(1, pairs // 2)), strict=True))
    rows = []
    for folder in smaller:
        on_progress(f"timing {folder.name}")
        compressed = load(folder).to(place, getattr(torch, dtype))
        left = sum(macs_by_unit(compressed, names, uses).values()) / whole
        rows += [
            SpeedRow(folder.name, timing, shares[timing.phase, timing.batch], left)
            for timing in measure_speed(dense, compressed, turns=turns)
        ]
    return rows
