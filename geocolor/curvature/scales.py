"""Second moments of the weights' gradients, weight by weight or in an eigenbasis.

The gradients are those of whole samples, summed over all places at which the matrix is applied
in one, so that nothing of the Fisher information's diagonal is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

import torch
from torch import Tensor, nn

from geocolor.curvature.batches import Batch
from geocolor.curvature.forms import DiagonalFactors, RescaledFactors
from geocolor.curvature.measured import Curvature, DiagonalCurvature, RescaledCurvature
from geocolor.curvature.moments import Read, sum_for
from geocolor.curvature.passes import Recorder, check_samples, run_pass
from geocolor.curvature.targets import Prediction
from geocolor.errors import ModelError
from geocolor.units import Unit

__all__ = ["collect_diagonal", "collect_rescaled"]


class _ScaleRecorder(Recorder):
    """Adds squares of samples' gradients to sums, in the bases given for units."""

    def __init__(
        self,
        model: nn.Module,
        units: Sequence[Unit],
        bases: Mapping[str, tuple[Tensor, Tensor]],
        *,
        exact: bool,
    ) -> None:
        super().__init__(model, units)
        self.sums: dict[str, Tensor] = {}
        self.counts: dict[str, int] = {}
        self.double = False
        self._bases = bases
        self._exact = exact
        self._samples = 0
        self._reads: Mapping[str, Read] = {}
        self._gradients: dict[str, dict[int, Tensor]] = {}
        self._counted: set[tuple[str, int]] = set()

    def take_inputs(self, reads: Mapping[str, Read], prediction: Prediction) -> None:
        self._reads = reads
        self._samples = prediction.samples
        self._counted.clear()
        self._gradients.clear()

    def take_gradient(self, name: str, use: int, gradient: Tensor) -> None:
        rows = gradient if gradient.dtype == torch.float64 else gradient.float()
        self.double |= rows.dtype == torch.float64
        real = rows.shape[:-1].numel()
        if self.mask is not None and rows.shape[:-1] == self.mask.shape:
            rows = rows * self.mask[..., None].to(rows.device)
            real = int(self.mask.sum())
        if (name, use) not in self._counted:
            self._counted.add((name, use))
            self.counts[name] = self.counts.get(name, 0) + real
        waiting = self._gradients.setdefault(name, {})
        waiting[use] = rows
        if len(waiting) == self.uses[name]:
            del self._gradients[name]
            self._add(name, [waiting[number] for number in sorted(waiting)])

    def _add(self, name: str, uses: Sequence[Tensor]) -> None:
        layer, _ = self._layers[name]
        inputs = [layer.input_rows(tensor.detach()) for tensor in self._reads[name].tensors]
        dtype = uses[0].dtype
        apart = all(tensor.ndim > 1 and len(tensor) == self._samples for tensor in inputs)
        if self._exact and not apart and self._samples > 1:
            raise ModelError(
                f"what {name} reads does not tell samples apart; without sampling, give batches "
                "of one sample"
            )
        # Taken together, samples do no harm if targets are sampled: their gradients'
        # products are zero in expectation.
        blocks = self._samples if apart else 1
        x, g = (
            torch.cat([rows.reshape(blocks, -1, rows.shape[-1]) for rows in parts], 1).to(dtype)
            for parts in (inputs, uses)
        )
        if name in self._bases:
            inputs_basis, gradients_basis = self._bases[name]
            x, g = x @ inputs_basis.to(x), g @ gradients_basis.to(g)
        if name not in self.sums:
            self.sums[name] = sum_for(None, x, (g.shape[-1], x.shape[-1]))
        total = self.sums[name]
        if x.shape[1] == 1:
            total += (g[:, 0].square().T @ x[:, 0].square()).to(total.device)
            return
        for number in range(blocks):
            total += (g[number].T @ x[number]).square_().to(total.device)


