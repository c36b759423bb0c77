"""What people read of a compression."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from geocolor.compression import PredictionFit, Report
from geocolor.sharing import ModelSize

REPORT = Report(
    method="default",
    keep=0.5,
    before=ModelSize(parameters=2_000, bytes=8_000_000, unit_parameters=1_000, unit_macs=1_000),
    after=ModelSize(parameters=1_450, bytes=5_800_000, unit_parameters=450, unit_macs=900),
    predicted_increase=0.01234,
    measured_increase=0.04321,
    measured_on="evaluation",
    fit=None,
    shared_groups=3,
    narrowed_groups=2,
    price=1e-6,
    planned_cost=0.02,
    planned_bound=0.019,
    groups_priced=1_234,
    coloring_status="optimal",
    seconds=1.5,
)


def test_kept_is_what_is_left_of_the_shareable_matrices():
    assert REPORT.kept == 0.45
    assert json.loads(json.dumps(REPORT.to_json()))["kept"] == 0.45
    assert REPORT.to_json()["before"]["parameters"] == 2_000


def test_its_text_gives_every_size_before_and_after():
    text = str(REPORT)
    for part in (
        "1,000 -> 450 parameters (45.0%)",
        "2,000 -> 1,450 parameters, 8.0 -> 5.8 MB",
        "1,000 -> 900 multiply-adds a token (90.0%)",
        "3 groups of matrices",
        "2 hidden layers",
        "costs 0.02 nats; no choice among the 1,234 groups priced costs less than 0.019",
        "+0.0123 predicted, +0.0432 measured (nats, on evaluation data)",
    ):
        assert part in text


def test_the_gap_is_between_cost_and_bound_and_there_is_none_without_a_price():
    assert REPORT.to_json()["cost_gap"] == pytest.approx(0.05)
    unpriced = replace(REPORT, planned_cost=None, planned_bound=None)
    assert unpriced.cost_gap is None
    assert "nats; no choice" not in str(unpriced)
    assert replace(REPORT, planned_cost=0.0, planned_bound=0.0).cost_gap == 0


def test_it_says_what_predictions_are_worth():
    fit = PredictionFit((0.01, 0.02, 0.04, 0.08), (0.04, 0.08, 0.16, 0.32))
    told = replace(REPORT, fit=fit)
    assert told.expected_increase == pytest.approx(4 * 0.01234)
    assert "+0.0123 predicted, +0.0494 as such plans go, +0.0432 measured" in str(told)
    assert "4 random plans: rank correlation 1.00" in str(told)
    data = json.loads(json.dumps(told.to_json()))
    assert data["fit"]["believable"] is True
    assert data["expected_increase"] == pytest.approx(4 * 0.01234)
    assert REPORT.to_json()["expected_increase"] is None
    poor = PredictionFit((0.01, 0.02, 0.04, 0.08), (0.32, 0.04, 0.16, 0.08))
    assert "do not rely on it" in str(replace(REPORT, fit=poor))
