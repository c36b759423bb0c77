"""Predicted loss increase of a change that has been made."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from geocolor.curvature import Curvature

__all__ = ["predicted_increase"]


def predicted_increase(
    originals: Mapping[str, Tensor], stored: Mapping[str, Tensor], curvature: Curvature
) -> float:
    """Sum ``1/2 tr(G E A E^T)`` over units, undamped; the same scale for every method.

    Interaction between units is left out, so this underestimates large changes.

    Parameters
    ----------
    originals, stored : mapping of str to Tensor, shape (out_features, in_features)
        Weights before and after, by unit name; units missing in `stored` are unchanged.
    curvature : Curvature
        Measured on the originals.

    Returns
    -------
    float
        Nats per scored output.
    """
    total = 0.0
    for name, weight in stored.items():
        factors = curvature.factors[name]
        error = (weight - originals[name]).to(factors.inputs.dtype)
        total += float(((factors.gradients @ error @ factors.inputs) * error).sum()) / 2
    return total
