"""Kronecker factors from one forward and one backward pass per batch.

K-FAC "expand" (Eschenhagen et al., 2023): the places at which a matrix is applied, token
positions, patches or several uses in one pass, count as independent samples.
"""

from __future__ import annotations

import copy
import os
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

import torch
from torch import Tensor, nn

from geocolor.curvature.batches import Batch, batch_size
from geocolor.curvature.checkpoint import Checkpoint, origin_of
from geocolor.curvature.distributed import add_over_processes, own_range, processes
from geocolor.curvature.losses import Loss
from geocolor.curvature.measured import Curvature
from geocolor.curvature.moments import Read, add_gram, add_inputs, token_rows
from geocolor.curvature.passes import Recorder, check_samples, run_pass
from geocolor.curvature.sums import CurvatureSums
from geocolor.curvature.targets import Prediction
from geocolor.errors import InputError, ModelError
from geocolor.units import Unit

__all__ = ["KroneckerRecorder", "collect_curvature", "collect_sums"]


class KroneckerRecorder(Recorder):
    """Adds second moments of inputs and of gradients to sums.

    Parameters
    ----------
    model : torch.nn.Module
        Where the layers are.
    units : sequence of Unit
        What to watch.
    sums : CurvatureSums
        Of these units, changed in place.
    """

    def __init__(self, model: nn.Module, units: Sequence[Unit], sums: CurvatureSums) -> None:
        super().__init__(model, units)
        self.sums = sums

    def take_inputs(self, reads: Mapping[str, Read], prediction: Prediction) -> None:
        """Add what the layers read; what is predicted does not matter."""
        del prediction
        self.add_reads(reads)

    def add_reads(self, reads: Mapping[str, Read]) -> None:
        """Add what the layers read in this batch."""
        add_inputs(self.sums.inputs, self.sums.counts, reads)

    def take_gradient(self, name: str, use: int, gradient: Tensor) -> None:
        """Add a gradient; uses count alike."""
        del use
        rows = token_rows(gradient, self.mask)
        self.sums.gradients[name] = add_gram(self.sums.gradients.get(name), rows)
        self.sums.double |= rows.dtype == torch.float64


def collect_curvature(
    model: nn.Module,
    batches: Iterable[Batch],
    units: Sequence[Unit],
    *,
    seed: int = 0,
    samples: int | None = 1,
    loss: Loss = "auto",
    checkpoint: str | os.PathLike[str] | None = None,
    optional: Collection[str] = (),
    on_progress: Callable[[int], None] | None = None,
) -> Curvature:
    """Measure the Kronecker factors of `units` on calibration batches, without labels.

    Targets are sampled from the model's own prediction, unless `loss` is a function, so the
    result is the Fisher information in Kronecker form. Cost: one forward pass and the activation
    half of one backward pass per batch and the products of rows. Memory, besides the model's: 4
    bytes for each of the ``n^2`` numbers of each distinct input and the ``m^2`` of each unit,
    while it is measured 8 for little more than half of them; and the inputs of all units for one
    batch.

    Under ``torchrun``, with a process group set up, each process measures a part of the batches
    and all get the curvature of all of them; batches and model must be the same in each.

    Parameters
    ----------
    model : torch.nn.Module
        Any model; it runs in eval mode and is put back as it was.
    batches : iterable of Batch
        Calibration batches. Where a device runs out of memory, they go through the model in
        halves, and those in halves again, with the same targets.
    units : sequence of Unit
        What to measure: linear layers, also transposed, and convolutions. A weight used at
        several places is measured over all of them.
    seed : int
        Seed of the sampled targets, which depend on it and on the batch's index only. The
        global generators are not touched.
    samples : int or None
        Targets sampled for each output, each a backward pass. None: no sampling, but a backward
        pass for each value of each of a sample's outputs, for models with few of them.
    loss : str or callable
        What the output is scored by; see :func:`geocolor.compress`.
    checkpoint : path-like, optional
        A file for the partial sums, written now and then and at the end. If it is there, the
        pass goes on from it; on a CPU the result is the same to the last bit.
    optional : collection of str
        Units that need not be reached, experts of a mixture say; those that are not are left out.
    on_progress : callable, optional
        Called with the number of batches done.

    Returns
    -------
    Curvature

    Raises
    ------
    ModelError
        A unit cannot be measured, is not reached by the loss, is used where its factors would
        not count it, or a number is not finite.
    InputError
        `samples` is no number of samples, or the checkpoint is of another pass or cannot be used.

    References
    ----------
    Martens and Grosse, "Optimizing neural networks with Kronecker-factored approximate
    curvature", ICML 2015.
    """
    first = 0
    if processes() > 1:
        given = list(batches)
        own = own_range(len(given))
        first, batches = own.start, given[own.start : own.stop]
        checkpoint = None if checkpoint is None else f"{os.fspath(checkpoint)}.{first}"
    empty = _empty_sums(units, seed, samples)
    if checkpoint is not None:
        empty.origin = origin_of(model, loss)
    sums = _collected(model, batches, units, empty, loss, first, checkpoint, on_progress)
    if processes() > 1:
        add_over_processes(sums, len(given))
    return sums.curvature(spend=True, optional=optional)