def collect_diagonal(
    model: nn.Module,
    batches: Iterable[Batch],
    units: Sequence[Unit],
    *,
    seed: int = 0,
    samples: int | None = 1,
    on_progress: Callable[[int], None] | None = None,
) -> DiagonalCurvature:
    """Measure the diagonal of the Fisher information of each unit's weight.

    Cost: a forward and a backward pass as in training. Memory, besides the model's: 8 bytes for
    each weight measured, and the inputs of all units for one batch.

    Parameters
    ----------
    model, batches, units, seed, samples, on_progress
        As in :func:`collect_curvature`.

    Raises
    ------
    ModelError
        As in :func:`collect_curvature`; or, without sampling, samples cannot be told apart.
    InputError
        `samples` is no number of samples.
    """
    recorder, outputs, scales = _measured(model, batches, units, {}, seed, samples, on_progress)
    forms = {name: DiagonalFactors(scale) for name, scale in scales.items()}
    return DiagonalCurvature(forms, max(recorder.counts.values()), outputs)


def collect_rescaled(
    model: nn.Module,
    batches: Iterable[Batch],
    units: Sequence[Unit],
    curvature: Curvature,
    *,
    seed: int = 0,
    samples: int | None = 1,
    on_progress: Callable[[int], None] | None = None,
) -> RescaledCurvature:
    """Rescale Kronecker factors in their eigenbasis, by a second pass (EK-FAC).

    Cost: an eigendecomposition of each factor; a forward and a backward pass as in training and
    the products of rows with the bases. Memory, besides the model's: 8 bytes for each weight
    measured, as much as `curvature` for the bases, and the inputs of all units for one batch.

    Parameters
    ----------
    curvature : Curvature
        Of all units.
    model, batches, units, seed, samples, on_progress
        As in :func:`collect_curvature`.

    Raises
    ------
    ModelError
        As in :func:`collect_curvature`; or `curvature` lacks a unit; or, without sampling,
        samples cannot be told apart.
    InputError
        `samples` is no number of samples.

    References
    ----------
    George et al., "Fast approximate natural gradient descent in a Kronecker-factored
    eigenbasis", NeurIPS 2018.
    """
    vectors: dict[int, Tensor] = {}
    bases: dict[str, tuple[Tensor, Tensor]] = {}
    for unit in units:
        if unit.name not in curvature.factors:
            raise ModelError(f"the curvature has no factors for {unit.name}")
        factors = curvature.factors[unit.name]
        for factor in (factors.inputs, factors.gradients):
            if id(factor) not in vectors:
                vectors[id(factor)] = torch.linalg.eigh(factor)[1]
        bases[unit.name] = (vectors[id(factors.inputs)], vectors[id(factors.gradients)])
    recorder, outputs, scales = _measured(model, batches, units, bases, seed, samples, on_progress)
    forms = {name: RescaledFactors(*bases[name], scale) for name, scale in scales.items()}
    return RescaledCurvature(forms, max(recorder.counts.values()), outputs)


def _measured(
    model: nn.Module,
    batches: Iterable[Batch],
    units: Sequence[Unit],
    bases: Mapping[str, tuple[Tensor, Tensor]],
    seed: int,
    samples: int | None,
    on_progress: Callable[[int], None] | None,
) -> tuple[_ScaleRecorder, int, dict[str, Tensor]]:
    check_samples(samples)
    recorder = _ScaleRecorder(model, units, bases, exact=samples is None)
    total = 0

    def after_batch(index: int, outputs: int) -> None:
        nonlocal total
        total += outputs
        if on_progress is not None:
            on_progress(index + 1)

    run_pass(
        model, enumerate(batches), recorder, seed=seed, samples=samples, after_batch=after_batch
    )
    dtype = torch.float64 if recorder.double else torch.float32
    scales: dict[str, Tensor] = {}
    for unit in units:
        if unit.name not in recorder.sums:
            raise ModelError(f"{unit.name} takes no part in the model's output")
        scale = (recorder.sums.pop(unit.name) / (total * (samples or 1))).to(dtype)
        if not bool(scale.isfinite().all()):
            raise ModelError(f"the curvature of {unit.name} is not finite")
        scales[unit.name] = scale
    return recorder, total, scales
