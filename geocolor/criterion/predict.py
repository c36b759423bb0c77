"""Predicted loss increase of a change that has been made."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from geocolor.curvature import FormsByUnit

__all__ = ["predicted_increase"]


def predicted_increase(
    originals: Mapping[str, Tensor], stored: Mapping[str, Tensor], curvature: FormsByUnit[Any]
) -> float:
    """Sum half the energies of units' changes, undamped; the same scale for every method.

    In Kronecker form that is ``1/2 tr(G E A E^T)``.

    Interaction between units is left out, so this underestimates large changes.

    Parameters
    ----------
    originals, stored : mapping of str to Tensor, shape (out_features, in_features)
        Weights before and after, by unit name; units missing in `stored` are unchanged.
    curvature : FormsByUnit
        Measured on the originals: :class:`Curvature` or any other kind.

    Returns
    -------
    float
        Nats per scored output.
    """
    total = 0.0
    for name, weight in stored.items():
        total += curvature.factors[name].energy(weight - originals[name]) / 2
    return total
