"""A loss without labels: targets sampled from the model's own prediction.

The expected outer product of its gradients is the true Fisher information, which for
cross-entropy and for squared error equals the generalised Gauss-Newton matrix (Martens, 2020).
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from geocolor.curvature.batches import Batch, token_mask
from geocolor.errors import ModelError

__all__ = ["prediction_rows", "sampled_loss"]


def prediction_rows(output: Any, batch: Batch) -> tuple[Tensor, bool]:
    """Give a model's predictions, one row for each scored output.

    Parameters
    ----------
    output : Any
        What the model returned. Its ``logits`` are read as categorical predictions; a plain
        tensor, or ``last_hidden_state``, as the mean of a unit Gaussian.
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
    logits = getattr(output, "logits", None)
    categorical = isinstance(logits, Tensor)
    scores = logits if isinstance(logits, Tensor) else _prediction(output)
    if not scores.is_floating_point() or scores.ndim < 2:
        raise ModelError(
            f"the model's output has dtype {scores.dtype} and shape {tuple(scores.shape)}; "
            "curvature needs float predictions of shape (batch, ..., values)"
        )
    rows = scores.reshape(-1, scores.shape[-1])
    rows = rows if rows.dtype == torch.float64 else rows.float()
    mask = token_mask(batch)
    if mask is not None and scores.shape[:-1] == mask.shape:
        rows = rows[mask.reshape(-1).to(rows.device)]
    if not bool(torch.isfinite(rows).all()):
        raise ModelError("the model's output is not finite on the calibration data")
    return rows, categorical


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
        probe = torch.randn(rows.shape, generator=generator, dtype=rows.dtype).to(rows.device)
        return (rows * probe).sum()
    probabilities = rows.detach().softmax(-1).cpu()
    targets = torch.multinomial(probabilities, 1, generator=generator)[:, 0].to(rows.device)
    return torch.nn.functional.cross_entropy(rows, targets, reduction="sum")


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
