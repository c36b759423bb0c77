"""What compression costs a sentence encoder, looked up among all documents there are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from geocolor.bench.models.answers import Answers, compare_answers
from geocolor.bench.models.retrieval import title_ranks
from geocolor.bench.models.summary import search_scores
from geocolor.bench.statistics import Interval, bootstrap_interval
from geocolor.compression import Configuration, analyze, text_windows
from geocolor.compression.calibration import batches_of
from geocolor.compression.progress import Progress
from geocolor.sharing import measure_size
from geocolor.units import find_units

__all__ = ["HEADER", "Encoder", "Search", "cells", "distinct_documents", "measure_retrieval"]


def distinct_documents(documents: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Keep the first document of each body and then of each title, so that one answer is right."""
    titles: dict[str, str] = {}
    for title, body in documents:
        titles.setdefault(body, title)
    bodies: dict[str, str] = {}
    for body, title in titles.items():
        bodies.setdefault(title, body)
    return list(bodies.items())


@dataclass(frozen=True)
class Encoder:
    """A sentence encoder with what it is calibrated and judged on.

    Attributes
    ----------
    model : torch.nn.Module
        Of transformers, in eval mode.
    tokenizer : object
        Its tokenizer.
    text : str
        Calibration text.
    documents : sequence of (str, str)
        Titles and bodies that are looked up; none of them in the text.
    """

    model: nn.Module
    tokenizer: Any
    text: str
    documents: Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Search:
    """How well bodies are found by their titles.

    Attributes
    ----------
    method : str
        Name of the configuration; ``dense`` for the encoder as it is.
    keep : float
        Share of the matrices' parameters asked for.
    seed : int or None
        Of the calibration windows taken and the probes drawn.
    parameters : int
        Of the block matrices.
    predicted, measured : float or None
        Increase of the loss, on calibration windows.
    first : Answers
        Whether the own body comes first: R@1, beside the original's.
    reciprocal : float
        MRR@10.
    reciprocal_loss : float
        What the original has more.
    reciprocal_interval : Interval
        Of that over other documents.
    """

    method: str
    keep: float
    seed: int | None
    parameters: int
    predicted: float | None
    measured: float | None
    first: Answers
    reciprocal: float
    reciprocal_loss: float
    reciprocal_interval: Interval | None

    def to_json(self) -> dict[str, Any]:
        """Plain data, for JSON."""
        return asdict(self)


def measure_retrieval(
    encoder: Encoder,
    methods: Sequence[Configuration],
    keeps: Sequence[float],
    *,
    seeds: int,
    windows: int,
    length: int,
    autocast: torch.dtype | None,
    on_progress: Progress,
) -> Iterator[Search]:
    """Compress an encoder for some calibrations, methods and budgets, and search with each.

    Parameters
    ----------
    encoder : Encoder
        What is compressed.
    methods : sequence of Configuration
        Ways to compress.
    keeps : sequence of float
        Shares to keep.
    seeds : int
        Calibrations, each on other windows and probes.
    windows, length : int
        Windows of each calibration, and tokens in each with the special ones.
    autocast : torch.dtype or None
        Arithmetic of the search, dense and compressed alike; None is the model's own.
    on_progress : callable
        Told the stage, the steps done and the steps in all.

    Yields
    ------
    Search
        Of the encoder as it is, then in the order of seeds, methods and keeps.
    """

    def ranks(model: nn.Module) -> list[int]:
        on_progress("searching documents", 0, len(encoder.documents))
        with torch.autocast("cpu", autocast, enabled=autocast is not None):
            return title_ranks(model, encoder.tokenizer, encoder.documents)

    before = ranks(encoder.model)
    size = measure_size(encoder.model, [unit.name for unit in find_units(encoder.model)])
    yield Search("dense", 1.0, None, size.unit_parameters, None, None, *_scores(before, before))
    every = text_windows(
        encoder.text,
        encoder.tokenizer,
        windows=windows * seeds,
        length=length,
        special_tokens=True,
    )
    for seed in range(seeds):
        # Interleaved: each calibration is spread over the whole text.
        own = every[seed::seeds]
        analysis = analyze(
            encoder.model,
            batches_of(own),
            seed=seed,
            on_progress=on_progress,
        )
        for method in methods:
            for keep in keeps:
                compressed = analysis.compress(keep, method)
                report = compressed.report
                yield Search(
                    method.name,
                    keep,
                    seed,
                    report.after.unit_parameters,
                    report.predicted_increase,
                    report.measured_increase,
                    *_scores(before, ranks(compressed.model)),
                )


def _scores(
    before: Sequence[int], after: Sequence[int]
) -> tuple[Answers, float, float, Interval | None]:
    own, others = (search_scores(ranks) for ranks in (after, before))
    answers = compare_answers(_first(before), _first(after))
    after_reciprocal, before_reciprocal = (np.array(each["MRR@10"]) for each in (own, others))
    lost = before_reciprocal - after_reciprocal
    return (
        answers,
        float(after_reciprocal.mean()),
        float(lost.mean()),
        bootstrap_interval([lost]),
    )


def _first(ranks: Sequence[int]) -> NDArray[np.bool_]:
    found: NDArray[np.bool_] = np.array(ranks) == 1
    return found


HEADER = (
    *("method", "keep", "seed", "parameters", "predicted", "measured"),
    *("R@1", "R@1 lost", "p", "MRR@10", "MRR@10 lost"),
)


def cells(searches: Iterable[Search]) -> Iterator[tuple[str, ...]]:
    """Give the cells of a table, a row for each search."""
    for search in searches:
        first, size = search.first, f"{search.parameters:,}"
        own = f"{first.right:.4f}", f"{search.reciprocal:.4f}"
        if search.seed is None:
            yield search.method, "1", "", size, "", "", own[0], "", "", own[1], ""
            continue
        yield (
            search.method,
            f"{search.keep:g}",
            str(search.seed),
            size,
            f"{search.predicted:.5f}",
            f"{search.measured:.5f}",
            own[0],
            _with(first.loss, first.interval),
            f"{first.p_value:.2g}",
            own[1],
            _with(search.reciprocal_loss, search.reciprocal_interval),
        )


def _with(value: float, interval: Interval | None) -> str:
    found = f"{value:.4f}"
    return found if interval is None else f"{found} [{interval.low:.4f}, {interval.high:.4f}]"
