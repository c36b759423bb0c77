"""What measuring curvature costs, beside a plain forward and backward pass.

Both take turns on the same batches in one process, so that a machine that slows down for a while
slows both and their ratio stays honest.
"""

from __future__ import annotations

import resource
import statistics
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor, nn

from geocolor.compression.progress import Progress
from geocolor.curvature import call_model, collect_curvature, prediction_rows
from geocolor.units import find_units

__all__ = ["CurvatureCost", "measure_curvature_cost"]


@dataclass(frozen=True)
class CurvatureCost:
    """Seconds of both passes in turns, and memory.

    Attributes
    ----------
    tokens : int
        In each turn.
    curvature, plain : tuple of float
        Seconds of each turn: measuring the curvature of all units, and a forward and backward
        pass that gives the gradients of all parameters.
    held, peak : int
        Bytes that the process held with the model loaded, and at most while the curvature was
        measured for the first time.
    """

    tokens: int
    curvature: tuple[float, ...]
    plain: tuple[float, ...]
    held: int
    peak: int

    @property
    def ratio(self) -> float:
        """Median over the turns of curvature by plain."""
        pairs = zip(self.curvature, self.plain, strict=True)
        return statistics.median(own / plain for own, plain in pairs)

    def to_json(self) -> dict[str, Any]:
        """Plain data, for JSON."""
        return {**asdict(self), "ratio": self.ratio}

    def __str__(self) -> str:
        """Show it as people read it."""
        return (
            f"curvature    {statistics.median(self.curvature):.1f} s for {self.tokens:,} tokens\n"
            f"plain        {statistics.median(self.plain):.1f} s, forward and backward\n"
            f"ratio        {self.ratio:.2f} (median of {len(self.plain)} pairs)\n"
            f"memory       {self.peak / 2**30:.2f} GiB at most, {self.held / 2**30:.2f} before"
        )


def measure_curvature_cost(
    model: nn.Module, turns: Sequence[Sequence[Tensor]], on_progress: Progress
) -> CurvatureCost:
    """Measure both passes in turns.

    Parameters
    ----------
    model : torch.nn.Module
        In the process first loaded with it, as memory once held is not given back.
    turns : sequence of sequence of Tensor
        Batches of each turn.
    on_progress : callable
        Told of turns done.
    """
    units = find_units(model)
    held = _peak_memory()
    own, plain = [], []
    peak = held
    for number, batches in enumerate(turns):
        on_progress("measuring in turns", number, len(turns))
        started = time.monotonic()
        collect_curvature(model, batches, units)
        own.append(time.monotonic() - started)
        if number == 0:
            peak = _peak_memory()
        started = time.monotonic()
        _plain_pass(model, batches)
        plain.append(time.monotonic() - started)
    tokens = sum(batch.numel() for batch in turns[0])
    return CurvatureCost(tokens, tuple(own), tuple(plain), held, peak)


def _plain_pass(model: nn.Module, batches: Sequence[Tensor]) -> None:
    with torch.enable_grad():
        for batch in batches:
            rows, categorical = prediction_rows(call_model(model, batch), batch)
            loss = (
                torch.nn.functional.cross_entropy(rows, rows.detach().argmax(-1))
                if categorical
                else rows.square().mean()
            )
            loss.backward()  # type: ignore[no-untyped-call]
            model.zero_grad(set_to_none=True)


def _peak_memory() -> int:
    # Kilobytes, but for macOS.
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (
        1 if sys.platform == "darwin" else 1024
    )
