"""What predictions are worth, fitted to plans that were measured."""

from __future__ import annotations

import copy
import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from geocolor.compression import PredictionFit, analyze, compress
from geocolor.compression.divergence import Divergence
from geocolor.compression.random_plans import random_plans
from geocolor.compression.report import UNFITTED
from geocolor.errors import InputError

sizes = st.floats(1e-3, 5.0)


@given(st.floats(0.2, 5.0), st.floats(0.3, 1.5), st.lists(sizes, min_size=4, unique=True))
def test_a_power_law_is_found(factor, exponent, predicted):
    if max(predicted) / min(predicted) < 1.1:
        predicted = [*predicted, 2 * max(predicted)]
    fit = PredictionFit(tuple(predicted), tuple(factor * p**exponent for p in predicted))
    assert fit.factor == pytest.approx(factor, rel=1e-4)
    assert fit.exponent == pytest.approx(exponent, rel=1e-4)
    assert fit.increase(0.5) == pytest.approx(factor * 0.5**exponent, rel=1e-4)
    assert fit.increase(0.0) == 0.0


def test_each_plan_is_foretold_by_the_others_alone():
    # Three on a line through the origin, and one that is twice too high.
    fit = PredictionFit((1.0, 2.0, 4.0, 4.0), (1.0, 2.0, 4.0, 8.0))
    logs = [(math.log(p), math.log(m)) for p, m in zip(fit.predicted, fit.measured, strict=True)]
    errors = []
    for at, (x, y) in enumerate(logs):
        rest = [pair for number, pair in enumerate(logs) if number != at]
        mean_x, mean_y = (sum(column) / 3 for column in zip(*rest, strict=True))
        slope = sum((a - mean_x) * (b - mean_y) for a, b in rest) / sum(
            (a - mean_x) ** 2 for a, _ in rest
        )
        errors.append(abs(math.exp(mean_y + slope * (x - mean_x) - y) - 1))
    first, second = sorted(errors)[1:3]
    assert fit.error == pytest.approx((first + second) / 2)
    assert fit.error < max(errors)


def test_what_ranks_plans_wrongly_is_not_believable():
    assert PredictionFit((1, 2, 3, 4), (2, 4, 6, 8)).believable
    shuffled = PredictionFit((1, 2, 3, 4), (8, 2, 6, 4))
    assert not shuffled.believable
    assert "do not rely on it" in str(shuffled)
    far_off = PredictionFit((1, 2, 3, 4), (1, 1.1, 10, 90))
    assert far_off.rank_correlation == pytest.approx(1)
    assert not far_off.believable


@pytest.mark.parametrize(
    ("predicted", "measured", "message"),
    [
        ((1, 2, 3), (1, 2, 3), "4 plans or more, not 3"),
        ((1, 2, 3, 4), (1, 2, 3), "its predicted and its measured"),
        ((1, 2, 0, 4), (1, 2, 3, 4), "cost nothing"),
        ((1, 2, 3, 4), (1, 2, 3, math.inf), "beyond all bounds"),
        ((1, 2, 3, 4), (1, 2, 3, math.nan), "beyond all bounds"),
    ],
)
def test_what_cannot_be_fitted_is_told(predicted, measured, message):
    with pytest.raises(InputError, match=message):
        PredictionFit(predicted, measured)


def test_a_report_carries_the_fit_and_the_model_is_as_before(tiny_llama, tokens):
    model = tiny_llama()
    analysis = analyze(model, tokens)
    plain = analysis.compress(0.6)
    fit = analysis.fit_prediction(plans=5)
    told = analysis.compress(0.6)
    assert plain.report.fit is None
    assert told.report.fit is fit
    assert len(fit.predicted) == 5
    assert told.report.measured_increase == plain.report.measured_increase
    assert told.report.predicted_increase == plain.report.predicted_increase
    assert told.report.expected_increase == fit.increase(plain.report.predicted_increase)
    # Of another criterion nothing is known.
    assert analysis.compress(0.6, "fixed-width").report.fit is None


def test_plans_are_measured_as_a_compression_is(tiny_llama, tokens, monkeypatch):
    """With the planner's own plan in place of a random one, both measure the same."""
    analysis = analyze(tiny_llama(), tokens)
    own = analysis.compress(0.6)
    monkeypatch.setattr(
        "geocolor.compression.analysis.random_plans", lambda *_: iter([own.planned] * 4)
    )
    fit = analysis.fit_prediction(plans=4)
    assert fit.predicted == (own.report.predicted_increase,) * 4
    assert fit.measured == pytest.approx((own.report.measured_increase,) * 4, rel=1e-3)


def test_plans_are_of_all_sizes_and_fixed_by_the_seed(tiny_llama, tokens, monkeypatch):
    analysis = analyze(tiny_llama(), tokens)
    drawn = []

    def kept(*arguments):
        for planned in random_plans(*arguments):
            drawn.append(planned.allocation.size)
            yield planned

    monkeypatch.setattr("geocolor.compression.analysis.random_plans", kept)
    first, again = (analysis.fit_prediction(plans=6) for _ in range(2))
    assert first == again
    assert drawn[:6] == drawn[6:]
    assert max(drawn) - min(drawn) > 0.2 * sum(unit.parameters for unit in analysis.units)


def test_the_model_gets_its_weights_back_after_an_interrupt(tiny_llama, tokens, monkeypatch):
    model = tiny_llama()
    analysis = analyze(model, tokens, inplace=True)
    before = copy.deepcopy(model.state_dict())

    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(Divergence, "of", interrupted)
    with pytest.raises(KeyboardInterrupt):
        analysis.fit_prediction()
    after = model.state_dict()
    assert all(torch.equal(before[name], after[name]) for name in before)


def test_a_plan_that_costs_nothing_is_left_out_and_another_drawn(mlp):
    batches = list(torch.randn(3, 8, 32, generator=torch.Generator().manual_seed(0)))
    analysis = analyze(mlp(32, 32, 32, 32, 32), batches)
    drawn = []

    def kept(*arguments):
        for planned in random_plans(*arguments):
            drawn.append(planned)
            # As it happens by chance: the plan that leaves all as it is.
            yield analysis.compress(1).planned if len(drawn) == 2 else planned

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("geocolor.compression.analysis.random_plans", kept)
        fit = analysis.fit_prediction(plans=4)
    assert len(fit.predicted) == len(fit.measured) == 4
    assert len(drawn) == 5


def test_where_no_plan_costs_anything_the_compression_is_not_lost(mlp):
    model = mlp(8, 16, 16, 8)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.zero_()
    report = compress(model, [torch.ones(4, 8)], 0.5, random_plans=4).report
    assert report.kept <= 0.5
    assert report.fit is None
    assert report.unfitted
    assert UNFITTED in str(report)
    assert report.to_json()["unfitted"]


@pytest.mark.parametrize(
    ("preset", "plans", "message"),
    [
        ("svd-llm", 8, "without a price"),
        ("uniform-tie", 8, "whatever it costs"),
        ("default", 3, "4 plans or more, not 3"),
    ],
)
def test_what_has_no_price_is_refused(tiny_llama, tokens, preset, plans, message):
    analysis = analyze(tiny_llama(), tokens)
    with pytest.raises(InputError, match=message):
        analysis.fit_prediction(preset, plans=plans)


def test_three_lines_do(tiny_llama, tokens):
    report = compress(tiny_llama(), tokens, 0.6, random_plans=4).report
    assert report.fit is not None
    assert len(report.fit.measured) == 4
