"""Answers in pairs, against counting and resampling by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from geocolor.bench.models.answers import compare_answers
from geocolor.errors import InputError

pairs = st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=200)


@given(pairs)
def test_counts_add_up(answers: list[tuple[bool, bool]]) -> None:
    before, after = (np.array(side) for side in zip(*answers, strict=True))
    found = compare_answers(before, after)
    assert found.lost == sum(b and not a for b, a in answers)
    assert found.won == sum(a and not b for b, a in answers)
    assert found.right == pytest.approx(after.mean())
    assert found.loss == pytest.approx(before.mean() - after.mean())
    assert found.interval.low <= found.loss <= found.interval.high or found.lost + found.won < 20
    swapped = compare_answers(after, before)
    assert swapped.loss == -found.loss
    assert swapped.p_value == pytest.approx(found.p_value)


def test_the_interval_is_that_of_resampled_questions() -> None:
    rng = np.random.default_rng(5)
    before = rng.random(3000) < 0.9
    after = before ^ (rng.random(3000) < 0.05)
    found = compare_answers(before, after)
    differences = before.astype(float) - after
    drawn = rng.choice(differences, (2000, 3000)).mean(1)
    assert [found.interval.low, found.interval.high] == pytest.approx(
        np.quantile(drawn, [0.025, 0.975]), abs=0.002
    )


def test_the_p_value_is_that_of_fair_coins() -> None:
    before = np.array([True] * 9 + [False] * 11)
    after = np.array([False] * 8 + [True] * 2 + [False] * 10)
    found = compare_answers(before, after)
    assert (found.lost, found.won) == (8, 1)
    assert found.p_value == pytest.approx(2 * stats.binom.cdf(1, 9, 0.5))


def test_the_same_answers_lose_nothing() -> None:
    answers = np.array([True, False, True])
    found = compare_answers(answers, answers)
    assert (found.loss, found.interval.low, found.interval.high, found.p_value) == (0, 0, 0, 1)


@pytest.mark.parametrize("counts", [(0, 0), (3, 2)])
def test_what_is_no_pair_is_refused(counts: tuple[int, int]) -> None:
    before, after = (np.ones(count, dtype=bool) for count in counts)
    with pytest.raises(InputError, match="cannot be compared"):
        compare_answers(before, after)
