"""What is to be measured: a model, a preset, a budget, a calibration seed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any

from geocolor.bench.models.subject import Subject

__all__ = ["DENSE", "Method", "ModelTrial", "Protocol"]

DENSE = "dense"


@dataclass(frozen=True)
class Method:
    """A way to compress.

    Attributes
    ----------
    name : str
        Of a preset or another configuration, or ``dense`` for none.
    configuration : mapping
        Part by part, as plain JSON values; empty for ``dense``.
    """

    name: str
    configuration: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Protocol:
    """What is measured, and on how much.

    Attributes
    ----------
    windows, length : int
        Windows of calibration text, and tokens in each.
    scored_windows, scored_length : int
        Windows of each evaluation text, and tokens in each; no more than the model has positions.
    divergence_windows : int
        The first of these, on which the divergence is measured.
    latency : bool
        Whether time is measured.
    """

    windows: int = 48
    length: int = 256
    scored_windows: int = 8
    scored_length: int = 512
    divergence_windows: int = 2
    latency: bool = False


@dataclass(frozen=True)
class ModelTrial:
    """One compression to be measured.

    Attributes
    ----------
    subject : Subject
    method : Method
    keep : float
        Share of the shareable matrices' parameters to keep; 1 for ``dense``.
    seed : int
        Of the calibration: windows taken, targets sampled, solvers. ``dense`` has 0.
    protocol : Protocol
    versions : mapping of str to str
        Of all that decides the result.
    """

    subject: Subject
    method: Method
    keep: float
    seed: int
    protocol: Protocol
    versions: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def key(self) -> str:
        """Hex SHA-256 of all that decides the trial; the same key means the same trial.

        Model and texts count by what is in them, not by where they lie.
        """
        subject = self.subject
        documents = subject.documents
        asked = {
            "model": subject.sha256,
            "calibration": subject.calibration.sha256,
            "evaluation": [[text.name, text.sha256] for text in subject.evaluation],
            "documents": None if documents is None else documents.sha256,
            "method": asdict(self.method),
            "keep": self.keep,
            "seed": self.seed,
            "protocol": asdict(self.protocol),
            "versions": dict(self.versions),
        }
        return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()
