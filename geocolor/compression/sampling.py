"""The least of the calibration data that a model runs on, to watch it at work."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn

from geocolor.compression.precision import in_single_precision, single_precision
from geocolor.curvature import Batch, Loss, batch_size, first_sample, frozen_eval, scorer
from geocolor.errors import ModelError
from geocolor.units import Use

__all__ = ["Sample", "find_sample"]


@dataclass(frozen=True, eq=False)
class Sample:
    """What a model is called with to be watched.

    Attributes
    ----------
    batch : Batch
        One sample, or a whole batch for a model that takes no less.
    count : int
        Samples in it.
    single : bool
        Whether the model computes in single precision, in which rounding can be told from what is
        really different, or as it is.
    loss : str or callable
        What its output is scored by.
    """

    batch: Batch
    count: int
    single: bool
    loss: Loss

    def precision(self, model: nn.Module) -> AbstractContextManager[None]:
        """Make the model compute as it is to be watched, for a while."""
        return single_precision(model) if self.single else nullcontext()

    def run(self, model: nn.Module) -> tuple[Tensor, list[Any]]:
        """Call a model; give its predictions, and all that it returned."""
        returned: list[Any] = []
        hook = model.register_forward_hook(lambda _module, _inputs, output: returned.append(output))
        try:
            with frozen_eval(model):
                return scorer(self.loss)(model, self.batch).rows, returned
        finally:
            hook.remove()

    def of_one(self, uses: Mapping[str, Use]) -> dict[str, Use]:
        """Turn places in a whole batch into those in a sample, or in a few that go together."""
        shared = math.gcd(self.count, *(use.places for use in uses.values()))
        return {name: replace(use, places=use.places // shared) for name, use in uses.items()}


def find_sample(model: nn.Module, batches: Iterable[Batch], loss: Loss) -> Sample:
    """Find something that a model runs on and gives predictions for.

    The first sample of the first batch does for most models. Some take no less than a batch: of a
    graph's nodes, say, or where they normalise over it; and some cast to half precision.

    Parameters
    ----------
    model : torch.nn.Module
        Any model.
    batches : iterable of Batch
        Calibration batches.
    loss : str or callable
        What its output is scored by.

    Raises
    ------
    ModelError
        It fails on a whole batch, or gives none of them predictions.
    """
    for batch in batches:
        for single in (True, False):
            given = in_single_precision(batch) if single else batch
            for part, count in ((first_sample(given), 1), (given, batch_size(given))):
                sample = Sample(part, count, single, loss)
                if _scored(model, sample):
                    return sample
        sample.run(model)  # for the model's own words, if it fails
    raise ModelError("the calibration batches hold nothing to score")


@torch.no_grad()
def _scored(model: nn.Module, sample: Sample) -> bool:
    try:
        with sample.precision(model):
            rows, _ = sample.run(model)
            return len(rows) > 0
    except Exception:
        return False
