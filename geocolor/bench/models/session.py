"""A loaded model with its texts: measured as it is, and compressed as often as asked."""

from __future__ import annotations

import hashlib
import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from geocolor.bench.models.perplexity import window_losses
from geocolor.bench.models.record import Measures, TextScore
from geocolor.bench.models.retrieval import title_ranks
from geocolor.bench.models.subject import Subject
from geocolor.bench.models.trial import Protocol
from geocolor.compression import Analysis, Compressed, Configuration, analyze, text_windows
from geocolor.compression.calibration import (
    batches_of,
    every_window,
    reads_whole_texts,
    training_batches,
)
from geocolor.compression.pretrained import load_pretrained
from geocolor.compression.progress import Progress
from geocolor.compression.speed import measure_speed
from geocolor.curvature import prediction_rows
from geocolor.errors import InputError
from geocolor.sharing import measure_size
from geocolor.timing import Timing
from geocolor.units import find_units, with_split_experts

__all__ = ["Session", "predictions_hash"]


class Session:
    """A model and one calibration of it.

    Parameters
    ----------
    subject : Subject
        What to load.
    protocol : Protocol
        What to measure.
    seed : int
        0 calibrates as ``geocolor compress`` does, on the middle of each of equally long parts
        of the text. Other seeds take a random place in each, and other targets.
    on_progress : callable
        Told the stage, the steps done and the steps in all.
    checkpoint : Path, optional
        Where curvature is kept, and gone on from.

    Attributes
    ----------
    model : torch.nn.Module
        As it is.
    tokenizer : object
        Its tokenizer.
    calibration_seconds : float
        Wall clock of measuring the curvature; 0 until it was needed.

    Raises
    ------
    ModelError
        The folder holds no model, or a text is too short.
    InputError
        The windows are longer than the model reads.
    """

    def __init__(
        self,
        subject: Subject,
        protocol: Protocol,
        seed: int,
        on_progress: Progress,
        checkpoint: Path | None = None,
    ) -> None:
        self.calibration_seconds = 0.0
        self._checkpoint = checkpoint
        self._analysis: Analysis | None = None
        self._protocol = protocol
        self._seed = seed
        self._progress = on_progress
        self.model, self.tokenizer = load_pretrained(subject.folder)
        config: Any = self.model.config
        longest = getattr(config, "max_position_embeddings", None) or protocol.scored_length
        if protocol.length > longest:
            raise InputError(
                f"windows of {protocol.length} tokens exceed the {longest} positions of "
                f"{subject.name}"
            )
        self._text = _read(subject.calibration.path)
        self._whole_texts = reads_whole_texts(self.model)
        self._calibration = self._seeded_windows()
        self._evaluation = {
            text.name: text_windows(
                _read(text.path),
                self.tokenizer,
                windows=protocol.scored_windows,
                length=min(protocol.scored_length, longest),
                special_tokens=self._whole_texts,
            )
            for text in subject.evaluation
        }
        self._documents = (
            []
            if subject.documents is None
            else [tuple(json.loads(line)) for line in _read(subject.documents.path).splitlines()]
        )

    def _seeded_windows(self) -> Tensor:
        """Cut one window out of each of equally long parts of the text."""
        count, length = self._protocol.windows, self._protocol.length
        given = (self._text, self.tokenizer)
        spread = text_windows(
            *given, windows=count, length=length, special_tokens=self._whole_texts
        )
        if self._seed == 0:
            return spread
        every = every_window(*given, length=length, special_tokens=self._whole_texts)
        bounds = np.arange(count + 1) * len(every) // count
        chosen = np.random.default_rng(self._seed).integers(bounds[:-1], bounds[1:])
        return every[torch.from_numpy(chosen)]

    @property
    def probe(self) -> Tensor:
        """First window of evaluation text, shape (1, length)."""
        return next(iter(self._evaluation.values()))[:1]

    def calibrate(self) -> Analysis:
        """Measure the curvature, once."""
        if self._analysis is not None:
            return self._analysis
        started = time.monotonic()
        self._analysis = analyze(
            self.model,
            batches_of(self._calibration),
            evaluation=next(iter(self.judged().values())),
            seed=self._seed,
            checkpoint=self._checkpoint,
            on_progress=self._progress,
        )
        self.calibration_seconds = time.monotonic() - started
        return self._analysis

    def judged(self) -> dict[str, list[Tensor]]:
        """Batches of each evaluation text that divergences are measured on."""
        count = self._protocol.divergence_windows
        return {name: list(windows[:count, None]) for name, windows in self._evaluation.items()}

    def training(self, batches: int) -> list[Tensor]:
        """Cut so many batches, or as many as there are, from the calibration text."""
        return training_batches(
            self._text,
            self.tokenizer,
            batches,
            self._protocol.length,
            special_tokens=self._whole_texts,
        )

    def dense(self) -> Measures:
        """Measure the model as it is."""
        split = with_split_experts(self.model)
        size = measure_size(split, [unit.name for unit in find_units(split)])
        return Measures(
            parameters=size.parameters,
            unit_parameters=size.unit_parameters,
            bytes=size.bytes,
            dense_bytes=size.bytes,
            macs=size.unit_macs,
            shared_groups=0,
            predicted=None,
            measured=None,
            texts=self.texts(self.model),
            ranks=self._ranks(self.model),
            timings=self._timings(self.model),
            plan=[],
            answer=predictions_hash(self.model, self.probe),
            seconds=0.0,
        )

    def compressed(self, preset: str | Configuration, keep: float) -> tuple[Measures, Compressed]:
        """Compress the model and measure what came of it.

        Raises
        ------
        InputError
            There is no such preset.
        ModelError
            The compressed model's predictions are not finite.
        """
        compressed = self.calibrate().compress(keep, preset)
        report = compressed.report
        measures = Measures(
            parameters=report.after.parameters,
            unit_parameters=report.after.unit_parameters,
            bytes=report.after.bytes,
            dense_bytes=report.before.bytes,
            macs=report.after.unit_macs,
            shared_groups=report.shared_groups,
            predicted=report.predicted_increase,
            measured=report.measured_increase,
            texts=self.texts(compressed.model),
            ranks=self._ranks(compressed.model),
            timings=self._timings(compressed.model),
            plan=compressed.plan.to_json(),
            answer=predictions_hash(compressed.model, self.probe),
            seconds=report.seconds,
        )
        return measures, compressed

    def texts(self, model: Any) -> tuple[TextScore, ...]:
        """Score each evaluation text under a model of the session's kind; () if it is no such."""
        if not model.can_generate():
            return ()
        scores = []
        for name, windows in self._evaluation.items():
            self._progress(f"reading {name}", 0, len(windows))
            losses = tuple(window_losses(model, windows))
            scores.append(TextScore(name, windows.shape[1] - 1, losses))
        return tuple(scores)

    def _ranks(self, model: nn.Module) -> tuple[int, ...]:
        if not self._documents:
            return ()
        self._progress("searching documents", 0, len(self._documents))
        return tuple(title_ranks(model, self.tokenizer, self._documents))

    def _timings(self, model: nn.Module) -> tuple[Timing, ...]:
        if not self._protocol.latency:
            return ()
        self._progress("timing", 0, 1)
        return measure_speed(self.model, model)


@torch.no_grad()
def predictions_hash(model: nn.Module, tokens: Tensor) -> str:
    """Hex SHA-256 of the bytes of a model's predictions.

    The order of a sum depends on the number of threads; so do the last bits, and so does this.

    Parameters
    ----------
    model : torch.nn.Module
        In eval mode.
    tokens : Tensor of int64, shape (windows, length)
    """
    rows, _ = prediction_rows(model(tokens), tokens)
    return hashlib.sha256(rows.numpy().tobytes()).hexdigest()


def _read(path: str) -> str:
    return Path(path).read_text(encoding="utf-8")
