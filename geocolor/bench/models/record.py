"""What came of measuring one compressed model."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from geocolor.bench.record import Outcome
from geocolor.timing import Timing

__all__ = ["Measures", "ModelRecord", "TextScore"]


@dataclass(frozen=True)
class TextScore:
    """How well a language model predicts a text.

    Attributes
    ----------
    name : str
        Of the text.
    tokens : int
        Scored in each window.
    losses : tuple of float
        Negative log-likelihood of each window, in nats. Kept one by one, so that methods can be
        compared window by window.
    """

    name: str
    tokens: int
    losses: tuple[float, ...]

    @property
    def perplexity(self) -> float:
        """Exponential of the mean loss of a token."""
        return math.exp(sum(self.losses) / (self.tokens * len(self.losses)))


@dataclass(frozen=True)
class Measures:
    """What was measured of one model.

    Attributes
    ----------
    parameters, unit_parameters : int
        Unique parameters of the model, and of its shareable matrices.
    bytes, dense_bytes : int
        Of the model's tensors on disk, every one once, and of the dense model's.
    macs : int
        Multiply-accumulates of the shareable matrices per token.
    shared_groups : int
        Groups of matrices that share parameters.
    predicted, measured : float or None
        Increase of the loss in nats per scored output, by the criterion and as divergence from
        the dense model's predictions; None of the dense model.
    texts : tuple of TextScore
        Empty unless it is a language model.
    ranks : tuple of int
        Of a sentence encoder: for each title the place at which its own body was found.
    timings : tuple of Timing
        Empty unless latency was asked for.
    plan : list
        The sharing plan as plain JSON data.
    answer : str
        Hex SHA-256 of the predictions on the first window of evaluation text.
    seconds : float
        Wall clock of planning, applying and measuring the divergence.
    """

    parameters: int
    unit_parameters: int
    bytes: int
    dense_bytes: int
    macs: int
    shared_groups: int
    predicted: float | None
    measured: float | None
    texts: tuple[TextScore, ...]
    ranks: tuple[int, ...]
    timings: tuple[Timing, ...]
    plan: list[dict[str, Any]]
    answer: str
    seconds: float

    @property
    def narrowed_groups(self) -> int:
        """Hidden layers with fewer hidden units than they had."""
        return sum(group["form"] == "narrow" for group in self.plan)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Measures:
        """Read what ``asdict`` wrote, by way of JSON."""
        texts = tuple(
            TextScore(score["name"], score["tokens"], tuple(score["losses"]))
            for score in data["texts"]
        )
        timings = tuple(Timing.from_json(timing) for timing in data["timings"])
        ranks = tuple(data["ranks"])
        return cls(**{**data, "texts": texts, "timings": timings, "ranks": ranks})


@dataclass(frozen=True)
class ModelRecord:
    """One trial of a model, as it is written to the journal.

    Attributes
    ----------
    key : str
        Of the :class:`geocolor.bench.models.trial.ModelTrial`.
    model, preset : str
        Names; the preset ``dense`` is the model as it is.
    keep : float
        Share of the shareable matrices' parameters asked for.
    seed : int
        Of the calibration.
    outcome : Outcome
        NO_ANSWER: geocolor itself refused, because predictions are not finite, say.
    measures : Measures or None
        None unless solved.
    message : str
        One line for people: what went wrong.
    calibration : float
        Seconds of measuring the curvature, once for all trials of a model and seed; 0 if this
        trial did not need it.
    elapsed : float
        Seconds of this trial beyond calibration: compressing and measuring.
    peak_memory : int
        Bytes; the most that the process had held when the trial ended.
    versions : mapping of str to str
        Of what decides the result.
    host : str
        Machine it ran on.
    started : str
        UTC, ISO 8601.
    """

    key: str
    model: str
    preset: str
    keep: float
    seed: int
    outcome: Outcome
    measures: Measures | None = None
    message: str = ""
    calibration: float = 0.0
    elapsed: float = 0.0
    peak_memory: int = 0
    versions: Mapping[str, str] = field(default_factory=dict)
    host: str = ""
    started: str = ""

    def to_json(self) -> dict[str, Any]:
        """Give plain JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> ModelRecord:
        """Read what :meth:`to_json` gave."""
        measures = None if data["measures"] is None else Measures.from_json(data["measures"])
        return cls(**{**data, "outcome": Outcome(data["outcome"]), "measures": measures})
