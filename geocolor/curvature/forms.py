"""Quadratic forms that stand for the curvature of the loss in one weight matrix."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from torch import Tensor

__all__ = [
    "DiagonalFactors",
    "Eigenpairs",
    "KroneckerFactors",
    "QuadraticForm",
    "RescaledFactors",
]


class QuadraticForm(Protocol):
    """Curvature H of the loss in one matrix, in nats per scored output.

    A perturbation E of the matrix raises the loss by about ``1/2 energy(E)``. A dataclass of
    tensors: that is what is saved.
    """

    @property
    def shape(self) -> tuple[int, int]:
        """``(out_features, in_features)`` of the matrix."""

    @property
    def trace(self) -> float:
        """Trace of H."""

    def consistent(self) -> bool:
        """Whether the tensors' shapes go together."""

    def product(self, matrix: Tensor) -> Tensor:
        """Give H times a matrix, as a matrix."""

    def energy(self, matrix: Tensor) -> float:
        """Give the inner product of a matrix and H times it."""

    def figures(self) -> dict[str, float]:
        """Give what a summary tells, by heading."""


def _effective_rank(factor: Tensor) -> float:
    """``tr^2 / |.|_F^2``: the number of directions if all had the same curvature."""
    size = float(factor.square().sum())
    return float(factor.diagonal().sum()) ** 2 / size if size else 0.0


def _square(tensor: Tensor) -> bool:
    return tensor.ndim == 2 and tensor.shape[0] == tensor.shape[1]


@dataclass(frozen=True, eq=False, repr=False)
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

    @property
    def shape(self) -> tuple[int, int]:
        """``(out_features, in_features)``."""
        return len(self.gradients), len(self.inputs)

    @property
    def trace(self) -> float:
        """Trace of the product."""
        return float(self.inputs.diagonal().sum()) * float(self.gradients.diagonal().sum())

    def consistent(self) -> bool:
        """Whether both factors are square."""
        return _square(self.inputs) and _square(self.gradients)

    def product(self, matrix: Tensor) -> Tensor:
        """``gradients matrix inputs``."""
        return self.gradients @ matrix.to(self.inputs.dtype) @ self.inputs

    def energy(self, matrix: Tensor) -> float:
        """``tr(gradients matrix inputs matrix^T)``."""
        matrix = matrix.to(self.inputs.dtype)
        return float((self.product(matrix) * matrix).sum())

    def figures(self) -> dict[str, float]:
        """Trace and effective rank of both factors; their condition is that of the damping."""
        return {
            "trace A": float(self.inputs.diagonal().sum()),
            "rank A": _effective_rank(self.inputs),
            "trace G": float(self.gradients.diagonal().sum()),
            "rank G": _effective_rank(self.gradients),
        }


class _Scaled:
    """What has a scale for each weight, in some basis."""

    scales: Tensor

    @property
    def shape(self) -> tuple[int, int]:
        """``(out_features, in_features)``."""
        return self.scales.shape[0], self.scales.shape[1]

    @property
    def trace(self) -> float:
        """That of the Fisher information itself, up to sampling."""
        return float(self.scales.sum())

    def figures(self) -> dict[str, float]:
        """Trace."""
        return {"trace": self.trace}


@dataclass(frozen=True, eq=False, repr=False)
class RescaledFactors(_Scaled):
    """Curvature diagonal in the Kronecker factors' eigenbasis (EK-FAC; George et al., 2018).

    Of all matrices diagonal in that basis the nearest to the Fisher information.

    Attributes
    ----------
    inputs_basis : Tensor, shape (in_features, in_features)
        Eigenvectors of the inputs' factor, one a column; one object for all that share it.
    gradients_basis : Tensor, shape (out_features, out_features)
        Eigenvectors of the gradients' factor.
    scales : Tensor, shape (out_features, in_features)
        Second moment of the weight's gradient along each product of two of them.
    """

    inputs_basis: Tensor
    gradients_basis: Tensor
    scales: Tensor

    def consistent(self) -> bool:
        """Whether there is a scale for each pair of eigenvectors."""
        bases = (len(self.gradients_basis), len(self.inputs_basis))
        squares = _square(self.inputs_basis) and _square(self.gradients_basis)
        return squares and tuple(self.scales.shape) == bases

    def product(self, matrix: Tensor) -> Tensor:
        """Into the basis, scaled, and back."""
        scaled = self._turned(matrix) * self.scales
        return self.gradients_basis @ scaled @ self.inputs_basis.T

    def energy(self, matrix: Tensor) -> float:
        """Sum of scales times squared coefficients."""
        return float((self._turned(matrix).square() * self.scales).sum())

    def _turned(self, matrix: Tensor) -> Tensor:
        return self.gradients_basis.T @ matrix.to(self.scales.dtype) @ self.inputs_basis


@dataclass(frozen=True, eq=False, repr=False)
class DiagonalFactors(_Scaled):
    """Diagonal of the Fisher information.

    Attributes
    ----------
    scales : Tensor, shape (out_features, in_features)
        Second moment of each weight's gradient.
    """

    scales: Tensor

    def consistent(self) -> bool:
        """Whether the scales are a matrix."""
        return self.scales.ndim == 2

    def product(self, matrix: Tensor) -> Tensor:
        """Weight by weight."""
        return matrix.to(self.scales.dtype) * self.scales

    def energy(self, matrix: Tensor) -> float:
        """Sum of scales times squares."""
        return float((matrix.to(self.scales.dtype).square() * self.scales).sum())


@dataclass(frozen=True, eq=False, repr=False)
class Eigenpairs:
    """Largest eigenvalues of the curvature and their eigenvectors; the rest is left out.

    Attributes
    ----------
    values : Tensor, shape (K,)
        Largest first.
    vectors : Tensor, shape (K, out_features, in_features)
        Orthonormal, in the matrix's shape.
    """

    values: Tensor
    vectors: Tensor

    @property
    def shape(self) -> tuple[int, int]:
        """``(out_features, in_features)``."""
        return self.vectors.shape[1], self.vectors.shape[2]

    @property
    def trace(self) -> float:
        """Of the part that is held."""
        return float(self.values.sum())

    def consistent(self) -> bool:
        """Whether there is a vector for each value."""
        fits = self.values.ndim == 1 and self.vectors.ndim == 3
        return fits and len(self.values) == len(self.vectors)

    def _coefficients(self, matrix: Tensor) -> Tensor:
        return self.vectors.flatten(1) @ matrix.to(self.vectors.dtype).flatten()

    def product(self, matrix: Tensor) -> Tensor:
        """Eigenvectors weighted by value and coefficient."""
        weights = self.values * self._coefficients(matrix)
        return (weights @ self.vectors.flatten(1)).reshape(self.shape)

    def energy(self, matrix: Tensor) -> float:
        """Sum of values times squared coefficients."""
        return float((self.values * self._coefficients(matrix).square()).sum())

    def figures(self) -> dict[str, float]:
        """Largest and smallest value."""
        return {
            "pairs": len(self.values),
            "largest": float(self.values.max()),
            "smallest": float(self.values.min()),
        }
