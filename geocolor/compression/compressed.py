"""A compressed model with its plan and report."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from torch import nn

from geocolor.compression.configuration import Configuration
from geocolor.compression.planner import Planned
from geocolor.compression.record import CompressionRecord, Origin, UnitRecord
from geocolor.compression.recovery import recover
from geocolor.compression.report import Report
from geocolor.compression.speed import measure_speed
from geocolor.curvature import Batch
from geocolor.errors import InputError
from geocolor.sharing import SharingPlan, save, save_expanded
from geocolor.units import Unit, copy_of

__all__ = ["Compressed"]


@dataclass(frozen=True, eq=False)
class Compressed:
    """What :func:`geocolor.compress` returns.

    Attributes
    ----------
    model : torch.nn.Module
        The smaller model, in eval mode; a ModuleList of several.
    plan : SharingPlan
        Which units share, in which form, at which rank.
    report : Report
        Sizes and losses.
    units : tuple of Unit
        What was shareable.
    configuration : Configuration
        The method.
    planned : Planned
        How the plan came about: costs, price, bound, coloring.
    original_structure : str
        Fingerprint of the original's parameter names and shapes.
    original : torch.nn.Module or None
        What the model was made from, with norms folded as the method has it; None if it was
        changed in place.
    matrices : tuple of UnitRecord
        What became of each unit.
    origin : Origin
        The model's class, its calibration, versions.
    """

    model: nn.Module
    plan: SharingPlan
    report: Report
    units: tuple[Unit, ...]
    configuration: Configuration
    planned: Planned
    original_structure: str
    original: nn.Module | None
    matrices: tuple[UnitRecord, ...]
    origin: Origin

    @property
    def record(self) -> CompressionRecord:
        """All that is known of it but the weights."""
        return CompressionRecord(
            self.plan, self.matrices, self.report, self.configuration, self.origin
        )

    def told(self, *facts: tuple[str, str]) -> Compressed:
        """Note down more of where it comes from: names and values, for pages and saved folders."""
        return replace(self, origin=replace(self.origin, asked=(*self.origin.asked, *facts)))

    def recover(self, batches: Iterable[Any], **options: Any) -> Compressed:
        """Distil the model from its original for some steps; this one is left as it is.

        Parameters
        ----------
        batches : iterable of Batch
            Data to train on; no labels are needed.
        **options
            ``steps``, ``evaluation``, ``learning_rate`` and so on: those of
            :func:`geocolor.recover`. ``original=``, if the model was compressed in place.

        Returns
        -------
        Compressed
            With a model that is no worse on held-out batches, and a report that says what was
            gained on them.

        Raises
        ------
        InputError
            The original is not there any more, or an option is out of range.
        ModelError
            The batches cannot be used, or the model holds what cannot be copied.
        """
        original = options.pop("original", self.original)
        if original is None:
            raise InputError("the original was compressed in place; give another as original=")
        model = copy_of(self.model)
        recovery = recover(model, original, batches, **options)
        return replace(self, model=model, report=replace(self.report, recovery=recovery))

    def timed(
        self, sample: Batch | None = None, *, original: nn.Module | None = None
    ) -> Compressed:
        """Time it beside its original, in turns; the report of what is returned has the figures.

        Parameters
        ----------
        sample : Batch, optional
            What to call the models on; those of transformers read prompts of 64 tokens, one at a
            time and 16, and write 8.
        original : torch.nn.Module, optional
            If the model was compressed in place.

        Raises
        ------
        InputError
            The original is not there any more, or it is several models.
        ModelError
            The model is none of transformers that reads tokens, and there is no sample.
        """
        dense = original or self.original
        if dense is None:
            raise InputError("the original was compressed in place; give another as original=")
        if isinstance(self.model, nn.ModuleList):
            raise InputError("several models are not timed together; time one of them by itself")
        speed = measure_speed(dense, self.model, sample)
        return replace(self, report=replace(self.report, speed=speed))

    def to_html(self, path: str | os.PathLike[str]) -> None:
        """Write a page about it that needs nothing else: what it has become, why, and at what cost.

        Parameters
        ----------
        path : path-like
            Where it goes; it appears only once complete.

        Raises
        ------
        InputError
            It cannot be written.
        """
        from geocolor.compression.page import write_page

        write_page(self.record, path)

    def save(
        self,
        directory: str | os.PathLike[str],
        *,
        tokenizer: Any = None,
        expanded: bool = False,
    ) -> None:
        """Save to a new or empty directory; :func:`geocolor.load` reads it back.

        Parameters
        ----------
        directory : path-like
            Appears only once complete.
        tokenizer : object, or a list of several, optional
            A tokenizer of transformers to keep beside the model; of several models, one for each.
        expanded : bool
            Save a standard folder instead, of the original's size, that plain transformers loads.

        Raises
        ------
        InputError
            The directory is not empty or cannot be written; or the model is not of transformers
            and is to be saved expanded.
        """
        if expanded:
            save_expanded(self.model, self.plan, directory, companions=_listed(tokenizer))
            return
        save(
            self.model,
            self.plan,
            directory,
            original_structure=self.original_structure,
            companions=_listed(tokenizer),
            details=self.record.details(),
        )


def _listed(tokenizer: Any) -> tuple[Any, ...]:
    if isinstance(tokenizer, list | tuple):
        return tuple(tokenizer)
    return () if tokenizer is None else (tokenizer,)
