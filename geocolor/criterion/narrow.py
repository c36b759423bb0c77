"""Fewer hidden units between matrices: what the ones left out cost, and how the others make it up.

A hidden layer's reader computes ``W h``. Hidden units that are left out are predicted from the kept
ones by the regression ``h_R ~ A_RK A_KK^-1 h_K``, which the reader takes in:
``W'_K = W_K + W_R A_RK A_KK^-1``. What remains costs ``1/2 tr(G W_R S W_R^T)``, S the covariance of
``h_R`` given ``h_K``. It is the Optimal Brain Surgeon's update with the Kronecker curvature of the
reader (Hassibi and Stork, 1993), and an interpolative decomposition of the hidden activations
(Chee et al., 2022). The writers lose rows and are else unchanged, so one cost pays in all matrices.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from geocolor.criterion.basis import Root
from geocolor.criterion.curves import CostCurve, Form
from geocolor.criterion.metric import View
from geocolor.units import Side

__all__ = ["Narrowing", "interpolated", "narrow", "narrow_curve"]

# Hidden units left out between two looks at all others; a smaller step changes costs by under 1%.
_STEP = 16
# Of those at hand, the part that is left out before the others are copied.
_COPIED = 8


@dataclass(frozen=True, eq=False)
class Narrowing:
    """Which hidden units go first, and what each number of kept ones costs.

    Attributes
    ----------
    order : Tensor of int64, shape (width,)
        Hidden units, the first to be left out first.
    costs : ndarray of float64, shape (width + 1,)
        By the number of hidden units kept, in nats per scored output.
    """

    order: Tensor
    costs: NDArray[np.float64]

    def kept(self, count: int) -> Tensor:
        """Give the hidden units that stay where `count` do, ascending."""
        return self.order[len(self.order) - count :].sort().values


def narrow_curve(narrowing: Narrowing, parameters: int) -> CostCurve:
    """Turn costs into a curve over the number of hidden units kept.

    Parameters
    ----------
    narrowing : Narrowing
        From :func:`narrow`.
    parameters : int
        What one hidden unit takes in all matrices.
    """
    return CostCurve.straight(Form.NARROW, narrowing.costs, 0, parameters)


@torch.no_grad()
def narrow(reader: View) -> Narrowing:
    """Leave hidden units out one by one, those first whose loss the others make up best.

    Parameters
    ----------
    reader : View
        The matrix that reads the hidden units.

    Returns
    -------
    Narrowing

    Notes
    -----
    Time is cubic in the width: half a second of one thread for 1,536 hidden units and 576 outputs.
    """
    weight, inputs, gradients = _plain(reader)
    width = len(inputs)
    errors = Root.of(gradients).lower.double().T @ weight
    # Covariance given the kept ones, seen through its inverse: leaving a unit out takes its row
    # and column away by elimination, in `precision` and in the reader's weights alike.
    precision = torch.cholesky_inverse(Root.of(inputs).lower.double())
    # Those left out stay where they are, as zeros, until they are worth a copy of what is alive.
    alive, gone = torch.arange(width, device=weight.device), 0
    order: list[Tensor] = []
    losses: list[Tensor] = []
    while gone < len(alive):
        scores = errors.square().sum(0) / precision.diagonal()
        scores[precision.diagonal() == 0] = torch.inf
        out = scores.argsort(stable=True)[: min(_STEP, len(alive) - gone)]
        lower = torch.linalg.cholesky(_symmetric(precision[out][:, out]))
        # Row i: what the i-th of these adds once those before it are gone.
        added = torch.linalg.solve_triangular(lower, errors[:, out].T, upper=False)
        losses.append(added.square().sum(1) / 2)
        order.append(alive[out])
        reach = torch.linalg.solve_triangular(lower, precision[out], upper=False)
        errors.addmm_(added.T, reach, alpha=-1)
        precision.addmm_(reach.T, reach, alpha=-1)
        errors[:, out], precision[out], precision[:, out] = 0, 0, 0
        gone += len(out)
        if gone > len(alive) // _COPIED:
            stay = precision.diagonal() != 0
            alive, gone = alive[stay], 0
            errors, precision = errors[:, stay], precision[stay][:, stay]
    lost = torch.cat(losses).cumsum(0).cpu().numpy()
    costs = np.concatenate([[0.0], lost])[::-1].copy()
    return Narrowing(torch.cat(order).cpu(), costs)


@torch.no_grad()
def interpolated(reader: View, kept: Tensor) -> Tensor:
    """Give the reader's columns for the kept hidden units, others taken in.

    Parameters
    ----------
    reader : View
        The matrix that reads the hidden units.
    kept : Tensor of int64, shape (kept,)
        From :meth:`Narrowing.kept`.

    Returns
    -------
    Tensor, shape (out_features, kept)
        Of the dtype of the metric.
    """
    weight, inputs, _ = _plain(reader)
    kept = kept.to(weight.device)
    lower = Root.of(inputs[kept][:, kept]).lower.double()
    right = (weight @ inputs[:, kept].double()).T
    return torch.cholesky_solve(right, lower).T.to(inputs.dtype)


def _plain(reader: View) -> tuple[Tensor, Tensor, Tensor]:
    """Give weight, inputs and gradients as the layer has them, not oriented."""
    if reader.unit.side is Side.READ:
        return reader.weight.double(), reader.inner, reader.outer
    return reader.weight.T.double(), reader.outer, reader.inner


def _symmetric(matrix: Tensor) -> Tensor:
    return (matrix + matrix.T) / 2
