"""Kronecker factors from one forward and one backward pass per batch.

K-FAC "expand" (Eschenhagen et al., 2023): token positions count as independent samples. No
parameter gradient is computed; hooks take the layers' inputs and output gradients only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from geocolor.curvature.batches import Batch, call_model, frozen_eval, token_mask
from geocolor.curvature.factors import Curvature, KroneckerFactors
from geocolor.curvature.moments import InputMoments, token_rows
from geocolor.curvature.targets import prediction_rows, sampled_loss
from geocolor.errors import ModelError
from geocolor.units import Unit

__all__ = ["collect_curvature"]


class _Recorder:
    """Hooks on the units' modules and the sums they feed."""

    def __init__(self, model: nn.Module, units: Sequence[Unit]) -> None:
        self.inputs = InputMoments()
        self.gradients: dict[str, Tensor] = {}
        self.mask: Tensor | None = None
        self._handles = [
            model.get_submodule(unit.name).register_forward_hook(self._watch(unit.name))
            for unit in units
        ]

    def _watch(self, name: str) -> Callable[[nn.Module, tuple[Tensor, ...], Tensor], Tensor]:
        def hook(_module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> Tensor:
            self.inputs.add(name, inputs[0], self.mask)
            if not output.requires_grad:
                # Parameters are frozen, so the graph starts at the first unit; a clone, since
                # what follows may work in place, which a leaf does not allow.
                output = output.requires_grad_().clone()
            output.register_hook(  # type: ignore[no-untyped-call]
                lambda gradient: self._add_gradient(name, gradient)
            )
            return output

        return hook

    def _add_gradient(self, name: str, gradient: Tensor) -> None:
        rows = token_rows(gradient, self.mask)
        if name in self.gradients:
            self.gradients[name].addmm_(rows.T, rows)
        else:
            self.gradients[name] = rows.T @ rows

    def remove(self) -> None:
        for handle in self._handles:
            handle.remove()


def collect_curvature(
    model: nn.Module,
    batches: Iterable[Batch],
    units: Sequence[Unit],
    *,
    seed: int = 0,
    on_progress: Callable[[int], None] | None = None,
) -> Curvature:
    """Measure the Kronecker factors of `units` on calibration batches, without labels.

    Targets are sampled from the model's own prediction, so the result is the Fisher information
    in Kronecker form. Cost: one forward pass and the activation half of one backward pass per
    batch. Memory: in float32, ``n^2`` for each distinct input and ``m^2`` for each unit.

    Parameters
    ----------
    model : torch.nn.Module
        Any model; it runs in eval mode and is put back as it was.
    batches : iterable of Batch
        Calibration batches.
    units : sequence of Unit
        What to measure.
    seed : int
        Seed of the sampled targets. The global generators are not touched.
    on_progress : callable, optional
        Called with the number of batches done.

    Returns
    -------
    Curvature

    Raises
    ------
    ModelError
        A unit is used more than once in a pass or not reached by the loss, or a number is not
        finite.

    References
    ----------
    Martens and Grosse, "Optimizing neural networks with Kronecker-factored approximate
    curvature", ICML 2015.
    """
    generator = torch.Generator().manual_seed(seed)
    recorder = _Recorder(model, units)
    outputs = 0
    try:
        with frozen_eval(model), torch.enable_grad():
            for done, batch in enumerate(batches, start=1):
                recorder.mask = token_mask(batch)
                recorder.inputs.start_batch()
                rows, categorical = prediction_rows(_without_cache(model, batch), batch)
                loss = sampled_loss(rows, generator, categorical=categorical)
                if not loss.requires_grad:
                    raise ModelError("the model's output does not depend on any unit")
                loss.backward()  # type: ignore[no-untyped-call]
                outputs += len(rows)
                if on_progress is not None:
                    on_progress(done)
    finally:
        recorder.remove()
    return _normalised(recorder, units, outputs)


def _without_cache(model: nn.Module, batch: Batch) -> Any:
    """Call the model; a key-value cache would only hold memory here."""
    config = getattr(model, "config", None)
    before = getattr(config, "use_cache", None)
    if before:
        config.use_cache = False  # type: ignore[union-attr]
    try:
        return call_model(model, batch)
    finally:
        if before:
            config.use_cache = before  # type: ignore[union-attr]


def _normalised(recorder: _Recorder, units: Sequence[Unit], outputs: int) -> Curvature:
    means = recorder.inputs.means()
    factors: dict[str, KroneckerFactors] = {}
    for unit in units:
        if unit.name not in means or unit.name not in recorder.gradients:
            raise ModelError(f"{unit.name} takes no part in the model's output")
        gradients = recorder.gradients.pop(unit.name) / outputs
        inputs = means[unit.name]
        if not (bool(torch.isfinite(inputs).all()) and bool(torch.isfinite(gradients).all())):
            raise ModelError(f"the curvature of {unit.name} is not finite")
        factors[unit.name] = KroneckerFactors(inputs, gradients)
    return Curvature(factors, recorder.inputs.tokens, outputs)
