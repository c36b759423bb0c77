"""Exact largest eigenpairs of the loss's curvature in one weight matrix, by Lanczos.

Products with the Gauss-Newton matrix are a forward-mode and a reverse-mode derivative; products
with the Hessian are a derivative of a gradient. Nothing is approximated but by the iteration.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel

from geocolor.curvature.batches import Batch, checked_batches, frozen_eval, token_mask
from geocolor.curvature.forms import Eigenpairs
from geocolor.curvature.layers import layers_of
from geocolor.curvature.measured import EigenpairCurvature
from geocolor.curvature.moments import token_rows
from geocolor.curvature.passes import call_without_cache
from geocolor.curvature.targets import (
    Prediction,
    prediction_of,
    sampled_loss,
    target_generator,
)
from geocolor.errors import InputError, ModelError
from geocolor.units import Unit
from geocolor.units.layers import Layer

__all__ = ["Matrix", "collect_eigenpairs"]


class Matrix(StrEnum):
    """Which matrix's eigenpairs.

    GAUSS_NEWTON: of the prediction, without labels or samples; never negative. HESSIAN: of the
    loss at targets sampled from the prediction, whose expectation is the Gauss-Newton matrix.
    """

    GAUSS_NEWTON = "gauss-newton"
    HESSIAN = "hessian"


def collect_eigenpairs(
    model: nn.Module,
    batches: Iterable[Batch],
    units: Sequence[Unit],
    pairs: int,
    *,
    matrix: Matrix = Matrix.GAUSS_NEWTON,
    seed: int = 0,
    tolerance: float = 1e-4,
    on_progress: Callable[[int], None] | None = None,
) -> EigenpairCurvature:
    """Find the largest eigenvalues of each unit's exact curvature, and their eigenvectors.

    Cost: for each unit some tens of products, more for more pairs, each of two forward and one
    backward pass over all batches. Memory, besides the model's: what a backward pass of one
    batch keeps, twice; and 8 bytes times ``max(2 pairs + 1, 20)`` for each of a unit's weights,
    one unit at a time, and the result.

    Parameters
    ----------
    model, batches, units
        As in :func:`collect_curvature`.
    pairs : int
        Eigenpairs of each unit, fewer than it has weights.
    matrix : Matrix
        Of which matrix.
    seed : int
        Seed of the first vector, and of the sampled targets. The global generators are not
        touched.
    tolerance : float
        Relative error of the eigenvalues.
    on_progress : callable, optional
        Called with the number of units done.

    Raises
    ------
    ModelError
        A unit cannot be measured, a number is not finite, or the iteration does not converge.
    InputError
        `pairs` is out of range.
    """
    calibration = checked_batches(batches)
    layers = layers_of(model, units)
    for unit in units:
        if type(pairs) is not int or not 1 <= pairs < unit.parameters:
            raise InputError(
                f"pairs must be from 1 to {unit.parameters - 1} for {unit.name}, not {pairs!r}"
            )
    forms: dict[str, Eigenpairs] = {}
    # Fused attention kernels have neither forward-mode nor second derivatives.
    with frozen_eval(model), torch.enable_grad(), sdpa_kernel(SDPBackend.MATH):
        tokens, outputs = _counted(model, calibration, units)
        for done, unit in enumerate(units, start=1):
            layer, modules = layers[unit.name]
            product = _Product(model, modules, calibration, Matrix(matrix), seed)

            def apply(
                vector: NDArray[np.float64],
                unit: Unit = unit,
                layer: Layer = layer,
                product: _Product = product,
            ) -> NDArray[np.float64]:
                direction = torch.from_numpy(vector.reshape(unit.shape))
                curved = layer.matrix(product(layer.weight(direction)))
                flat: NDArray[np.float64] = curved.cpu().numpy().ravel() / outputs
                return flat

            forms[unit.name] = _largest(apply, unit, pairs, seed, tolerance, product.dtype)
            if on_progress is not None:
                on_progress(done)
    return EigenpairCurvature(forms, tokens, outputs)


def _largest(
    apply: Callable[[NDArray[np.float64]], NDArray[np.float64]],
    unit: Unit,
    pairs: int,
    seed: int,
    tolerance: float,
    dtype: torch.dtype,
) -> Eigenpairs:
    from scipy.sparse.linalg import ArpackError, LinearOperator, eigsh

    size = unit.parameters
    operator = LinearOperator((size, size), matvec=apply, dtype=np.float64)
    start = np.random.default_rng(abs(seed)).standard_normal(size)
    try:
        values, vectors = eigsh(operator, k=pairs, which="LA", v0=start, tol=tolerance)
    except ArpackError as error:
        raise ModelError(f"no eigenpairs of {unit.name}: {error}") from error
    # Largest first.
    return Eigenpairs(
        torch.from_numpy(values[::-1].copy()).to(dtype),
        torch.from_numpy(vectors.T[::-1].copy()).to(dtype).reshape(pairs, *unit.shape),
    )


@contextmanager
def _substituted(modules: Sequence[nn.Module], weight: Tensor) -> Iterator[None]:
    """Put a tensor in the place of a weight wherever it is used, for a while.

    Not ``torch.func.functional_call``: a module that has two names is left with the tensor.
    """
    kept = [module._parameters["weight"] for module in modules]
    try:
        for module in modules:
            module._parameters["weight"] = weight  # type: ignore[assignment]
        yield
    finally:
        for module, before in zip(modules, kept, strict=True):
            module._parameters["weight"] = before


class _Product:
    """The curvature, summed over outputs, times a perturbation of one weight."""

    def __init__(
        self,
        model: nn.Module,
        modules: Sequence[nn.Module],
        batches: Sequence[Batch],
        matrix: Matrix,
        seed: int,
    ) -> None:
        self._model = model
        self._batches = batches
        self._modules = modules
        self._matrix = matrix
        self._seed = seed
        self._weight = modules[0].get_parameter("weight").detach()
        self.dtype = torch.float64 if self._weight.dtype == torch.float64 else torch.float32

    def __call__(self, direction: Tensor) -> Tensor:
        total = torch.zeros(direction.shape, dtype=torch.float64)
        vector = direction.to(self._weight)
        for index, batch in enumerate(self._batches):
            one = (
                self._gauss_newton(batch, vector)
                if self._matrix is Matrix.GAUSS_NEWTON
                else self._hessian(batch, index, vector)
            )
            total += one.detach().cpu()
        if not bool(total.isfinite().all()):
            raise ModelError("the curvature is not finite")
        return total

    def _predicted(self, weight: Tensor, batch: Batch) -> Prediction:
        with _substituted(self._modules, weight):
            return prediction_of(call_without_cache(self._model, batch), batch)

    def _gauss_newton(self, batch: Batch, vector: Tensor) -> Tensor:
        categorical = False

        def rows(weight: Tensor) -> Tensor:
            nonlocal categorical
            prediction = self._predicted(weight, batch)
            categorical = prediction.categorical
            return prediction.rows

        pushed: Any = torch.func.jvp(rows, (self._weight,), (vector,))
        pulled: Any = torch.func.vjp(rows, self._weight)
        change, (scores, pull_back) = pushed[1], pulled
        if categorical:
            p = scores.detach().softmax(-1)
            change = p * change
            change = change - p * change.sum(-1, keepdim=True)
        product: Tensor = pull_back(change)[0]
        return product

    def _hessian(self, batch: Batch, index: int, vector: Tensor) -> Tensor:
        weight = self._weight.clone().requires_grad_()
        prediction = self._predicted(weight, batch)
        targets = target_generator(self._seed, index)
        loss = sampled_loss(prediction.rows, targets, categorical=prediction.categorical)
        if not loss.requires_grad:
            return torch.zeros_like(weight)
        (slope,) = torch.autograd.grad(loss, weight, create_graph=True)
        if not slope.requires_grad:
            return torch.zeros_like(weight)
        (product,) = torch.autograd.grad(
            slope, weight, vector, allow_unused=True, materialize_grads=True
        )
        return product


def _counted(model: nn.Module, batches: Sequence[Batch], units: Sequence[Unit]) -> tuple[int, int]:
    """Count input positions, by the unit that sees most, and scored outputs."""
    tokens = dict.fromkeys((unit.name for unit in units), 0)
    outputs = 0
    mask: Tensor | None = None
    handles = []
    for name, (layer, modules) in layers_of(model, units).items():

        def count(_: Any, __: Any, output: Tensor, name: str = name, layer: Layer = layer) -> None:
            tokens[name] += len(token_rows(layer.output_rows(output), mask))

        handles += [module.register_forward_hook(count) for module in modules]
    try:
        with torch.no_grad():
            for batch in batches:
                mask = token_mask(model, batch)
                outputs += len(prediction_of(call_without_cache(model, batch), batch).rows)
    finally:
        for handle in handles:
            handle.remove()
    if not outputs:
        raise ModelError("the batches hold nothing to score")
    return max(tokens.values(), default=0), outputs
