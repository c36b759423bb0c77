"""A loss without labels: targets sampled from the model's own prediction.

The expected outer product of its gradients is the true Fisher information, which for
cross-entropy and for squared error equals the generalised Gauss-Newton matrix (Martens, 2020).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import torch
from torch import Tensor

from geocolor.curvature.batches import Batch, output_mask
from geocolor.errors import ModelError

__all__ = [
    "Kind",
    "Prediction",
    "finite_rows",
    "numbers",
    "prediction_of",
    "prediction_rows",
    "probes",
    "sampled_loss",
    "target_generator",
]

# Dimensions of logits of an image: batch, classes, rows, columns; and who gives them.
_IMAGE = 4
_SEGMENTED = "SemanticSegmenterOutput"
# Directions backpropagated for one batch where none are sampled.
_MAX_EXACT = 4096


class Kind(StrEnum):
    """What rows of a prediction are.

    CLASSES: logits. VALUES: means of a unit Gaussian. LOSS: the loss itself, one value.
    """

    CLASSES = "cross-entropy"
    VALUES = "squared-error"
    LOSS = "loss"


@dataclass(frozen=True, eq=False)
class Prediction:
    """What a model predicts for one batch.

    Attributes
    ----------
    rows : Tensor of float32 or float64, shape (outputs, values)
        One row for each scored output.
    kind : Kind
        What the rows are.
    samples : int
        Samples in the batch: the model's output's first dimension.
    places : Tensor of int64, shape (outputs,)
        Which of its sample's outputs a row is, on the CPU.
    """

    rows: Tensor
    kind: Kind
    samples: int
    places: Tensor

    @property
    def categorical(self) -> bool:
        """Whether rows are logits."""
        return self.kind is Kind.CLASSES


def target_generator(seed: int, batch: int) -> torch.Generator:
    """Make the source of one batch's targets, whatever batches came before it.

    Parameters
    ----------
    seed : int
        Of the whole pass.
    batch : int
        Index of the batch in the calibration data.
    """
    digest = hashlib.sha256(f"{seed}:{batch}".encode()).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest[:8], "big", signed=True))


def prediction_rows(output: Any, batch: Batch) -> tuple[Tensor, bool]:
    """Give a model's predictions, one row for each scored output.

    Parameters
    ----------
    output : Any
        What the model returned. Its ``logits`` of several values are read as categorical
        predictions; a plain tensor, or ``last_hidden_state``, as the mean of a unit Gaussian.
    batch : Batch
        What the model was called with; padding in its ``attention_mask`` is not scored.

    Returns
    -------
    rows : Tensor of float32 or float64, shape (outputs, values)
        Predictions.
    categorical : bool
        Whether they are logits.

    Raises
    ------
    ModelError
        The output holds no float tensor to score, or it is not finite.
    """
    found = prediction_of(output, batch)
    return found.rows, found.categorical


def prediction_of(output: Any, batch: Batch, kind: Kind | None = None) -> Prediction:
    """Give a model's predictions with their places; see :func:`prediction_rows`.

    Without a kind, ``logits`` of more than one value are of classes, everything else is values.
    The classes are the last dimension, and the second of what transformers segments images to.

    Raises
    ------
    ModelError
        There is nothing to score, it is not finite, or which dimension is that of classes is open.
    """
    logits = getattr(output, "logits", None)
    scores = logits if isinstance(logits, Tensor) else _prediction(output)
    if logits is scores and scores.ndim == _IMAGE:
        if any(base.__name__ == _SEGMENTED for base in type(output).__mro__):
            scores = logits = scores.movedim(1, -1)
        elif kind is None:
            raise ModelError(
                f"logits of shape {tuple(scores.shape)} may have their classes along the last "
                "dimension or the second: give loss='cross-entropy' for the last, or a function"
            )
    if not scores.is_floating_point() or scores.ndim < 2:
        raise ModelError(
            f"the model's output has dtype {scores.dtype} and shape {tuple(scores.shape)}; "
            "curvature needs float predictions of shape (batch, ..., values)"
        )
    if kind is None:
        kind = Kind.CLASSES if logits is scores and scores.shape[-1] > 1 else Kind.VALUES
    rows = scores.reshape(-1, scores.shape[-1])
    places = torch.arange(len(rows)) % max(1, len(rows) // max(1, len(scores)))
    mask = output_mask(batch, output)
    if mask is not None and scores.shape[:-1] == mask.shape:
        real = mask.reshape(-1)
        rows, places = rows[real.to(rows.device)], places[real.cpu()]
    return Prediction(finite_rows(rows), kind, len(scores), places)


def finite_rows(rows: Tensor) -> Tensor:
    """Give rows in at least float32.

    Raises
    ------
    ModelError
        A value is not finite.
    """
    rows = rows if rows.dtype == torch.float64 else rows.float()
    if not bool(torch.isfinite(rows).all()):
        raise ModelError("the model's output is not finite on the calibration data")
    return rows


def numbers(rows: Tensor, kind: Kind, generator: torch.Generator, samples: int) -> Iterator[Tensor]:
    """Draw what targets of rows of such a shape and dtype are made of, for each sample of them."""
    for _ in range(samples):
        if kind is Kind.CLASSES:
            yield _shares(rows, generator)
        else:
            # The gradient of the squared error to a sample is the noise itself, and that of the
            # loss to itself is one.
            yield torch.ones_like(rows) if kind is Kind.LOSS else _noise(rows, generator)


def probes(
    prediction: Prediction, drawn: Iterable[Tensor], samples: int | None
) -> Iterator[tuple[Tensor, bool]]:
    """Give gradients at the prediction whose outer products add up to its curvature.

    Parameters
    ----------
    prediction : Prediction
        For one batch.
    drawn : iterable of Tensor
        From :func:`numbers`, for its rows; not looked at where `samples` is None.
    samples : int or None
        Targets drawn for each output, each a probe: the products' mean over them is right in
        expectation. None: a probe for each value of each output of a sample, whose products add
        up to the Gauss-Newton matrix exactly, if samples do not meet in the model.

    Yields
    ------
    probe : Tensor, shape (outputs, values)
        To be backpropagated from the rows.
    last : bool
        Whether it is the batch's last.

    Raises
    ------
    ModelError
        Without sampling there are too many.
    """
    rows = prediction.rows.detach()
    if samples is None:
        yield from _exact_probes(rows, prediction)
        return
    probabilities = rows.softmax(-1) if prediction.categorical else None
    cumulative = None if probabilities is None else probabilities.cumsum(-1)
    for number, values in enumerate(drawn):
        last = number + 1 == samples
        if probabilities is None or cumulative is None:
            yield values.to(rows.device), last
            continue
        targets = _drawn(cumulative, values)
        probe = probabilities if last else probabilities.clone()
        probe[torch.arange(len(rows), device=rows.device), targets] -= 1
        yield probe, last


def _exact_probes(rows: Tensor, prediction: Prediction) -> Iterator[tuple[Tensor, bool]]:
    places = torch.unique(prediction.places).tolist()
    values = rows.shape[1]
    if len(places) * values > _MAX_EXACT:
        raise ModelError(
            f"without sampling, {len(places)} outputs of {values} values take as many backward "
            f"passes as that makes values; the limit is {_MAX_EXACT}"
        )
    probabilities = rows.softmax(-1)
    for place in places:
        # Outputs of one sample meet in its gradient, so each takes passes of its own.
        here = (prediction.places == place).to(rows.device)[:, None]
        for value in range(values):
            probe = torch.zeros_like(rows)
            if prediction.categorical:
                # Columns sqrt(p_c) (e_c - p) of a root of diag(p) - p p^T.
                probe -= probabilities
            probe[:, value] += 1
            if prediction.categorical:
                probe *= probabilities[:, value, None].sqrt()
            yield probe * here, (place, value) == (places[-1], values - 1)


def sampled_loss(rows: Tensor, generator: torch.Generator, *, categorical: bool) -> Tensor:
    """Sum the negative log-likelihood of targets drawn from the model's own prediction.

    Parameters
    ----------
    rows : Tensor, shape (outputs, values)
        From :func:`prediction_rows`.
    generator : torch.Generator
        Source of the samples, on the CPU whatever the model's device.
    categorical : bool
        Whether the rows are logits, or means of a unit Gaussian.

    Returns
    -------
    Tensor, shape ()
        Sum over outputs, in nats.
    """
    if not categorical:
        # The gradient of the squared error to a sample is the noise itself.
        return (rows * _noise(rows, generator)).sum()
    targets = _drawn(rows.detach().softmax(-1).cumsum(-1), _shares(rows, generator))
    return torch.nn.functional.cross_entropy(rows, targets, reduction="sum")


def _noise(rows: Tensor, generator: torch.Generator) -> Tensor:
    return torch.randn(rows.shape, generator=generator, dtype=rows.dtype).to(rows.device)


def _shares(rows: Tensor, generator: torch.Generator) -> Tensor:
    return torch.rand(len(rows), 1, generator=generator, dtype=rows.dtype)


def _drawn(cumulative: Tensor, share: Tensor) -> Tensor:
    """Draw a class for each row by inverting its distribution, with one random number each."""
    level = share.to(cumulative.device) * cumulative[:, -1:]
    # Right of equal values: a class of probability zero is never drawn.
    drawn = torch.searchsorted(cumulative, level, right=True)[:, 0]
    return drawn.clamp_max(cumulative.shape[1] - 1)


def _prediction(output: Any) -> Tensor:
    candidates = (
        output,
        getattr(output, "last_hidden_state", None),
        output[0] if isinstance(output, tuple | list) and output else None,
    )
    for candidate in candidates:
        if isinstance(candidate, Tensor):
            return candidate
    raise ModelError(
        f"the model returned {type(output).__name__}; expected a tensor, or an object with "
        "logits or last_hidden_state"
    )
