"""Figures made from records, against figures made by hand."""

import json
import math
from typing import Any

import pytest
from scipy import stats

from geocolor.bench.models.record import Measures, ModelRecord, TextScore
from geocolor.bench.models.summary import (
    agreement,
    perplexity_interval,
    perplexity_ratio,
    search_scores,
)
from geocolor.bench.record import Outcome
from geocolor.timing import Timing


def record(
    preset: str, predicted: float, measured: float, outcome: Outcome = Outcome.SOLVED
) -> ModelRecord:
    measures = Measures(
        parameters=20,
        unit_parameters=10,
        bytes=80,
        dense_bytes=160,
        macs=12,
        shared_groups=1,
        predicted=predicted,
        measured=measured,
        texts=(TextScore("news", 7, (1.5, 2.25)),),
        ranks=(1, 3),
        timings=(Timing("decode", 16, 128, (2.0, 1.0, 3.0), (1.0, 1.0, 1.0)),),
        plan=[{"members": ["a", "b"], "form": "tied", "side": "read", "rank": 0}],
        answer="ab",
        seconds=1.5,
    )
    solved = outcome is Outcome.SOLVED
    return ModelRecord("k", "m", preset, 0.8, 0, outcome, measures if solved else None)


def test_a_record_comes_back_from_json() -> None:
    for outcome in (Outcome.SOLVED, Outcome.CRASHED):
        written = record("default", 0.1, 0.2, outcome)
        assert ModelRecord.from_json(json.loads(json.dumps(written.to_json()))) == written


def test_rates_are_medians_of_pairs() -> None:
    timing = Timing("decode", 16, 128, (2.0, 1.0, 30.0), (1.0, 2.0, 10.0))
    assert timing.rate == 64
    assert timing.speedup == 2.0


def test_agreement_is_spearmans_over_solved_compressed_models() -> None:
    values = [("a", 0.1, 0.3), ("a", 0.2, 0.5), ("b", 0.4, 0.4), ("b", 0.8, 2.0)]
    records = [record(*value) for value in values]
    failed: list[Any] = [record("a", 9.0, 0.1, Outcome.CRASHED), record("dense", 9.0, 0.1)]
    found = agreement([*records, *failed])
    expected = stats.spearmanr([p for _, p, _ in values], [m for _, _, m in values]).statistic
    assert found.trials == 4
    assert found.correlation == pytest.approx(expected)
    assert found.ratios == {"a": pytest.approx((2.5, 3.0)), "b": pytest.approx((1.0, 2.5))}


def test_two_models_have_no_correlation() -> None:
    assert agreement([record("a", 0.1, 0.2), record("a", 0.2, 0.3)]).correlation is None


def test_perplexity_lies_in_its_interval() -> None:
    score = TextScore("news", 10, (20.0, 22.0, 25.0, 31.0))
    interval = perplexity_interval(score)
    assert interval is not None
    assert score.perplexity == pytest.approx(math.exp(98 / 40))
    assert math.exp(2.0) <= interval.low < score.perplexity < interval.high <= math.exp(3.1)
    assert perplexity_interval(TextScore("news", 10, (20.0,))) is None


def test_a_paired_ratio_is_sharper_than_its_sides() -> None:
    losses = (20.0, 22.0, 25.0, 31.0)
    score = TextScore("news", 10, tuple(loss + 1.0 for loss in losses))
    ratio, interval = perplexity_ratio(score, TextScore("news", 10, losses))
    assert interval is not None
    # Every window is worse by the same, so there is no doubt about by how much.
    assert ratio == pytest.approx(math.exp(0.1))
    assert (interval.low, interval.high) == pytest.approx((ratio, ratio))


def test_search_counts_first_places_and_the_first_ten() -> None:
    scores = search_scores((1, 2, 1, 11))
    assert scores == {"R@1": [1, 0, 1, 0], "MRR@10": [1, 0.5, 1, 0]}
