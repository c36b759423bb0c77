"""The dominant eigenpairs of a matrix's curvature, and perturbations kept out of them.

As "Rethinking Parameter Sharing as Graph Coloring for Structured Compression" (arXiv 2511.06786)
judges sharing: by the energy of the perturbation in the K eigenpairs of largest curvature. The
eigenpairs are those of the Kronecker factors, products of an eigenvector of each.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.linalg
import torch
from numpy.typing import NDArray
from torch import Tensor

from geocolor.curvature import KroneckerFactors
from geocolor.units import Side

__all__ = ["DominantPairs", "dominant_pairs"]

# Trust region of the correction: how much of the squared distance it may add.
_TRUST = 1.0
# Weight of distance against curvature to begin with, relative to the largest curvature; and the
# factor by which it grows until the correction can be trusted.
_LEVEL, _GROWTH = 1e-6, 10.0


@dataclass(frozen=True, eq=False)
class DominantPairs:
    """Eigenpairs of largest curvature of one unit, oriented.

    Attributes
    ----------
    values : Tensor, shape (K,)
        Eigenvalues, descending.
    outer : Tensor, shape (K, outer)
    inner : Tensor, shape (K, inner)
        The eigenvector of a pair is the matrix ``outer[k] inner[k]^T``, of length one.
    """

    values: Tensor
    outer: Tensor
    inner: Tensor

    def components(self, perturbation: Tensor) -> Tensor:
        """Project an oriented perturbation onto each eigenvector; O(K outer inner)."""
        components: Tensor = ((self.outer @ perturbation) * self.inner).sum(1)
        return components

    def energy(self, perturbation: Tensor) -> float:
        """Half the curvature of an oriented perturbation, as far as these pairs see it."""
        return float((self.values * self.components(perturbation).square()).sum()) / 2

    def corrected(self, weight: Tensor, basis: Tensor) -> Tensor:
        """Fit coefficients on an orthonormal basis that keep the perturbation out of these pairs.

        The plain projection plus terms of rank one for each pair, by least squares, as far as they
        at most double the squared distance: beyond that second order is not to be trusted.

        Parameters
        ----------
        weight : Tensor, shape (outer, inner)
            Oriented.
        basis : Tensor, shape (inner, r)
            With orthonormal columns.

        Returns
        -------
        Tensor, shape (outer, r)
        """
        plain = weight @ basis
        residual = weight - plain @ basis.T
        reached = self.inner @ basis
        gram = (self.outer @ self.outer.T) * (reached @ reached.T)
        wanted = self.components(residual)
        distance = float(residual.square().sum())
        scale = float(self.values[0])
        if not (scale > 0 and distance > 0):
            return plain
        curvature = (self.values / scale).double()
        eye = torch.eye(len(wanted), dtype=torch.float64, device=wanted.device)
        level = _LEVEL
        while True:
            amounts = torch.linalg.solve(
                curvature[:, None] * gram.double() + level * eye, curvature * wanted.double()
            ).to(weight.dtype)
            change = (self.outer * amounts[:, None]).T @ reached
            if float(change.square().sum()) <= _TRUST * distance:
                corrected: Tensor = plain + change
                return corrected
            level *= _GROWTH


def dominant_pairs(factors: KroneckerFactors, side: Side, count: int) -> DominantPairs:
    """Take the `count` largest eigenpairs of a unit's Kronecker curvature.

    Parameters
    ----------
    factors : KroneckerFactors
        Undamped.
    side : Side
        How the unit is oriented.
    count : int
        At most as many; at least one.
    """
    outer, inner = factors.gradients, factors.inputs
    if side is Side.WRITE:
        outer, inner = inner, outer
    outer_values, outer_vectors = _largest(outer, count)
    inner_values, inner_vectors = _largest(inner, count)
    products = np.outer(outer_values, inner_values).ravel()
    order = np.argsort(-products, kind="stable")[:count]
    rows, columns = np.divmod(order, len(inner_values))

    def tensor(array: NDArray[np.float64]) -> Tensor:
        return torch.from_numpy(np.ascontiguousarray(array)).to(outer)

    return DominantPairs(
        tensor(products[order]), tensor(outer_vectors.T[rows]), tensor(inner_vectors.T[columns])
    )


def _largest(factor: Tensor, count: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Largest eigenvalues of a factor, descending, with their vectors in columns."""
    size = len(factor)
    wide = factor.double().cpu().numpy()
    values, vectors = scipy.linalg.eigh(wide, subset_by_index=(max(0, size - count), size - 1))
    return values[::-1].clip(min=0), vectors[:, ::-1]
