"""What the records say: perplexity with intervals, search, predicted against measured."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from scipy import stats

from geocolor.bench.models.record import Measures, ModelRecord, TextScore
from geocolor.bench.models.trial import DENSE
from geocolor.bench.statistics import Interval, bootstrap_interval

__all__ = [
    "Agreement",
    "agreement",
    "compressed_records",
    "perplexity_interval",
    "perplexity_ratio",
    "search_scores",
]

_FIRST = 10


@dataclass(frozen=True)
class Agreement:
    """How predicted increases of the loss agree with measured ones, for one model.

    Attributes
    ----------
    trials : int
        Compressed models compared.
    correlation : float or None
        Spearman's rank correlation; None for less than three trials, or where one side is
        constant.
    ratios : dict of str to (float, float)
        Least and greatest measured by predicted, by preset.
    """

    trials: int
    correlation: float | None
    ratios: dict[str, tuple[float, float]]


def compressed_records(records: Sequence[ModelRecord]) -> list[tuple[ModelRecord, Measures]]:
    """Give the solved records of compressed models, each with what was measured."""
    return [
        (record, record.measures)
        for record in records
        if record.measures is not None and record.preset != DENSE
    ]


def agreement(records: Sequence[ModelRecord]) -> Agreement:
    """Compare predicted with measured increases.

    Parameters
    ----------
    records : sequence of ModelRecord
        Of one model; those that failed do not count.
    """
    pairs = [
        (record.preset, measures.predicted, measures.measured)
        for record, measures in compressed_records(records)
        if measures.predicted is not None and measures.measured is not None
    ]
    predicted, measured = [p for _, p, _ in pairs], [m for _, _, m in pairs]
    correlation = None
    if len(pairs) >= 3 and len(set(predicted)) > 1 and len(set(measured)) > 1:
        found: Any = stats.spearmanr(predicted, measured)
        correlation = float(found.statistic)
    ratios = {}
    for preset, group in groupby(sorted(pairs), key=lambda pair: pair[0]):
        quotients = [m / p for _, p, m in group if p > 0]
        if quotients:
            ratios[preset] = (min(quotients), max(quotients))
    return Agreement(len(pairs), correlation, ratios)


def perplexity_interval(score: TextScore) -> Interval | None:
    """Bootstrap a perplexity over the windows of its text.

    Returns
    -------
    Interval or None
        What other windows of the same text would give; None for a single window.
    """
    return _exponential(bootstrap_interval([[loss / score.tokens for loss in score.losses]]))


def perplexity_ratio(score: TextScore, reference: TextScore) -> tuple[float, Interval | None]:
    """Divide a perplexity by another on the same windows.

    Returns
    -------
    ratio : float
    interval : Interval or None
        Bootstrap over the windows' differences: windows that are hard for both do not blur it.
    """
    pairs = zip(score.losses, reference.losses, strict=True)
    differences = [(loss - other) / score.tokens for loss, other in pairs]
    mean = sum(differences) / len(differences)
    return math.exp(mean), _exponential(bootstrap_interval([differences]))


def search_scores(ranks: Sequence[int]) -> dict[str, list[float]]:
    """Score every title's search.

    Parameters
    ----------
    ranks : sequence of int
        Place of each title's own body, from 1.

    Returns
    -------
    dict of str to list of float
        ``R@1``: 1 for a first place. ``MRR@10``: one by the place, 0 beyond the tenth. Their
        means are what is told.
    """
    return {
        "R@1": [float(rank == 1) for rank in ranks],
        f"MRR@{_FIRST}": [1 / rank if rank <= _FIRST else 0.0 for rank in ranks],
    }


def _exponential(interval: Interval | None) -> Interval | None:
    if interval is None:
        return None
    return Interval(math.exp(interval.low), math.exp(interval.high), interval.level)
