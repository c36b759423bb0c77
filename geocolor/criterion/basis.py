"""A basis shared by a group: its cost curve over rank, and its factors.

Oriented matrices ``W_i`` (outer_i, d) become ``C_i B^T`` with one B (d, r). With a common inner
metric the truncated eigenbasis of the pooled Gram matrix is globally optimal, whatever the outer
metrics (Eckart-Young on the stacked ``outer_i^1/2 W_i inner^1/2``). With different ones the basis
comes from the pooled metric, and each ``C_i`` is then fitted in closed form in the unit's own, so
the curve is the exact cost of what will be stored, and an upper bound on the best shared basis.
"""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.utils.weak import WeakIdKeyDictionary

from geocolor.criterion.curves import CostCurve, Form
from geocolor.criterion.dominant import DominantPairs
from geocolor.criterion.metric import View
from geocolor.errors import ModelError

__all__ = ["BasisFitter", "Root", "SharedBasis"]


@dataclass(frozen=True, eq=False)
class Root:
    """Cholesky factor of a metric, ``metric = lower lower^T``.

    The eigenvectors of ``lower^T moment lower`` do not depend on which root is taken, and this
    one is ten times cheaper than the symmetric root. Moments of few samples break a raw Cholesky
    factorisation; the metrics here are damped, and factored in float64.
    """

    lower: Tensor

    @classmethod
    def of(cls, metric: Tensor) -> Root:
        """Factor a damped metric.

        Raises
        ------
        ModelError
            It is not finite.
        """
        wide = metric.double()
        if not bool(torch.isfinite(wide).all()):
            raise ModelError("weights and curvature are too large to be measured in their dtype")
        lower, failed = torch.linalg.cholesky_ex(wide)
        info = torch.finfo(metric.dtype)
        level = info.eps * max(float(wide.diagonal().mean()), info.tiny)
        while int(failed):
            # Rounding of the sums made it indefinite; lift it by as little as that takes.
            lifted = wide + level * torch.eye(len(wide), dtype=wide.dtype, device=wide.device)
            lower, failed = torch.linalg.cholesky_ex(lifted)
            level *= 10
        return cls(lower.to(metric.dtype))

    def gram(self, moment: Tensor) -> Tensor:
        """``lower^T moment lower``, exactly symmetric."""
        product = self.lower.T @ moment @ self.lower
        return (product + product.T) / 2

    def dual(self, vectors: Tensor) -> Tensor:
        """``lower^-T vectors``: orthonormal columns become orthonormal in the metric."""
        solved: Tensor = torch.linalg.solve_triangular(self.lower.T, vectors, upper=True)
        return solved


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
    """Fits shared bases; keeps the roots of the units' own metrics.

    Parameters
    ----------
    refit : bool
        Fit each unit's coefficients in its own metric (default), or leave them as the pooled
        metric gives them, as published rules do.
    dominant : mapping of str to DominantPairs
        Eigenpairs that coefficients keep the perturbation out of, by unit; in plain distance only,
        where a basis is orthonormal.
    """

    def __init__(
        self, *, refit: bool = True, dominant: Mapping[str, DominantPairs] | None = None
    ) -> None:
        self._refit = refit
        self._dominant = dominant or {}
        # A root goes with its metric: of views that are made when asked for, metrics come and go.
        self._roots: MutableMapping[Tensor, Root] = WeakIdKeyDictionary()

    def _root(self, metric: Tensor) -> Root:
        if metric not in self._roots:
            self._roots[metric] = Root.of(metric)
        return self._roots[metric]

    def _pooled(self, group: Sequence[View]) -> Root:
        if _common_metric(group):
            return self._root(group[0].inner)
        inner = torch.stack([view.inner for view in group])
        if not self._refit:
            return Root.of(inner.mean(0))
        # Members whose output matters more say more about the space.
        energy = torch.stack([(view.moment * view.inner).sum() for view in group])
        if not float(energy.sum()) > 0:  # zero matrices: any space will do
            return Root.of(inner.mean(0))
        share = energy / energy.sum()
        return Root.of((share[:, None, None] * inner).sum(0))

    def _directions(self, group: Sequence[View]) -> tuple[Root, Tensor, Tensor]:
        """Pooled root, eigenvalues (descending) and eigenvectors of the pooled Gram matrix."""
        pooled = self._pooled(group)
        moment = torch.stack([view.moment for view in group]).sum(0)
        values, vectors = torch.linalg.eigh(pooled.gram(moment))
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
            basis = pooled.dual(vectors)
            captured = torch.stack([_captured(view, basis) for view in group]).sum(0)
            total = torch.stack([(view.moment * view.inner).sum() for view in group]).double().sum()
        left = total - torch.cat([captured.new_zeros(1), captured]).double().cumsum(0)
        costs = left.clamp_min(0).div(2).cpu().numpy()
        width = group[0].inner.shape[0]
        step = width + sum(len(view.weight) for view in group)
        return CostCurve.straight(Form.BASIS, costs, 0, step)

    def fit(self, group: Sequence[View], rank: int) -> SharedBasis:
        """Give the factors at `rank`.

        The basis is orthonormal in the pooled metric, so coefficients are well scaled.
        """
        pooled, _, vectors = self._directions(group)
        basis = pooled.dual(vectors[:, :rank])
        common = _common_metric(group)
        coefficients = {}
        for view in group:
            metric = view.inner
            if view.unit.name in self._dominant:
                pairs = self._dominant[view.unit.name]
                coefficients[view.unit.name] = pairs.corrected(view.weight, basis)
                continue
            if common or not self._refit:
                # In the pooled metric the basis is orthonormal and the fit a projection.
                coefficients[view.unit.name] = view.weight @ (pooled.lower @ vectors[:, :rank])
                continue
            projected = metric @ basis
            coefficients[view.unit.name] = torch.linalg.solve(
                basis.T @ projected, (view.weight @ projected).T
            ).T
        return SharedBasis(basis, coefficients)


def _captured(view: View, basis: Tensor) -> Tensor:
    """Energy that each further column of `basis` captures in the unit's own metric.

    The Cholesky factor of ``basis^T inner basis`` orthonormalises all prefixes of the basis at
    once, so the running sum is the energy that a closed-form fit at each rank keeps.
    """
    image = view.inner @ basis
    lower = Root.of(basis.T @ image).lower
    own = torch.linalg.solve_triangular(lower, image.T, upper=False)
    energy: Tensor = ((own @ view.moment) * own).sum(1)
    return energy


def _common_metric(group: Sequence[View]) -> bool:
    """Whether all members see the shared space in one metric, as q, k and v of a layer do."""
    return all(view.inner is group[0].inner for view in group)
