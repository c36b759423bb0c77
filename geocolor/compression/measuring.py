"""Measure a model, or several, for all compressions of it to come."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn

from geocolor.arguments import checked_seed
from geocolor.compression.analysis import Analysis
from geocolor.compression.divergence import Divergence
from geocolor.compression.precision import has_half_precision
from geocolor.compression.progress import Progress, silent
from geocolor.compression.sampling import find_sample
from geocolor.compression.several import (
    Divergences,
    batches_by_model,
    joined_curvature,
)
from geocolor.criterion import LatencyTable
from geocolor.curvature import (
    Batch,
    Curvature,
    Loss,
    collect_curvature,
    used_outside,
)
from geocolor.errors import InputError, ModelError
from geocolor.sharing import Factored
from geocolor.sharing.checkpoint import structure_of
from geocolor.sharing.ties import keeps_ties
from geocolor.units import (
    Chain,
    Unit,
    Use,
    by_place,
    copy_of,
    count_uses,
    find_chains,
    find_units,
    fold_norms,
    joined_models,
    models_of,
    require_replaceable,
    split_experts,
    with_split_experts,
)

__all__ = ["MEASURED_BATCHES", "analyze"]

# Batches on which the loss is measured where none are given for it.
MEASURED_BATCHES = 4


def analyze(
    model: nn.Module | Sequence[nn.Module],
    batches: Iterable[Any],
    *,
    evaluation: Iterable[Any] | None = None,
    seed: int = 0,
    loss: Loss = "auto",
    inplace: bool = False,
    checkpoint: str | os.PathLike[str] | None = None,
    latency: LatencyTable | None = None,
    on_progress: Progress = silent,
) -> Analysis:
    """Measure a model's curvature, for any number of compressions.

    Parameters
    ----------
    model : torch.nn.Module
        Any model with Linear, Conv1D or convolution layers, or a sequence of several; left
        untouched unless `inplace`.
    batches : iterable of Batch
        Calibration batches: dicts, tuples or tensors. No labels are needed. For several models
        one iterable for all, or a list of one for each.
    evaluation : iterable of Batch, optional
        Batches on which the loss increase is measured; default some of the calibration
        batches, which flatters the result and is said so in the report.
    seed : int
        Seed of sampled targets and solvers.
    loss : str or callable
        What the output is scored by; see :func:`compress`.
    inplace : bool
        Work on `model` itself, for want of memory. It then allows one compression only.
    checkpoint : path-like, optional
        A file for what is measured of the curvature, written every half a minute or so and at its
        end; of several models a file each, with the model's number at the end of its name. If it
        is there, the measuring goes on from it: on a CPU to the same bits.
    latency : LatencyTable, optional
        From :func:`geocolor.measure_latency`, for budgets of ``latency``; default is measured here
        when it is needed.
    on_progress : callable
        Told the stage, the steps done and the steps in all.

    Raises
    ------
    ModelError
        The model has nothing to share, is compressed already or holds what cannot be copied, or the
        batches cannot be used.
    InputError
        The checkpoint is damaged, of another model or of other batches, or cannot be written; the
        latencies are of another model; or the seed is none.
    """
    seed = checked_seed(seed)
    if latency is not None and not isinstance(latency, LatencyTable):
        raise InputError(
            f"latency must be what measure_latency gives, not {type(latency).__name__}"
        )
    joint = joined_models(model)
    if keeps_ties(joint) or any(isinstance(module, Factored) for module in joint.modules()):
        raise ModelError("the model is compressed already; compress its original at another keep")
    count = len(models_of(joint))
    calibration = batches_by_model(batches, count)
    judged = (
        [own[:MEASURED_BATCHES] for own in calibration]
        if evaluation is None
        else batches_by_model(evaluation, count)
    )
    _require_own_values(joint, inplace=inplace)
    structure = structure_of(joint)
    if inplace:
        split_experts(joint)
    else:
        joint = with_split_experts(joint)
    units = tuple(find_units(joint))
    if latency is not None:
        for unit in units:
            latency.of(unit)
    folded = joint if inplace else copy_of(joint)
    parts = {
        prefix: _measured(
            part,
            folded,
            [replace(u, name=u.place, model=None) for u in units if u.name.startswith(prefix)],
            own,
            other,
            seed=seed,
            loss=loss,
            checkpoint=None if checkpoint is None else f"{os.fspath(checkpoint)}{prefix[:-1]}",
            on_progress=on_progress,
        )
        for (prefix, part), own, other in zip(
            models_of(folded).items(), calibration, judged, strict=True
        )
    }
    uses = by_place([part.uses for part in parts.values()])
    curvature = joined_curvature({prefix: part.curvature for prefix, part in parts.items()})
    return Analysis(
        model=folded,
        unfolded=None if inplace else joint,
        scales={
            f"{prefix}{name}": scale
            for prefix, part in parts.items()
            for name, scale in part.scales.items()
        },
        units=tuple(unit for unit in units if unit.name in curvature.factors),
        unreached=sum(unit.name not in curvature.factors for unit in units),
        curvature=curvature,
        chains=tuple(
            chain.within(prefix) for prefix, part in parts.items() for chain in part.chains
        ),
        uses={
            f"{prefix}{name}": replace(use, reads=f"{prefix}{use.reads}")
            for prefix, of_part in zip(parts, uses, strict=True)
            for name, use in of_part.items()
        },
        latency=latency,
        structure=structure,
        divergence=Divergences([part.divergence for part in parts.values()]),
        measured_on="calibration" if evaluation is None else "evaluation",
        seed=seed,
        on_progress=on_progress,
    )


def _require_own_values(model: nn.Module, *, inplace: bool) -> None:
    """Refuse a model without values, or with such as cannot be measured."""
    for path, module in model.named_modules():
        if isinstance(module, torch.jit.ScriptModule) and any(True for _ in module.parameters()):
            where = f"{path} is" if path else "the model is"
            raise ModelError(f"{where} scripted, with parameters; compress before scripting")
        held = itertools.chain(
            module.named_parameters(path, recurse=False), module.named_buffers(path, recurse=False)
        )
        for name, tensor in held:
            if tensor.is_meta:
                raise ModelError(f"{name} is on the meta device, without values: load them first")
            if inplace and tensor.is_inference():
                raise ModelError(
                    f"{name} was made under torch.inference_mode(), where no gradient comes: build "
                    "the model outside of it, or compress it with inplace=False"
                )


@dataclass(frozen=True)
class _Measured:
    """What is measured of one model by itself."""

    scales: Mapping[str, Tensor]
    curvature: Curvature
    chains: Sequence[Chain]
    uses: Mapping[str, Use]
    divergence: Divergence


def _measured(
    model: nn.Module,
    within: nn.Module,
    units: Sequence[Unit],
    calibration: Sequence[Batch],
    judged: Sequence[Batch],
    *,
    seed: int,
    loss: Loss,
    checkpoint: str | None,
    on_progress: Progress,
) -> _Measured:
    """Measure a model among several and fold its norms."""

    def reference() -> Divergence:
        return Divergence(
            model, judged, lambda done: on_progress("reference", done, len(judged)), loss
        )

    sample = find_sample(model, calibration, loss)

    def watched(model: nn.Module) -> object:
        with sample.precision(model):
            return sample.run(model)

    require_replaceable(model, units, watched)
    # What folding rounds in half precision is part of what is lost.
    original = reference() if has_half_precision(model) else None
    scales = fold_norms(model, within=within, run=watched)
    curvature = collect_curvature(
        model,
        calibration,
        units,
        seed=seed,
        checkpoint=checkpoint,
        loss=loss,
        optional=[unit.name for unit in units],
        on_progress=lambda done: on_progress("calibrating", done, len(calibration)),
    )
    on_progress("finding hidden layers", 0, 1)
    reached = [unit for unit in units if unit.name in curvature.factors]
    with sample.precision(model):
        outside = used_outside(model, reached, lambda model: sample.run(model)[0])
        reached = [unit for unit in reached if unit.name not in outside]
        if not reached:
            raise ModelError("the model's output depends on no layer by calls of it alone")
        chains = find_chains(model, reached, sample.run)
        uses = sample.of_one(count_uses(model, reached, sample.run))
    factors = {unit.name: curvature.factors[unit.name] for unit in reached}
    curvature = Curvature(factors, curvature.tokens, curvature.outputs)
    return _Measured(scales, curvature, chains, uses, original or reference())
