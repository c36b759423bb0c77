"""A basis shared by a group: its cost curve over rank, and its factors.

Oriented matrices ``W_i`` (outer_i, d) become ``C_i B^T`` with one B (d, r). With a common inner
metric the truncated eigenbasis of the pooled Gram matrix is globally optimal, whatever the outer
metrics (Eckart-Young on the stacked ``outer_i^1/2 W_i inner^1/2``). With different ones the basis
comes from the pooled metric, and each ``C_i`` is then fitted in closed form in the unit's own, so
the curve is the exact cost of what will be stored, and an upper bound on the best shared basis.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from geocolor.criterion.curves import CostCurve, Form
from geocolor.criterion.metric import View

__all__ = ["BasisFitter", "Root", "SharedBasis"]


@dataclass(frozen=True, eq=False)
class Root:
    """Symmetric square root of a metric and its inverse."""

    root: Tensor
    inverse: Tensor

    @classmethod
    def of(cls, matrix: Tensor) -> Root:
        """Take the eigen-square-root; raw Cholesky factors of noisy moments are fragile."""
        values, vectors = torch.linalg.eigh(matrix)
        # Below the rounding of the largest eigenvalue nothing is known; never divide by it.
        floor = values[-1] * len(values) * torch.finfo(matrix.dtype).eps
        values = values.clamp_min(floor.clamp_min(torch.finfo(matrix.dtype).tiny))
        return cls((vectors * values.sqrt()) @ vectors.T, (vectors * values.rsqrt()) @ vectors.T)


@dataclass(frozen=True, eq=False)
class SharedBasis:
    """Factors of a group, oriented.

    Attributes
    ----------
    basis : Tensor, shape (d, r)
        Shared by the group.
    coefficients : dict of str to Tensor, shape (outer, r)
        ``W_i ~ coefficients[i] @ basis.T``.
    """

    basis: Tensor
    coefficients: dict[str, Tensor]


class BasisFitter:
    """Fits shared bases; keeps the roots of the metrics it has seen.

    Parameters
    ----------
    refit : bool
        Fit each unit's coefficients in its own metric (default), or leave them as the pooled
        metric gives them, as published rules do.
    """

    def __init__(self, *, refit: bool = True) -> None:
        self._refit = refit
        # The metric itself is kept beside its root, so that its id stays its own.
        self._roots: dict[int, tuple[Tensor, Root]] = {}

    def _root(self, metric: Tensor) -> Root:
        if id(metric) not in self._roots:
            self._roots[id(metric)] = (metric, Root.of(metric))
        return self._roots[id(metric)][1]

    def _pooled(self, group: Sequence[View]) -> Root:
        if _common_metric(group):
            return self._root(group[0].inner)
        inner = torch.stack([view.inner for view in group])
        if not self._refit:
            return Root.of(inner.mean(0))
        # Members whose output matters more say more about the space.
        energy = torch.stack([(view.moment * view.inner).sum() for view in group])
        share = energy / energy.sum().clamp_min(torch.finfo(energy.dtype).tiny)
        return Root.of((share[:, None, None] * inner).sum(0))

    def _directions(self, group: Sequence[View]) -> tuple[Root, Tensor, Tensor]:
        """Pooled root, eigenvalues (descending) and eigenvectors of the pooled Gram matrix."""
        pooled = self._pooled(group)
        moment = torch.stack([view.moment for view in group]).sum(0)
        gram = pooled.root @ moment @ pooled.root
        values, vectors = torch.linalg.eigh((gram + gram.T) / 2)
        limit = min(len(values), sum(len(view.weight) for view in group))
        return pooled, values.flip(0)[:limit].clamp_min(0), vectors.flip(1)[:, :limit]

    def curve(self, group: Sequence[View]) -> CostCurve:
        """Cost of every rank at once; O(g d^3).

        Without refit the cost is that of the pooled metric, in which such a rule decides.

        Parameters
        ----------
        group : sequence of View
            Units of one family.
        """
        pooled, values, vectors = self._directions(group)
        if _common_metric(group) or not self._refit:
            captured = values
            total = values.double().sum()
        else:
            captured = torch.zeros_like(values)
            total = torch.zeros((), dtype=torch.float64, device=values.device)
            basis = pooled.inverse @ vectors
            for view in group:
                root = self._root(view.inner).root
                gram = root @ view.moment @ root
                # Orthonormal in the unit's own metric, prefix by prefix: every rank at once.
                own = torch.linalg.qr(root @ basis).Q
                captured = captured + ((gram @ own) * own).sum(0)
                total = total + gram.diagonal().double().sum()
        left = total - torch.cat([captured.new_zeros(1), captured]).double().cumsum(0)
        costs = left.clamp_min(0).div(2).cpu().numpy()
        width = group[0].inner.shape[0]
        return CostCurve(Form.BASIS, costs, 0, width + sum(len(view.weight) for view in group))

    def fit(self, group: Sequence[View], rank: int) -> SharedBasis:
        """Give the factors at `rank`.

        The basis is orthonormal in the pooled metric, so coefficients are well scaled.
        """
        pooled, _, vectors = self._directions(group)
        basis = pooled.inverse @ vectors[:, :rank]
        common = _common_metric(group)
        coefficients = {}
        for view in group:
            metric = view.inner
            if common or not self._refit:
                # In the pooled metric the basis is orthonormal and the fit a projection.
                coefficients[view.unit.name] = view.weight @ (pooled.root @ vectors[:, :rank])
                continue
            projected = metric @ basis
            coefficients[view.unit.name] = torch.linalg.solve(
                basis.T @ projected, (view.weight @ projected).T
            ).T
        return SharedBasis(basis, coefficients)


def _common_metric(group: Sequence[View]) -> bool:
    """Whether all members see the shared space in one metric, as q, k and v of a layer do."""
    return all(view.inner is group[0].inner for view in group)
