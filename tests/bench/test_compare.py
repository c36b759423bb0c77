"""What is a regression, and what is chance."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from geocolor.bench.compare import Subject, compare, to_text
from geocolor.bench.record import Outcome
from geocolor.errors import InputError
from geocolor.solvers import TracePoint

SEEDS = (0, 1, 2)
NAMES = tuple(f"i{number}" for number in range(8))


def run_of(objective=10.0, time=1.0, **more):
    return {
        "objective": objective,
        "status": "FEASIBLE",
        "stop_reason": "ITERATIONS",
        "runtime": time,
        "trace": () if objective is None else (TracePoint(time, objective, None),),
    } | more


@pytest.fixture(scope="session")
def limited(make_results, contender):
    """A campaign of an exact solver, limited by iterations; a function changes its runs."""

    def build(change=lambda trial: {}, instances=NAMES, seeds=SEEDS, **options):
        return make_results(
            options.pop("solvers", (contender("a", exact=True),)),
            instances,
            seeds,
            run=lambda trial: run_of(**(change(trial) or {})),
            max_iterations=options.pop("max_iterations", 100),
            **options,
        )

    return build


@pytest.fixture(scope="session")
def timed(limited):
    def build(change=lambda trial: {}, **options):
        return limited(change, max_iterations=None, **options)

    return build


def at(instance, *seeds, **fields):
    """Change the runs of some seeds (default: all) on an instance."""
    return lambda trial: (
        fields if trial.instance.name == instance and trial.seed in (seeds or SEEDS) else {}
    )


def subjects(findings):
    return [one.subject for one in findings]


def test_the_same_campaign_has_neither(limited, timed):
    for build in (limited, timed):
        found = compare(build(), build())
        assert (found.regressions, found.improvements, found.warnings) == ((), (), ())
        assert found.pairs == 24
        assert "No regressions" in to_text(found)


@pytest.mark.parametrize("regime", ["limited", "timed"])
@pytest.mark.parametrize("outcome", ["wrong", "crashed", "unreadable", "out of memory"])
def test_one_failure_is_a_regression(request, regime, outcome):
    build = request.getfixturevalue(regime)
    broken = at("i3", 1, outcome=Outcome(outcome), objective=None, message="signal 11")
    found = compare(build(), build(broken))
    (one,) = found.regressions
    assert (one.subject, one.solver, one.instance, one.seed) == (Subject.OUTCOME, "a", "i3", 1)
    assert (one.old, one.new, one.note) == ("solved", outcome, "signal 11")
    back = compare(build(broken), build())
    assert not back.regressions
    assert subjects(back.improvements) == [Subject.OUTCOME]
    assert (back.improvements[0].old, back.improvements[0].new) == (outcome, "solved")


def test_wrong_is_worse_than_crashed(limited):
    crashed = limited(at("i0", 0, outcome=Outcome.CRASHED, objective=None))
    wrong = limited(at("i0", 0, outcome=Outcome.WRONG, objective=None))
    assert subjects(compare(crashed, wrong).regressions) == [Subject.OUTCOME]
    assert not compare(wrong, crashed).regressions


def test_what_the_other_campaign_refutes_is_wrong(limited):
    old = limited(at("i0", objective=9.0))
    new = limited(at("i0", objective=10.0, status="OPTIMAL"))
    found = compare(old, new)
    assert set(subjects(found.regressions)) == {Subject.OUTCOME}
    assert found.regressions[0].note == "OPTIMAL at 10, but a has 9"


def test_killed_runs(limited, timed):
    killed = {"outcome": Outcome.TIMED_OUT, "status": None, "stop_reason": None}
    once, always = at("i0", 1, **killed), at("i0", **killed)
    assert subjects(compare(limited(), limited(once)).regressions) == [Subject.OUTCOME]
    # By the clock some runs end just before the hard limit and some just after.
    assert not compare(timed(), timed(once)).regressions
    assert subjects(compare(timed(), timed(always)).regressions) == 3 * [Subject.OUTCOME]


def test_no_answer_at_the_limit_is_no_failure(limited):
    nothing = {"outcome": Outcome.NO_ANSWER, "objective": None, "status": "UNKNOWN"}
    late = nothing | {"outcome": Outcome.TIMED_OUT, "stop_reason": "TIME"}
    assert not compare(limited(at("i0", **nothing)), limited(at("i0", **late))).regressions


PROVEN = {"status": "OPTIMAL", "lower_bound": 10.0}


class TestProofs:
    def test_a_lost_proof(self, limited):
        old, new = limited(at("i0", **PROVEN)), limited()
        found = compare(old, new).regressions
        assert [(one.subject, one.instance, one.seed) for one in found] == [
            (Subject.PROOF, "i0", seed) for seed in SEEDS
        ]
        assert subjects(compare(new, old).improvements) == 3 * [Subject.PROOF]

    def test_one_seed_may_lose_its_proof_by_chance(self, limited):
        old, new = limited(at("i0", **PROVEN)), limited(at("i0", 0, 2, **PROVEN))
        assert not compare(old, new).regressions

    def test_of_a_heuristic_is_no_loss(self, limited):
        old = limited(at("i0", **PROVEN), solvers=("a",))
        assert not compare(old, limited(solvers=("a",))).regressions

    @pytest.mark.parametrize(("time", "lost"), [(5.0, True), (9.5, False)])
    def test_by_the_clock_only_with_time_to_spare(self, limited, time, lost):
        old = limited(at("i0", 0, time=time, **PROVEN))
        new = limited(at("i0", 0, stop_reason="TIME"))
        assert bool(compare(old, new).regressions) is lost

    def test_timed_ones_only_if_no_seed_has_one_left(self, timed):
        old = timed(at("i0", **PROVEN))
        assert not compare(old, timed(at("i0", 2, **PROVEN))).regressions
        assert subjects(compare(old, timed()).regressions) == 3 * [Subject.PROOF]


class TestObjectives:
    def test_worse_on_every_seed(self, limited):
        (one,) = compare(limited(), limited(at("i0", objective=11.0))).regressions
        assert (one.subject, one.instance, one.seed) == (Subject.OBJECTIVE, "i0", None)
        assert (one.old, one.new) == ("10", "11")

    def test_no_answer_on_any_seed(self, limited):
        nothing = {"objective": None, "outcome": Outcome.NO_ANSWER, "status": "UNKNOWN"}
        (one,) = compare(limited(), limited(at("i0", **nothing))).regressions
        assert (one.subject, one.new) == (Subject.OBJECTIVE, "no answer")

    def test_fewer_classes_than_asked_for_are_no_better(self, limited, instance):
        given = (instance("i0", k=12),)
        old, new = (limited(at("i0", objective=x), instances=given) for x in (10.0, 12.0))
        assert not compare(old, new).regressions

    def test_some_up_and_some_down_is_chance(self, limited):
        old = limited(lambda t: {"objective": 10.0 + t.seed})
        new = limited(lambda t: {"objective": 10.0 + (t.seed + 1) % 3})
        found = compare(old, new)
        assert (found.regressions, found.improvements) == ((), ())

    def test_every_run_worse_by_chance_is_only_told(self, limited):
        old = limited(lambda t: {"objective": 10.0 + (t.instance.name == "i0") * t.seed / 10})
        new = limited(lambda t: {"objective": 10.0 + (t.instance.name == "i0") * (t.seed + 4) / 10})
        found = compare(old, new)
        assert not found.regressions
        (warning,) = found.warnings
        assert warning.startswith("a on i0: every run is worse (10 to 10.2, now 10.4 to 10.6)")

    def test_every_run_worse_beyond_chance(self, limited):
        # 2 instances, 6 seeds: chance separates them with probability 2 / 924.
        seeds = range(6)

        def noisy(extra):
            return lambda t: {"objective": 10.0 + (t.instance.name == "i0") * (t.seed / 10 + extra)}

        old, new = (limited(noisy(x), instances=NAMES[:2], seeds=seeds) for x in (0.0, 0.7))
        assert Subject.OBJECTIVE in subjects(compare(old, new).regressions)

    def test_timed_ones_need_three_seeds(self, timed):
        worse = at("i0", objective=11.0)
        assert subjects(compare(timed(), timed(worse)).regressions) == [Subject.OBJECTIVE]
        two = {"seeds": (0, 1)}
        assert not compare(timed(**two), timed(worse, **two)).regressions


class TestAllRuns:
    def test_a_mean_gap_that_grows(self, limited):
        rng = np.random.default_rng(0)
        old, new = (
            limited(lambda t, worse=worse: {"objective": 10.0 + rng.uniform(0, 2) + worse})
            for worse in (0.0, 1.0)
        )
        found = compare(old, new)
        assert Subject.GAP in subjects(found.regressions)
        assert subjects(compare(new, old).improvements) == [Subject.GAP]
        (effect,) = found.effects
        assert effect.pairs == 24
        assert effect.p_worse <= 0.025 < effect.p_better

    def test_the_note_has_points_and_the_pairs_that_were_tested(self, limited):
        old = limited()
        new = limited(lambda _: {"objective": None, "outcome": Outcome.NO_ANSWER})
        found = compare(old, new)
        (one,) = [one for one in found.regressions if one.subject is Subject.GAP]
        # 24 pairs of runs, but the three seeds of each of 8 instances agree.
        assert found.pairs == 24
        assert (one.new, one.note) == (
            "+100.00 percentage points",
            "p = 0.0039 over 8 tested pairs",
        )

    def test_times_are_ignored_where_iterations_limit(self, limited, timed):
        slower = {"time": 3.0}
        assert not compare(limited(), limited(lambda _: slower)).regressions
        found = compare(timed(), timed(lambda _: slower))
        assert subjects(found.regressions) == [Subject.PRIMAL_INTEGRAL, Subject.TIME_TO_TARGET]
        assert all(one.effect == pytest.approx(2) for one in found.effects[1:3])

    def test_a_change_within_the_tolerance_counts_for_nothing(self, timed):
        slower = timed(lambda _: {"time": 1.09})
        assert not compare(timed(), slower).regressions
        assert compare(timed(), slower, tolerance=0.05).regressions
        assert not compare(slower, timed()).improvements
        assert compare(slower, timed(), tolerance=0.05).improvements

    def test_proofs_that_take_longer(self, timed):
        old, new = (timed(lambda _, x=x: {"time": x, **PROVEN}) for x in (1.0, 2.0))
        assert Subject.TIME_TO_PROOF in subjects(compare(old, new).regressions)

    def test_milliseconds_are_no_change(self, timed):
        old, new = (timed(lambda _, x=x: {"time": x}) for x in (0.001, 0.009))
        assert not compare(old, new).regressions


class TestSides:
    def test_what_one_side_lacks_is_listed(self, limited, contender):
        old = limited(instances=("i0", "i1"), solvers=("a", "b"))
        new = limited(instances=("i1", "i2"), solvers=("b", "c"), seeds=(1, 2, 3))
        found = compare(old, new)
        assert found.pairs == 2
        assert found.only_old == ("instance i0 (coloring)", "solver a", "seed 0")
        assert found.only_new == ("instance i2 (coloring)", "solver c", "seed 3")

    def test_an_instance_is_known_by_its_content(self, limited, instance):
        renamed = instance("other", fingerprint=instance("i0").fingerprint)
        assert compare(limited(instances=("i0",)), limited(instances=(renamed,))).pairs == 3

    def test_another_k_is_another_question(self, limited, instance):
        old = limited(instances=("i0", instance("i1", k=3)))
        found = compare(old, limited(instances=("i0", instance("i1", k=4))))
        assert found.only_old == ("instance i1 (coloring, k = 3)",)

    def test_nothing_in_common(self, limited):
        with pytest.raises(InputError, match=r"nothing to compare: .*\(3 runs of a; 3 runs of b\)"):
            compare(limited(instances=("i0",)), limited(instances=("i0",), solvers=("b",)))

    def test_missing_runs_are_left_out(self, make_results):
        old = make_results(run=lambda t: None if t.seed == 1 else run_of())
        found = compare(old, make_results(run=lambda t: None if t.seed == 2 else run_of()))
        assert found.pairs == 4
        assert "4 runs of the old benchmark are missing" in found.warnings


def test_warnings(limited, timed):
    found = compare(timed(), timed(lambda _: {"host": "there"}))
    assert found.warnings == ("different machines, so times compare these too: here; there",)
    assert not compare(limited(), limited(lambda _: {"host": "there"})).warnings
    found = compare(limited(), limited(at("i0", 1, stop_reason="TIME")))
    assert found.warnings == ("1 pair of runs was ended by the clock, and need not repeat",)
    with pytest.raises(InputError, match=r"same effort \(max_iterations 100, now 200\)"):
        compare(limited(), limited(max_iterations=200))
    found = compare(limited(seeds=(0,)), limited(seeds=(0,)))
    assert found.warnings[0].startswith("fewer than 3 seeds")


def test_copies_of_a_run_are_no_evidence(limited):
    """A solver without dice gives the same for every seed: ten copies of one worse run."""
    seeds = tuple(range(10))
    old = limited(instances=("i0",), seeds=seeds)
    new = limited(lambda _: {"objective": 11.0}, instances=("i0",), seeds=seeds)
    effect = compare(old, new).effects[0]
    assert (effect.pairs, effect.p_worse) == (1, 0.5)


def test_a_busy_machine_is_told_where_times_count(limited, timed):
    def crowded(_):
        return {"time": 2.0, "cpu": 1.0}

    found = compare(timed(), timed(crowded))
    assert any("under 50% of a core" in line for line in found.warnings)
    assert not compare(limited(), limited(crowded)).warnings


@pytest.mark.parametrize("change", [{"memory": 1 << 20}, {"grace": 0.5}, {"time_limit": 9.0}])
def test_another_effort_is_not_compared(limited, change):
    (name,) = change
    old = limited()
    effort = replace(old.campaign.effort, **change)
    new = replace(old, campaign=replace(old.campaign, effort=effort))
    with pytest.raises(InputError, match=rf"not given the same effort \({name} .*, now "):
        compare(old, new)


def test_threads_make_a_campaign_timed(limited):
    def threaded(results):
        effort = replace(results.campaign.effort, threads=2)
        return replace(results, campaign=replace(results.campaign, effort=effort))

    assert compare(threaded(limited()), threaded(limited())).timed
    assert not compare(limited(), limited()).timed


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"alpha": 0.0}, "alpha must lie between 0 and 1"),
        ({"alpha": float("nan")}, "alpha must lie between 0 and 1"),
        ({"tolerance": -0.1}, "tolerance must be 0 or more"),
    ],
)
def test_arguments_out_of_range(limited, options, words):
    with pytest.raises(InputError, match=words):
        compare(limited(), limited(), **options)


def test_text_and_json(timed):
    broken = at("i3", 1, outcome=Outcome.CRASHED, objective=None, message="signal [11]")
    found = compare(timed(), timed(broken))
    text = to_text(found)
    assert "outcome  a       i3        1     solved  crashed  signal [11]" in text
    assert text.endswith("\n1 regression\n")
    assert text.isascii()
    data = json.loads(json.dumps(found.to_json(), allow_nan=False))
    assert data["regressions"][0]["subject"] == "outcome"
    assert data["timed"] is True
