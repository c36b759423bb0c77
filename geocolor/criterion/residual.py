"""One dense matrix for a group, and for each member a difference of low rank on top of it.

``W_i ~ W + second_i first_i``. Given W the best difference of every rank is the truncated SVD of
``outer_i^1/2 (W_i - W) inner_i^1/2``; given the differences the best W is the tie of what they
leave over. The curve is the cost with the tie as W, at every rank at once and so an upper bound;
the fit takes turns. Fine-tunes of one model are such groups: their differences are small, and fewer
numbers say them than the matrices have.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from geocolor.criterion.basis import Root
from geocolor.criterion.curves import CostCurve, Form
from geocolor.criterion.metric import View
from geocolor.criterion.tie import merge

__all__ = ["SharedMatrix", "fit_residual", "residual_curve"]

# Turns of fitting the matrix and the differences; what further ones gain is rounding.
_TURNS = 2


@dataclass(frozen=True, eq=False)
class SharedMatrix:
    """A group's common matrix and its members' differences from it, oriented.

    Attributes
    ----------
    matrix : Tensor, shape (outer, inner)
        Shared by the group.
    differences : dict of str to (Tensor, Tensor), shapes (outer, r) and (r, inner)
        ``W_i ~ matrix + differences[i][0] @ differences[i][1]``.
    """

    matrix: Tensor
    differences: dict[str, tuple[Tensor, Tensor]]


def residual_curve(group: Sequence[View]) -> CostCurve:
    """Cost of every rank at which the group is smaller than its members; O(g m n (m + n)).

    Parameters
    ----------
    group : sequence of View
        At least two units of one family and shape.
    """
    outer, inner = group[0].weight.shape
    step = len(group) * (outer + inner)
    ranks = ((len(group) - 1) * outer * inner - 1) // step
    matrix = merge(group)
    costs = torch.zeros(1 + min(ranks, outer, inner), dtype=torch.float64)
    for view in group:
        energy = _seen(view, view.weight - matrix).spectrum
        tails = torch.cat([energy.flip(0).cumsum(0).flip(0), energy.new_zeros(1)])
        costs += tails[: len(costs)].cpu() / 2
    return CostCurve.straight(Form.RESIDUAL, costs.numpy(), outer * inner, step)


def fit_residual(group: Sequence[View], rank: int) -> SharedMatrix:
    """Give the matrix and differences of a group at `rank`, taking turns from the tie.

    Parameters
    ----------
    group : sequence of View
        As in :func:`residual_curve`.
    rank : int
        Of every difference.
    """
    matrix = merge(group)
    differences = [_seen(view, view.weight - matrix).truncated(rank) for view in group]
    for _ in range(_TURNS - 1):
        left = [
            view.weight - second @ first
            for view, (second, first) in zip(group, differences, strict=True)
        ]
        matrix = merge(group, left)
        differences = [_seen(view, view.weight - matrix).truncated(rank) for view in group]
    names = [view.unit.name for view in group]
    return SharedMatrix(matrix, dict(zip(names, differences, strict=True)))


@dataclass(frozen=True, eq=False)
class _Seen:
    """An error of one unit, in its metric, along the shorter of its two sides.

    Attributes
    ----------
    error : Tensor, shape (short, long)
        Transposed where its outer side is the long one.
    root : Root
        Of the metric of the short side.
    spectrum : Tensor of float64, shape (short,)
        Energies of its principal directions, descending.
    directions : Tensor, shape (short, short)
        Orthonormal columns.
    turned : bool
        Whether it is transposed.
    """

    error: Tensor
    root: Root
    spectrum: Tensor
    directions: Tensor
    turned: bool

    def truncated(self, rank: int) -> tuple[Tensor, Tensor]:
        """Give the best factors of a rank, ``second`` and ``first``."""
        kept = self.directions[:, :rank]
        # A projection in the metric of the short side; it needs no root of the other.
        left, right = self.root.dual(kept), kept.T @ (self.root.lower.T @ self.error)
        return (right.T, left.T) if self.turned else (left, right)


def _seen(view: View, error: Tensor) -> _Seen:
    turned = error.shape[0] > error.shape[1]
    short, long = (view.inner, view.outer) if turned else (view.outer, view.inner)
    error = error.T if turned else error
    root = Root.of(short)
    half = root.lower.T @ error
    gram = (half @ long @ half.T).double()
    values, vectors = torch.linalg.eigh((gram + gram.T) / 2)
    directions = vectors.flip(1).to(error.dtype)
    return _Seen(error, root, values.flip(0).clamp_min(0), directions, turned)
