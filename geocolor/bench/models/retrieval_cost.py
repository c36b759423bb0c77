"""What compression costs a sentence encoder, looked up among all documents there are."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from geocolor.bench.journal import Journal
from geocolor.bench.models import sweep
from geocolor.bench.models.answers import Answers, compare_answers
from geocolor.bench.models.retrieval import title_ranks
from geocolor.bench.models.summary import search_scores
from geocolor.bench.models.sweep import Judged, Kept, Sweep, digest
from geocolor.bench.statistics import Interval, bootstrap_interval
from geocolor.compression import Analysis, Configuration, analyze, text_windows
from geocolor.compression.calibration import batches_of
from geocolor.compression.progress import Progress

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
class Search(Judged):
    """How well an encoder compressed in one way finds bodies by titles; losses are of calibration.

    Attributes
    ----------
    first : Answers
        Whether the own body comes first: R@1, beside the original's.
    reciprocal : float
        MRR@10.
    reciprocal_loss : float
        What the original has more.
    reciprocal_interval : Interval
        Of that over other documents.
    """

    first: Answers
    reciprocal: float
    reciprocal_loss: float
    reciprocal_interval: Interval | None


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
    journal: Journal | None = None,
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
    journal : Journal, optional
        Results in it are not made again.

    Yields
    ------
    Search
        Of the encoder as it is, then in the order of seeds, methods and keeps.
    """

    def ranks(model: nn.Module) -> list[int]:
        on_progress("searching documents", 0, len(encoder.documents))
        with torch.autocast("cpu", autocast, enabled=autocast is not None):
            return title_ranks(model, encoder.tokenizer, encoder.documents)

    @cache
    def before() -> list[int]:
        return ranks(encoder.model)

    def analysis_of(seed: int) -> Analysis:
        # Interleaved: each calibration is spread over the whole text.
        own = every[seed::seeds]
        return analyze(encoder.model, batches_of(own), seed=seed, on_progress=on_progress)

    def judge(model: nn.Module) -> dict[str, Any]:
        return _scores(before(), before() if model is encoder.model else ranks(model))

    every = text_windows(
        encoder.text,
        encoder.tokenizer,
        windows=windows * seeds,
        length=length,
        special_tokens=True,
    )
    decides = {
        "benchmark": "retrieval",
        "arithmetic": str(autocast),
        "model": digest(encoder.model, json.dumps(list(encoder.documents)).encode()),
        "windows": digest(every.numpy().tobytes()),
    }
    return Sweep(
        Search,
        methods,
        keeps,
        seeds,
        analysis_of,
        judge,
        Kept(journal, decides),
    ).run(encoder.model)


def _scores(before: Sequence[int], after: Sequence[int]) -> dict[str, Any]:
    own, others = (search_scores(ranks) for ranks in (after, before))
    after_reciprocal, before_reciprocal = (np.array(each["MRR@10"]) for each in (own, others))
    lost = before_reciprocal - after_reciprocal
    return {
        "first": compare_answers(_first(before), _first(after)),
        "reciprocal": float(after_reciprocal.mean()),
        "reciprocal_loss": float(lost.mean()),
        "reciprocal_interval": bootstrap_interval([lost]),
    }


def _first(ranks: Sequence[int]) -> NDArray[np.bool_]:
    found: NDArray[np.bool_] = np.array(ranks) == 1
    return found


HEADER = (
    *sweep.HEADER,
    *("R@1", "R@1 lost", "p", "MRR@10", "MRR@10 lost"),
)


def cells(searches: Iterable[Search]) -> Iterator[tuple[str, ...]]:
    """Give the cells of a table, a row for each search."""
    for search in searches:
        first, leading = search.first, search.leading_cells(5)
        own = f"{first.right:.4f}", f"{search.reciprocal:.4f}"
        if search.seed is None:
            yield *leading, own[0], "", "", own[1], ""
            continue
        yield (
            *leading,
            own[0],
            _with(first.loss, first.interval),
            f"{first.p_value:.2g}",
            own[1],
            _with(search.reciprocal_loss, search.reciprocal_interval),
        )


def _with(value: float, interval: Interval | None) -> str:
    found = f"{value:.4f}"
    return found if interval is None else f"{found} [{interval.low:.4f}, {interval.high:.4f}]"
