"""What a model's time goes to: its shareable matrices, its output layer, and the rest.

Where the matrices take a share s of the dense model's time, and a plan leaves a part p of their
arithmetic, ``1 / (1 - s + s p)`` times its speed is to be expected (Amdahl, 1967).
"""

from __future__ import annotations

import statistics
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from geocolor.compression.speed import prompted
from geocolor.curvature import frozen_eval

__all__ = ["Share", "time_shares"]


@dataclass(frozen=True)
class Share:
    """Where the processor time of one phase goes.

    Attributes
    ----------
    phase : str
        prefill, decode or forward.
    batch : int
        Sequences at once.
    seconds : float
        Of processor time in all, median over the repetitions.
    matrices, head : float
        Shares of the shareable matrices and of the output layer.
    """

    phase: str
    batch: int
    seconds: float
    matrices: float
    head: float

    def expected(self, left: float) -> float:
        """Give the speed that comes of it if the matrices' time goes with their arithmetic."""
        return 1 / (1 - self.matrices + self.matrices * left)


@torch.no_grad()
def time_shares(
    model: nn.Module, units: Sequence[str], batch: int, repetitions: int
) -> tuple[Share, ...]:
    """Time a model's parts from within.

    Parameters
    ----------
    model : torch.nn.Module
        Of transformers.
    units : sequence of str
        Names of its shareable matrices.
    batch : int
        Prompts at once.
    repetitions : int
        Runs, after one that is not counted.
    """
    lap, tokens = prompted(model, batch)
    matrices = [model.get_submodule(name) for name in units]
    head = getattr(model, "get_output_embeddings", lambda: None)()
    heads = [] if head is None else [head]
    seen: dict[str, list[tuple[float, ...]]] = defaultdict(list)
    with (
        frozen_eval(model),
        _stopwatch(model, matrices) as first,
        _stopwatch(model, heads) as other,
    ):
        for _ in range(1 + repetitions):
            watches = [watch.begin(*tokens) for watch in (first, other)]
            for phase, (_, seconds) in lap(model).items():
                seen[phase].append((seconds, *(watch.spent[phase] for watch in watches)))
    shares = []
    for phase in tokens:
        runs = seen[phase][1:]
        middle = [statistics.median(run[0] for run in runs)]
        middle += [statistics.median(run[part] / run[0] for run in runs) for part in (1, 2)]
        shares.append(Share(phase, batch, *middle))
    return tuple(shares)


class _Watch:
    """Adds up the processor time of some modules, by phase: one call of the model for each."""

    def __init__(self) -> None:
        self.spent: dict[str, float] = {}
        self._phases: list[str] = []
        self._started = 0.0

    def begin(self, *phases: str) -> _Watch:
        """Start anew; calls of the model after those named are of the last phase."""
        self.spent, self._phases = dict.fromkeys(phases, 0.0), list(phases)
        return self

    def model_is_through(self, *_: Any) -> None:
        """Take a hook's call after the model's."""
        if len(self._phases) > 1:
            del self._phases[0]

    def module_begins(self, *_: Any) -> None:
        """Take a hook's call before a module's."""
        self._started = time.process_time()

    def module_is_through(self, *_: Any) -> None:
        """Take a hook's call after a module's."""
        self.spent[self._phases[0]] += time.process_time() - self._started


@contextmanager
def _stopwatch(model: nn.Module, modules: Sequence[nn.Module]) -> Iterator[_Watch]:
    watch = _Watch()
    handles = [model.register_forward_hook(watch.model_is_through)]
    for module in modules:
        handles.append(module.register_forward_pre_hook(watch.module_begins))
        handles.append(module.register_forward_hook(watch.module_is_through))
    try:
        yield watch
    finally:
        for handle in handles:
            handle.remove()
