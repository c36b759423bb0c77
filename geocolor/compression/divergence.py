"""Measured loss increase: how far a changed model's predictions are from the original's."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import torch
from torch import Tensor, nn

from geocolor.curvature import Batch, Kind, Loss, Prediction, frozen_eval, scorer
from geocolor.errors import ModelError

__all__ = ["Divergence", "distance"]


class Divergence:
    """Mean divergence from the original's predictions on fixed batches.

    For categorical predictions it is the Kullback-Leibler divergence in nats per scored output;
    for values half the squared distance. To second order both equal the increase that the
    curvature predicts. For a loss of one's own it is the increase of that loss.

    Parameters
    ----------
    model : torch.nn.Module
        The original, in the state to be compared with. Its predictions are kept on the CPU:
        4 bytes for each value.
    batches : sequence of Batch
        Where to compare.
    on_progress : callable, optional
        Called with the number of batches done.
    loss : str or callable
        What the output is scored by; see :func:`geocolor.compress`.

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
        loss: Loss = "auto",
    ) -> None:
        self._batches = batches
        self._score = scorer(loss)
        self._reference = list(self._predict(model, on_progress))
        if not any(len(before.rows) for before in self._reference):
            raise ModelError("the batches to measure the loss on hold nothing to score")

    def _predict(
        self, model: nn.Module, on_progress: Callable[[int], None] | None
    ) -> Iterator[Prediction]:
        with frozen_eval(model), torch.no_grad():
            for done, batch in enumerate(self._batches, start=1):
                prediction = self._score(model, batch)
                yield replace(prediction, rows=prediction.rows.cpu())
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
        for before, after in zip(self._reference, changed, strict=True):
            total += float(distance(before.rows, after.rows, before.kind))
            outputs += len(before.rows)
        return total / outputs


def distance(before: Tensor, after: Tensor, kind: Kind) -> Tensor:
    """Sum over outputs how far predictions are from others; see :class:`Divergence`.

    Parameters
    ----------
    before, after : Tensor, shape (outputs, values)
        Rows of two predictions.
    kind : Kind
        What the rows are.
    """
    if kind is Kind.LOSS:
        return (after - before).sum(dtype=torch.float64)
    if kind is Kind.VALUES:
        return (before - after).double().square().sum() / 2
    return torch.nn.functional.kl_div(
        after.log_softmax(-1), before.log_softmax(-1), reduction="none", log_target=True
    ).sum(dtype=torch.float64)
