"""Kronecker factors of the curvature, one pair per unit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from torch import Tensor

__all__ = ["Curvature", "KroneckerFactors"]


@dataclass(frozen=True, eq=False)
class KroneckerFactors:
    """Curvature of the loss in one weight matrix, ``H ~ inputs (x) gradients``.

    A perturbation E of the matrix raises the loss by about ``1/2 tr(gradients E inputs E^T)``
    nats per scored output.

    Attributes
    ----------
    inputs : Tensor, shape (in_features, in_features)
        ``A = E[x x^T]``, mean over token positions. Layers that read the same tensor hold the
        same object.
    gradients : Tensor, shape (out_features, out_features)
        ``G = sum g g^T / scored outputs``, g the gradient at the layer's output.
    """

    inputs: Tensor
    gradients: Tensor


@dataclass(frozen=True, eq=False)
class Curvature:
    """What one pass over the calibration batches measured.

    Attributes
    ----------
    factors : mapping of str to KroneckerFactors
        By unit name.
    tokens : int
        Input positions that entered.
    outputs : int
        Scored outputs: positions of a language model, samples of a classifier.
    """

    factors: Mapping[str, KroneckerFactors]
    tokens: int
    outputs: int