def collect_sums(
    model: nn.Module,
    batches: Iterable[Batch],
    units: Sequence[Unit],
    *,
    seed: int = 0,
    samples: int | None = 1,
    loss: Loss = "auto",
    first: int = 0,
    checkpoint: str | os.PathLike[str] | None = None,
    on_progress: Callable[[int], None] | None = None,
) -> CurvatureSums:
    """Measure the sums behind :func:`collect_curvature` on a part of the calibration data.

    Workers each take a part; ``CurvatureSums.merge(parts).curvature()`` is what one pass over
    all of it gives.

    Parameters
    ----------
    first : int
        Index in all calibration data of the first batch in `batches`.
    model, batches, units, seed, samples, loss, checkpoint, on_progress
        As in :func:`collect_curvature`.

    Raises
    ------
    ModelError, InputError
        As in :func:`collect_curvature`, whatever the sums allow to be seen.
    """
    empty = _empty_sums(units, seed, samples)
    empty.origin = origin_of(model, loss)
    return _collected(model, batches, units, empty, loss, first, checkpoint, on_progress)


def _empty_sums(units: Sequence[Unit], seed: int, samples: int | None) -> CurvatureSums:
    check_samples(samples)
    return CurvatureSums({unit.name: unit.shape for unit in units}, seed, samples)


def _collected(
    model: nn.Module,
    batches: Iterable[Batch],
    units: Sequence[Unit],
    empty: CurvatureSums,
    loss: Loss,
    first: int,
    checkpoint: str | os.PathLike[str] | None,
    on_progress: Callable[[int], None] | None,
) -> CurvatureSums:
    """Add what all batches give to sums like empty ones, in pieces where memory is short."""
    if checkpoint is not None and not isinstance(loss, str):
        raise InputError(
            "a function cannot be known again, so sums of its losses are not kept in a checkpoint"
        )
    pieces = 1
    while True:
        sums = copy.deepcopy(empty)
        kept = None
        if checkpoint is not None:
            kept = Checkpoint(checkpoint, sums, first)
            sums = kept.sums
        try:
            _add_batches(model, batches, units, sums, kept, first, loss, pieces, on_progress)
        except torch.OutOfMemoryError as error:
            refused = _indivisible(batches, pieces, error)
        else:
            return sums
        if refused is not None:
            raise ModelError(refused)
        # Anew, since a batch may be in the sums by half; what the checkpoint holds stays.
        pieces *= 2
        torch.cuda.empty_cache()


def _indivisible(
    batches: Iterable[Batch], pieces: int, error: torch.OutOfMemoryError
) -> str | None:
    """Say why batches cannot go through the model in more pieces; None if they can."""
    reason = str(error).strip().partition("\n")[0]
    if iter(batches) is batches:
        return (
            f"out of memory: {reason}; give smaller batches, or a list, of which halves are tried"
        )
    if max(map(batch_size, batches), default=1) <= pieces:
        return f"out of memory with one sample at a time: {reason}"
    return None


def _add_batches(
    model: nn.Module,
    batches: Iterable[Batch],
    units: Sequence[Unit],
    sums: CurvatureSums,
    kept: Checkpoint | None,
    first: int,
    loss: Loss,
    pieces: int,
    on_progress: Callable[[int], None] | None,
) -> None:
    """Add what all batches give to sums."""
    recorder = KroneckerRecorder(model, units, sums)

    def after_batch(index: int, outputs: int) -> None:
        sums.outputs += outputs
        sums.covered = ((first, index + 1),)
        if kept is not None:
            kept.write_when_due()
        if on_progress is not None:
            on_progress(index + 1 - first)

    numbered: Iterable[tuple[int, Batch]] = enumerate(batches, first)
    run_pass(
        model,
        numbered if kept is None else kept.remaining(numbered),
        recorder,
        seed=sums.seed,
        samples=sums.samples,
        after_batch=after_batch,
        loss=loss,
        pieces=pieces,
    )
    if kept is not None:
        kept.write()
