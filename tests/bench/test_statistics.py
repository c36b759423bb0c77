"""Intervals and tests, against enumeration and simulation."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geocolor.bench.statistics import (
    bootstrap_interval,
    bootstrap_means,
    holm,
    paired_test,
    shifted_geometric_mean,
    smallest_p,
)

values = st.floats(-100, 100)
strata = st.lists(st.lists(values, min_size=3, max_size=5), min_size=2, max_size=5)


class TestBootstrap:
    def test_one_seed_gives_no_interval(self):
        assert bootstrap_interval([[1.0], [2.0]]) is None
        assert bootstrap_interval([[1.0, 2.0], [2.0]]) is None
        assert bootstrap_interval([]) is None

    def test_two_seeds_by_hand(self):
        # One draw of two: the mean is either.
        interval = bootstrap_interval([[0.0, 1.0]])
        assert (interval.low, interval.high) == (0.0, 1.0)

    def test_the_variance_is_that_of_a_mean_of_means(self):
        groups = [np.array([1.0, 2.0, 6.0]), np.array([0.0, 3.0, 3.0, 10.0])]
        exact = sum(group.var(ddof=1) / len(group) for group in groups) / 4
        means = bootstrap_means(groups, resamples=200_000)
        assert means.var() == pytest.approx(exact, rel=0.02)
        assert means.mean() == pytest.approx(np.mean([g.mean() for g in groups]), abs=0.02)

    @given(strata)
    def test_contains_the_point_estimate(self, groups):
        interval = bootstrap_interval(groups)
        mean = np.mean([np.mean(group) for group in groups])
        assert interval.low - 1e-9 <= mean <= interval.high + 1e-9

    @settings(max_examples=30)
    @given(strata, st.floats(0.1, 10), values)
    def test_moves_with_the_data(self, groups, scale, shift):
        moved = [[scale * x + shift for x in group] for group in groups]
        here, there = bootstrap_interval(groups), bootstrap_interval(moved)
        assert there.low == pytest.approx(scale * here.low + shift, abs=1e-6)
        assert there.high == pytest.approx(scale * here.high + shift, abs=1e-6)

    def test_the_seed_decides(self):
        groups = [[1.0, 2.0, 5.0], [3.0, 9.0, 4.0]]
        first, again, other = (bootstrap_means(groups, seed=seed) for seed in (1, 1, 2))
        assert np.array_equal(first, again)
        assert not np.array_equal(first, other)

    def test_curves_are_resampled_by_seed(self):
        curve = np.array([[1.0, 10.0], [2.0, 20.0], [4.0, 40.0]])
        means = bootstrap_means([curve, 2 * curve])
        assert means.shape == (2000, 2)
        assert means[:, 1] == pytest.approx(10 * means[:, 0])

    def test_covers_about_as_often_as_it_says(self):
        rng = np.random.default_rng(0)
        hits = 0
        for _ in range(300):
            interval = bootstrap_interval(rng.exponential(size=(10, 5)), resamples=500)
            hits += interval.low <= 1 <= interval.high
        assert 0.90 <= hits / 300 <= 0.98


class TestShiftedGeometricMean:
    def test_by_hand(self):
        assert shifted_geometric_mean([0, 3], 1) == pytest.approx(1.0)

    @given(st.lists(st.floats(0, 1e4), min_size=1), st.floats(0.1, 10))
    def test_lies_between_the_least_and_the_mean(self, times, shift):
        found = shifted_geometric_mean(times, shift)
        assert min(times) - 1e-6 <= found <= np.mean(times) + 1e-6


class TestPairedTest:
    @pytest.mark.parametrize("size", [1, 4, 7, 9])
    def test_is_exact_for_few_pairs(self, size):
        differences = np.random.default_rng(size).normal(0.4, 1, size)
        signs = np.array(list(product([-1, 1], repeat=size)))
        means = (signs * np.abs(differences)).mean(axis=1)
        above = np.mean(means >= differences.mean() - 1e-12)
        below = np.mean(means <= differences.mean() + 1e-12)
        assert paired_test(differences, alternative="greater").p_value == pytest.approx(above)
        expected = min(1.0, 2 * min(above, below))
        assert paired_test(differences).p_value == pytest.approx(expected)

    def test_ties_change_nothing(self):
        differences = [1.0, 2.0, 3.0, -0.5, 4.0, 5.0]
        with_ties = paired_test([*differences, *[0.0] * 30])
        assert with_ties.p_value == paired_test(differences).p_value
        assert (with_ties.pairs, with_ties.ties) == (36, 30)

    def test_five_pairs_cannot_reach_five_percent_and_say_so(self):
        five = paired_test([1.0, 1.1, 1.2, 1.3, 1.4])
        assert five.p_value == pytest.approx(0.0625)
        assert five.note == "only 5 pairs differ: p >= 0.0625"
        six = paired_test([1.0, 1.1, 1.2, 1.3, 1.4, 1.5])
        assert six.p_value == pytest.approx(0.03125)
        assert not six.note

    def test_no_difference_has_no_p_value(self):
        found = paired_test([0.0, 0.0])
        assert (found.p_value, found.note) == (None, "no pair differs")
        assert paired_test([]).p_value is None

    @pytest.mark.parametrize("untied", [1, 5, 12])
    def test_the_smallest_p_is_reached(self, untied):
        differences = np.arange(1.0, untied + 1)
        for alternative in ("two-sided", "greater"):
            found = paired_test(differences, alternative=alternative).p_value
            assert found == pytest.approx(smallest_p(untied, alternative))

    def test_many_pairs(self):
        found = paired_test(np.random.default_rng(0).normal(0.2, 1, 2000))
        assert found.p_value < 0.001
        assert not found.note

    def test_keeps_its_level(self):
        rng = np.random.default_rng(1)
        rejected = [paired_test(rng.standard_normal(8)).p_value <= 0.05 for _ in range(300)]
        assert np.mean(rejected) <= 0.07


class TestHolm:
    @given(st.lists(st.floats(0, 1), max_size=12))
    def test_against_the_step_down_procedure(self, p_values):
        adjusted = holm(p_values)
        for level in (0.01, 0.05, 0.2, 0.7):
            # Reject from the smallest up, at level / (tests left), until one is not rejected.
            rejected = set()
            for step, place in enumerate(np.argsort(p_values, kind="stable")):
                if p_values[place] * (len(p_values) - step) > level:
                    break
                rejected.add(int(place))
            assert set(np.flatnonzero(adjusted <= level).tolist()) == rejected

    def test_by_hand(self):
        assert holm([0.04, 0.01, 0.03]) == pytest.approx([0.06, 0.03, 0.06])
