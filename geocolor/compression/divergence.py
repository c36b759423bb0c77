"""Measured loss increase: how far a changed model's predictions are from the original's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from geocolor.curvature import Batch, call_model, frozen_eval, prediction_rows
from geocolor.errors import ModelError

__all__ = ["Divergence"]


class Divergence:
    """Mean divergence from the original's predictions on fixed batches.

    For categorical predictions (``logits``) it is the Kullback-Leibler divergence in nats per
    scored output; for others half the squared distance. To second order both equal the
    increase that the curvature predicts.

    Parameters
    ----------
    model : torch.nn.Module
        The original, in the state to be compared with. Its predictions are kept on the CPU:
        4 bytes for each value.
    batches : sequence of Batch
        Where to compare.
    on_progress : callable, optional
        Called with the number of batches done.

    Raises
    ------
    ModelError
        No output is scored.
    """

    def __init__(
        self,
        model: nn.Module,
        batches: Sequence[Batch],
        on_progress: Callable[[int], None] | None = None,
    ) -> None:
        self._batches = batches
        self._reference = list(self._predict(model, on_progress))
        if not any(len(rows) for rows, _ in self._reference):
            raise ModelError("the batches to measure the loss on hold nothing to score")

    def _predict(self, model: nn.Module, on_progress: Callable[[int], None] | None) -> Any:
        with frozen_eval(model), torch.no_grad():
            for done, batch in enumerate(self._batches, start=1):
                rows, categorical = prediction_rows(call_model(model, batch), batch)
                yield rows.cpu(), categorical
                if on_progress is not None:
                    on_progress(done)

    def of(self, model: nn.Module, on_progress: Callable[[int], None] | None = None) -> float:
        """Measure `model` against the original.

        Parameters
        ----------
        model : torch.nn.Module
            The changed model.
        on_progress : callable, optional
            Called with the number of batches done.
        """
        total, outputs = 0.0, 0
        changed = self._predict(model, on_progress)
        for (before, categorical), (after, _) in zip(self._reference, changed, strict=True):
            total += float(_distance(before, after, categorical=categorical))
            outputs += len(before)
        return total / outputs


def _distance(before: Tensor, after: Tensor, *, categorical: bool) -> Tensor:
    if not categorical:
        return (before - after).double().square().sum() / 2
    return torch.nn.functional.kl_div(
        after.log_softmax(-1), before.log_softmax(-1), reduction="none", log_target=True
    ).sum(dtype=torch.float64)
