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
        The smaller model, in eval mode.
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
        tokenizer : object, optional
            A tokenizer of transformers to keep beside the model.

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
            companions=() if tokenizer is None else (tokenizer,),
            details={
                "configuration": self.configuration.to_json(),
                "report": self.report.to_json(),
            },
        )
