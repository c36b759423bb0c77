"""Profiles, cactus plots and anytime curves, against hand and brute force."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geocolor.bench.measures import measure
from geocolor.bench.profiles import anytime, cactus, performance_profile
from geocolor.errors import InputError
from geocolor.solvers import TracePoint

LIMIT = 10.0


def timed(make_results, make_instance, times):
    """Runs that reach the target, 5, at ``times[solver][instance][seed]``; None never does."""

    def run(trial):
        time = times[trial.contender.name][int(trial.instance.name)][trial.seed]
        objective = 6.0 if time is None else 5.0
        trace = (TracePoint(time or 0.0, objective, None),)
        proof = {} if time is None else {"status": "OPTIMAL", "lower_bound": 5.0}
        return {"objective": objective, "trace": trace, "runtime": time or LIMIT} | proof

    first = next(iter(times.values()))
    instances = [make_instance(str(number)) for number in range(len(first))]
    return measure(make_results(tuple(times), instances, range(len(first[0])), run=run))


@pytest.fixture(scope="session")
def make_timed(make_results, instance, known):
    """Campaigns of tables of times."""
    return partial(timed, make_results, lambda name: instance(name, known=known(5.0, True)))


BY_HAND = {
    "a": [[1.0], [2.0], [None]],
    "b": [[2.0], [1.0], [4.0]],
    "c": [[8.0], [None], [None]],
}


def test_profile_by_hand(make_timed):
    profile = performance_profile(make_timed(BY_HAND))
    assert profile.solvers == ("a", "b", "c")
    assert profile.ratios.tolist() == [1.0, 2.0, 8.0]
    assert profile.shares * 3 == pytest.approx(np.array([[1, 2, 2], [2, 3, 3], [0, 0, 1]]))


def test_the_profile_of_some_solvers_is_theirs_alone(make_timed):
    measured = make_timed(BY_HAND)
    profile = performance_profile(measured, solvers=["c", "a"])
    assert profile.solvers == ("c", "a")
    # The third instance is solved by neither.
    assert profile.shares[:, -1] * 3 == pytest.approx([1, 2])


def test_cactus_by_hand(make_timed):
    measured = make_timed(BY_HAND)
    for goal in ("target", "proof"):
        found = cactus(measured, goal)
        assert [times.tolist() for times in found.times] == [[1.0, 2.0], [1.0, 2.0, 4.0], [8.0]]


def test_an_instance_is_solved_if_most_of_its_runs_are(make_timed):
    times = {"a": [[1.0, 3.0, None], [1.0, None, None], [2.0, 4.0, 9.0]]}
    found = cactus(make_timed(times))
    assert found.times[0].tolist() == [3.0, 4.0]


def test_times_below_the_floor_are_equal(make_timed):
    times = {"a": [[0.0]], "b": [[0.0009]], "c": [[0.002]]}
    profile = performance_profile(make_timed(times))
    assert profile.ratios == pytest.approx([1, 2])
    assert profile.shares.tolist() == [[1, 1], [1, 1], [0, 1]]


def test_nobody_solves_anything(make_timed):
    profile = performance_profile(make_timed({"a": [[None]]}))
    assert profile.ratios.tolist() == [1.0]
    assert profile.shares.tolist() == [[0.0]]


def test_only_common_instances_count(make_results, instance, contender):
    measured = measure(
        make_results(
            (contender("all"), contender("colors", kinds=["coloring"])),
            (instance("c"), instance("p", kind="partition", k=2)),
        )
    )
    assert performance_profile(measured).instances == ("c",)
    assert anytime(measured).instances == ("c",)
    assert cactus(measured, solvers=["all"]).instances == ("c", "p")


def test_no_common_instance_leaves_empty_pictures(make_results, instance, contender):
    measured = measure(
        make_results(
            (contender("x", kinds=["partition"]), contender("y", kinds=["coloring"])),
            (instance("c"), instance("p", kind="partition", k=2)),
        )
    )
    assert performance_profile(measured).shares.tolist() == [[0.0], [0.0]]
    assert [len(times) for times in cactus(measured).times] == [0, 0]
    curves = anytime(measured)
    assert (len(curves.gaps), curves.low) == (0, None)


def test_where_no_answer_exists_there_is_a_proof_but_no_target(make_results, instance):
    claim = {"status": "INFEASIBLE", "runtime": 2.0}
    measured = measure(make_results(("a",), (instance("x", k=3),), run=lambda _: claim))
    assert performance_profile(measured, "target").instances == ()
    assert cactus(measured, "proof").times[0].tolist() == [2.0]
    assert anytime(measured).instances == ()


def test_an_unknown_solver(make_results):
    with pytest.raises(InputError, match="no solver 'z' in the campaign; it has a, b"):
        anytime(measure(make_results()), solvers=["z"])


def test_anytime_by_hand(make_timed):
    curves = anytime(make_timed({"a": [[1.0, 2.0], [0.5, None]]}))
    assert curves.times[[0, -1]] == pytest.approx([1e-3, LIMIT])
    # The run that never reaches 5 has 6 from the start.
    first = ((curves.times < 1.0) * 1 + (curves.times < 2.0) * 1) / 2
    second = ((curves.times < 0.5) * 1 + 1 / 6) / 2
    expected = (first + second) / 2
    assert curves.gaps[0] == pytest.approx(expected)
    assert (np.diff(curves.gaps) <= 1e-12).all()
    assert (curves.low <= curves.gaps + 1e-12).all()
    assert (curves.gaps <= curves.high + 1e-12).all()
    # Between 1 s and 2 s the first instance gives 0 or 1, the second 0 or 1/6.
    between = np.searchsorted(curves.times, 1.5)
    assert curves.high[0, between] == pytest.approx((1 + 1 / 6) / 2)
    assert curves.low[0, between] == 0


def test_one_seed_has_no_band(make_timed):
    curves = anytime(make_timed({"a": [[1.0]]}))
    assert (curves.low, curves.high) == (None, None)


some_times = st.one_of(st.none(), st.floats(0, LIMIT))


@st.composite
def campaigns(draw):
    instances, seeds = draw(st.integers(1, 5)), draw(st.integers(1, 3))
    runs = st.lists(some_times, min_size=seeds, max_size=seeds)
    table = st.lists(runs, min_size=instances, max_size=instances)
    return {name: draw(table) for name in "abc"}


class TestAnyCampaign:
    @given(campaigns())
    def test_profiles_rise_to_the_share_that_is_solved(self, make_timed, times):
        measured = make_timed(times)
        profile = performance_profile(measured)
        assert profile.ratios[0] == 1
        assert (np.diff(profile.ratios) > 0).all()
        assert (np.diff(profile.shares, axis=1) >= 0).all()
        solved = [len(found) for found in cactus(measured).times]
        assert profile.shares[:, -1] * len(times["a"]) == pytest.approx(solved)
        if any(solved):
            assert profile.shares[:, 0].max() > 0

    @given(campaigns())
    def test_profiles_against_brute_force(self, make_timed, times):
        def seconds(name, place):
            found = sorted(np.inf if x is None else x for x in times[name][place])
            middle = (found[(len(found) - 1) // 2] + found[len(found) // 2]) / 2
            return max(middle, 1e-3)

        profile = performance_profile(make_timed(times))
        places = range(len(times["a"]))
        for row, name in zip(profile.shares, profile.solvers, strict=True):
            for ratio, share in zip(profile.ratios, row, strict=True):
                within = sum(
                    seconds(name, place) <= ratio * best * (1 + 1e-12)
                    for place in places
                    if (best := min(seconds(other, place) for other in times)) < np.inf
                )
                assert share * len(places) == pytest.approx(within)

    @settings(max_examples=10)  # bands over 2000 resamples take their time
    @given(campaigns(), st.permutations("abc"))
    def test_names_do_not_matter(self, make_timed, times, names):
        renamed = {new: times[old] for old, new in zip("abc", names, strict=True)}
        here, there = make_timed(times), make_timed(renamed)
        assert np.array_equal(performance_profile(here).shares, performance_profile(there).shares)
        assert np.array_equal(anytime(here).gaps, anytime(there).gaps)
