"""A compressed model with its plan and report."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

from torch import nn

from geocolor.compression.configuration import Configuration
from geocolor.compression.planner import Planned
from geocolor.compression.report import Report
from geocolor.sharing import SharingPlan, save
from geocolor.units import Unit

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
    """

    model: nn.Module
    plan: SharingPlan
    report: Report
    units: tuple[Unit, ...]
    configuration: Configuration
    planned: Planned
    original_structure: str

    def save(self, directory: str | os.PathLike[str], *, tokenizer: Any = None) -> None:
        """Save to a new or empty directory; :func:`geocolor.load` reads it back.

        Parameters
        ----------
        directory : path-like
            Appears only once complete.
        tokenizer : object, or a list of several, optional
            A tokenizer of transformers to keep beside the model; of several models, one for each.

        Raises
        ------
        InputError
            The directory is not empty or cannot be written.
        """
        save(
            self.model,
            self.plan,
            directory,
            original_structure=self.original_structure,
            companions=_listed(tokenizer),
            details={
                "configuration": self.configuration.to_json(),
                "report": self.report.to_json(),
            },
        )


def _listed(tokenizer: Any) -> tuple[Any, ...]:
    if isinstance(tokenizer, list | tuple):
        return tuple(tokenizer)
    return () if tokenizer is None else (tokenizer,)
