"""Three lines for most people."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import Any

from torch import nn

from geocolor.compression.compressed import Compressed
from geocolor.compression.configuration import (
    Configuration,
    check_keep,
    check_priced,
    counted_in,
)
from geocolor.compression.measuring import analyze
from geocolor.compression.progress import Progress, silent
from geocolor.compression.random_plans import check_random_plans
from geocolor.criterion import LatencyTable
from geocolor.curvature import Loss
from geocolor.errors import InputError
from geocolor.graph import ConflictGraph, SharingOptions

__all__ = ["compress", "conflict_graph", "sharing_options"]


def compress(
    model: nn.Module | Sequence[nn.Module],
    batches: Iterable[Any],
    keep: float = 0.7,
    *,
    budget: str | None = None,
    preset: str | Configuration = "default",
    evaluation: Iterable[Any] | None = None,
    loss: Loss = "auto",
    random_plans: int = 0,
    seed: int = 0,
    inplace: bool = False,
    checkpoint: str | os.PathLike[str] | None = None,
    latency: LatencyTable | None = None,
    on_progress: Progress = silent,
) -> Compressed:
    """Make a model smaller by sharing parameters where the curvature says it costs least.

    Parameters
    ----------
    model : torch.nn.Module
        Any model with Linear, Conv1D or convolution layers; left untouched unless `inplace`. Or
        a sequence of several, fine-tunes of one base say, to be compressed together: what stands
        at one place of them may share.
    batches : iterable of Batch
        Calibration batches, a list or a data loader of torch: a dict is called as
        ``model(**batch)``, a tuple as ``model(*batch)``, a tensor as ``model(batch)``. No labels
        are needed; those of a tuple that the model has no parameters for are left out. For
        several models one iterable for all, or a list of one for each.
    keep : float
        Share of the shareable matrices to keep, in (0, 1]; of several models, of theirs together:
        1/3 of three is as much as one of them has.
    budget : str, optional
        What is counted of it: ``params``, ``bytes`` as stored by dtype, ``macs``, multiply-adds of
        a forward pass, or ``latency``, the time they are expected to take as `latency` says.
        Default: what `preset` says, which is ``params``.
    preset : str or Configuration
        The method: ``default``, one of the published rules ``svd-llm``, ``basis-sharing`` and
        ``uniform-tie``, ``private`` (no sharing) and ``fixed-width`` (no narrowing), or one of
        your own, from :func:`read_configuration`, say.
    evaluation : iterable of Batch, optional
        Batches on which the loss increase is measured; default some of `batches`.
    loss : str or callable
        What the model's output is scored by. ``cross-entropy``: its last dimension holds logits
        of classes, or its second where transformers segments images. ``squared-error``: it holds
        values, embeddings say. ``auto``: the first for an output with ``logits`` of several
        classes, the second for any other; give ``cross-entropy`` for a classifier that returns a
        plain tensor. Or a function of the model and a batch that gives a tensor of losses, one
        for each scored output; it may use labels.
    random_plans : int
        Other plans to measure first, at least four, for the report to say what predictions of
        this model's loss are worth and come to. Each takes about as long as the compression.
    seed : int
        Fixes the result.
    inplace : bool
        Change `model` itself, for want of memory.
    checkpoint : path-like, optional
        A file for what is measured, so that a call that was interrupted goes on from it, and
        another `keep` or `preset` need not measure again; see :func:`analyze`.
    latency : LatencyTable, optional
        From :func:`measure_latency`, for a budget of ``latency``. Default: measured on this
        machine, on one token for a model that writes tokens, and on the first calibration sample
        for any other.
    on_progress : callable
        Told the stage, the steps done and the steps in all.

    Returns
    -------
    Compressed
        With ``model``, ``plan``, ``report`` and ``save(directory)``. Of several models, ``model``
        is a ModuleList of them; what they have in common to the bit, embeddings say, is kept once.

    Raises
    ------
    InputError
        An argument is out of range, or the checkpoint is of another model or other batches.
    BudgetError
        No plan keeps as little; it says how little can be kept.
    ModelError
        The model has nothing to share, or the batches cannot be used.

    Examples
    --------
    >>> import torch
    >>> model = torch.nn.Sequential(
    ...     torch.nn.Linear(8, 32), torch.nn.Tanh(), torch.nn.Linear(32, 8)
    ... )
    >>> compressed = compress(model, [torch.randn(64, 8)], keep=0.5)
    >>> compressed.report.kept <= 0.5
    True
    """
    check_keep(keep)
    method = _method(preset, budget, latency)
    if random_plans:
        check_random_plans(random_plans, method)
    if inplace and not method.fold_norms:
        raise InputError(f"{method.name} does not work in place; use inplace=False")
    analysis = analyze(
        model,
        batches,
        evaluation=evaluation,
        loss=loss,
        seed=seed,
        inplace=inplace,
        checkpoint=checkpoint,
        latency=latency,
        on_progress=on_progress,
    )
    if random_plans:
        analysis.fit_prediction(method, plans=random_plans)
    return analysis.compress(keep, method)


def conflict_graph(
    model: nn.Module | Sequence[nn.Module],
    batches: Iterable[Any],
    keep: float = 0.7,
    *,
    budget: str | None = None,
    preset: str | Configuration = "default",
    loss: Loss = "auto",
    seed: int = 0,
    checkpoint: str | os.PathLike[str] | None = None,
    latency: LatencyTable | None = None,
    on_progress: Progress = silent,
) -> ConflictGraph:
    """Build the weighted conflict graph of a model's layers, to save or to solve elsewhere.

    Parameters
    ----------
    model, batches, keep, budget, preset, loss, seed, checkpoint, latency, on_progress
        As in :func:`compress`. `keep` sets the price of a parameter, or what the budget counts.

    Returns
    -------
    ConflictGraph
        Nodes are layers, labelled by name and sized by parameters. A pair's weight is what
        sharing would cost in nats per scored output, parameters saved taken off; pairs that
        cannot share, or are too far apart to be priced, are hard conflicts. Of more than 512 pairs
        those that an estimate gives no chance to gain have that estimate as their weight.

    Raises
    ------
    InputError
        An argument is out of range, or the checkpoint is of another model or other batches.
    ModelError
        The model has nothing to share, or the batches cannot be used.
    """
    method = _method(preset, budget, latency)
    check_priced(keep, method)
    analysis = analyze(
        model,
        batches,
        loss=loss,
        seed=seed,
        checkpoint=checkpoint,
        latency=latency,
        on_progress=on_progress,
    )
    return analysis.conflict_graph(keep, method)


def sharing_options(
    model: nn.Module | Sequence[nn.Module],
    batches: Iterable[Any],
    keep: float = 0.7,
    *,
    budget: str | None = None,
    preset: str | Configuration = "default",
    loss: Loss = "auto",
    seed: int = 0,
    checkpoint: str | os.PathLike[str] | None = None,
    latency: LatencyTable | None = None,
    on_progress: Progress = silent,
) -> SharingOptions:
    """List what groups of a model's layers may be stored as, to save or to choose from elsewhere.

    :func:`geocolor.frontier` finds the cheapest choice at every budget.

    Parameters
    ----------
    model, batches, keep, budget, preset, loss, seed, checkpoint, latency, on_progress
        As in :func:`compress`. `keep` sets the price at which groups of three and more are looked
        for; what is found serves any budget.

    Returns
    -------
    SharingOptions
        Every layer on its own, every pair priced, and the classes of the coloring, in every form
        at every rank that pays; costs in nats per scored output, sizes in what the budget counts.

    Raises
    ------
    InputError
        An argument is out of range, or the checkpoint is of another model or other batches.
    ModelError
        The model has nothing to share, or the batches cannot be used.
    """
    method = _method(preset, budget, latency)
    check_priced(keep, method)
    analysis = analyze(
        model,
        batches,
        loss=loss,
        seed=seed,
        checkpoint=checkpoint,
        latency=latency,
        on_progress=on_progress,
    )
    return analysis.options(keep, method)


def _method(
    preset: str | Configuration, budget: str | None, latency: LatencyTable | None
) -> Configuration:
    method = counted_in(preset, budget)
    if latency is not None and method.budget != "latency":
        raise InputError(
            f"latency is for a budget of latency, and {method.name} counts {method.budget}: give "
            "budget='latency' too, or leave it out"
        )
    return method
