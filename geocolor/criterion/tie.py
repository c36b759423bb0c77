"""One dense matrix for a whole group.

``C(S) = min_W 1/2 sum_i tr(outer_i (W - W_i) inner_i (W - W_i)^T)``; the minimiser solves
``sum_i outer_i W inner_i = sum_i outer_i W_i inner_i``.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from geocolor.criterion.basis import Root
from geocolor.criterion.metric import View

__all__ = ["alignment", "merge", "pair_tie_bound", "tie_cost"]

_MAX_ITERATIONS = 200
_TOLERANCE = 1e-5


def _apply(group: Sequence[View], weight: Tensor) -> Tensor:
    return torch.stack([view.outer @ weight @ view.inner for view in group]).sum(0)


def merge(group: Sequence[View], weights: Sequence[Tensor] | None = None) -> Tensor:
    """Merge a group into the matrix of least cost, by preconditioned conjugate gradients.

    Parameters
    ----------
    group : sequence of View
        Units of one family and shape.
    weights : sequence of Tensor, shape (outer, inner), optional
        What to merge in the units' metrics; default the units' own matrices.

    Returns
    -------
    Tensor, shape (outer, inner)
        Relative residual below 1e-5. O(g m n (m + n)) per iteration.
    """
    weights = [view.weight for view in group] if weights is None else weights
    target = torch.stack(
        [view.outer @ own @ view.inner for view, own in zip(group, weights, strict=True)]
    ).sum(0)
    outer = Root.of(torch.stack([view.outer for view in group]).mean(0)).lower
    inner = Root.of(torch.stack([view.inner for view in group]).mean(0)).lower

    def precondition(residual: Tensor) -> Tensor:
        half = torch.cholesky_solve(residual, outer)
        return torch.cholesky_solve(half.T, inner).T / len(group)

    # From the mean, which is the answer for matrices that are equal.
    weight = torch.stack(list(weights)).mean(0)
    residual = target - _apply(group, weight)
    direction = step = precondition(residual)
    energy = (residual * step).sum()
    enough = _TOLERANCE * torch.linalg.matrix_norm(target)
    for _ in range(_MAX_ITERATIONS):
        if torch.linalg.matrix_norm(residual) <= enough:
            break
        image = _apply(group, direction)
        length = energy / (direction * image).sum()
        weight = weight + length * direction
        residual = residual - length * image
        step = precondition(residual)
        before, energy = energy, (residual * step).sum()
        direction = step + (energy / before) * direction
    return weight


def tie_cost(group: Sequence[View], weight: Tensor) -> float:
    """Cost of storing `weight` for every member of `group`, in nats per scored output."""
    total = 0.0
    for view in group:
        error = weight - view.weight
        total += float(((view.outer @ error @ view.inner) * error).sum(dtype=torch.float64)) / 2
    return total


def pair_tie_bound(first: View, second: View) -> float:
    """Bound the cost of tying a pair from below, in O(d^3 + m d^2).

    Each outer metric is replaced by a lower bound on its smallest eigenvalue, which damping
    gives; what is left is a parallel sum in the inner space.
    """
    left, right = first.outer_floor * first.inner, second.outer_floor * second.inner
    error = first.weight - second.weight
    parallel = left @ torch.linalg.solve(left + right, right)
    return max(0.0, float(((error @ parallel) * error).sum(dtype=torch.float64)) / 2)


def alignment(first: View, second: View) -> float:
    """Cosine of the angle between two matrices of one shape."""
    product = float((first.weight * second.weight).sum())
    norms = float(torch.linalg.matrix_norm(first.weight) * torch.linalg.matrix_norm(second.weight))
    return product / norms if norms > 0 else 1.0
