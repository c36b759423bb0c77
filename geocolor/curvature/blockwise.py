"""Kronecker factors of a model of which one block at a time is in memory.

Forwards, all batches go through a block before the next is loaded, and what each reads is kept on
disk. Backwards, each block is run again from there, to have its graph, and backpropagates what the
block after it left (Chen et al., "Training deep nets with sublinear memory cost", 2016). Products
and targets are those of :func:`collect_curvature`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Sequence
from pathlib import Path

import torch
from torch import Tensor

from geocolor.curvature.batches import Batch, token_mask
from geocolor.curvature.kronecker import KroneckerRecorder
from geocolor.curvature.losses import Loss, scorer
from geocolor.curvature.measured import Curvature
from geocolor.curvature.stages import Parts, Stages
from geocolor.curvature.sums import CurvatureSums
from geocolor.curvature.targets import numbers, probes, target_generator
from geocolor.errors import InputError, ModelError
from geocolor.units import Unit

__all__ = ["collect_by_block"]


def collect_by_block(
    parts: Parts,
    batches: Sequence[Batch],
    units: Sequence[Sequence[Unit]],
    take: Callable[[int, Curvature], None],
    *,
    work: str | os.PathLike[str],
    seed: int = 0,
    loss: Loss = "auto",
    optional: Collection[str] = (),
    on_progress: Callable[[int], None] | None = None,
) -> None:
    """Measure what :func:`collect_curvature` does, a block at a time, the last one first.

    Memory: a block with its factors and with the graph of one batch; the hidden states and their
    gradients of all batches; and once, without a block, what lies before and after the blocks.
    Every weight is read twice, and blocks are run forwards twice.

    Parameters
    ----------
    parts : Parts
        The model.
    batches : sequence of Batch
        Calibration batches.
    units : sequence of sequence of Unit
        What to measure in each block.
    take : callable
        Given each block's number and curvature.
    work : path-like
        A folder for hidden states: the bytes of those of all batches, for each block.
    seed : int
        Seed of the sampled targets.
    loss : str or callable
        What the output is scored by; see :func:`geocolor.compress`.
    optional : collection of str
        Units that need not be reached; see :func:`collect_curvature`.
    on_progress : callable, optional
        Called with the number of steps done, two for each block.

    Raises
    ------
    ModelError
        The model is not built of blocks that are called one after another, or a unit is not
        reached by the loss, or a number is not finite.
    InputError
        The folder cannot be written.
    """
    stages = Stages(parts, batches, scorer(loss))
    count = len(parts.blocks)
    for number in range(count):
        _keep(_file(work, number), stages.hidden)
        with parts.block(number) as block:
            stages.through(number, block)
        if on_progress is not None:
            on_progress(number + 1)
    gradients, outputs = _at_the_end(parts, stages, seed)
    stages.restart()
    for number in reversed(range(count)):
        sums = CurvatureSums({unit.name: unit.shape for unit in units[number]}, seed, 1)
        sums.outputs = outputs
        _backwards(parts, stages, batches, number, sums, units[number], work, gradients)
        take(number, sums.curvature(spend=True, optional=optional))
        if on_progress is not None:
            on_progress(2 * count - number)


def _at_the_end(parts: Parts, stages: Stages, seed: int) -> tuple[list[Tensor], int]:
    """Give the gradients at what the last block gives, and the number of scored outputs."""
    gradients: list[Tensor] = []
    outputs = 0
    with parts.rest() as model, torch.enable_grad():
        for index, ending in enumerate(stages.endings(model)):
            prediction = ending.prediction
            drawn = numbers(prediction.rows, prediction.kind, target_generator(seed, index), 1)
            gradients += [ending.gradient(probe) for probe, _ in probes(prediction, drawn, 1)]
            outputs += len(prediction.rows)
    return gradients, outputs


def _backwards(
    parts: Parts,
    stages: Stages,
    batches: Sequence[Batch],
    number: int,
    sums: CurvatureSums,
    units: Sequence[Unit],
    work: str | os.PathLike[str],
    gradients: list[Tensor],
) -> None:
    """Add what all batches give to one block's sums, and step their gradients before it."""
    from safetensors import safe_open

    file = _file(work, number)
    with parts.block(number) as block, torch.enable_grad(), safe_open(file, "pt") as kept:
        recorder = KroneckerRecorder(parts.model, units, sums)
        try:
            for at, batch in enumerate(batches):
                hidden = kept.get_tensor(str(at)).clone().requires_grad_(number > 0)
                recorder.start_batch(token_mask(parts.model, batch))
                output = stages.calls[at][number](block, hidden)
                recorder.add_reads(recorder.reads())
                if not output.requires_grad:
                    raise ModelError(f"{parts.blocks[number]} depends on none of its matrices")
                recorder.backward(output, gradients[at], last=True)
                if number > 0:
                    assert hidden.grad is not None  # noqa: S101  a block reads what it is given
                    gradients[at] = hidden.grad
        finally:
            recorder.remove()
    file.unlink()


def _file(work: str | os.PathLike[str], number: int) -> Path:
    return Path(work) / f"hidden-{number:05}.safetensors"


def _keep(file: Path, hidden: Sequence[Tensor]) -> None:
    from safetensors import SafetensorError
    from safetensors.torch import save_file

    try:
        save_file({str(at): tensor.contiguous() for at, tensor in enumerate(hidden)}, file)
    except (OSError, SafetensorError) as error:
        raise InputError(f"cannot write {file}: {error}") from error
