"""Gaps, integrals and times of one run, against hand and brute force."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geocolor.bench.measures import Reference, Source, gap, measure, measure_run
from geocolor.bench.record import Outcome, Record
from geocolor.bench.trial import Effort, Instance
from geocolor.errors import InputError
from geocolor.solvers import TracePoint

EFFORT = Effort(time_limit=10.0, grace=1.0)


def held_to(value, kind="partition"):
    asked = Instance("x", "/x", "f", kind, 3, 9, 9, 9)
    return asked, Reference(value, Source.KNOWN, "book", False, False, value)


def record(points, runtime=10.0, **changes):
    """A run that streamed times and objectives; the last one is what was checked."""
    trace = tuple(TracePoint(time, objective, None) for time, objective in points)
    fields = {"outcome": Outcome.SOLVED, "status": "FEASIBLE", "trace": trace, "runtime": runtime}
    fields["objective"] = min((x for _, x in points), default=None)
    return Record("key", "x", "a", "partition", 3, 0, **(fields | changes))


@pytest.mark.parametrize(
    ("objective", "reference", "expected"),
    [
        (10, 10, 0),
        (12, 10, 2 / 12),
        (0, 0, 0),
        (5, 0, 1),
        (-5, -10, 0.5),
        (5, -10, 1),
        (0, -10, 1),
        (9, 10, 0),
        (np.nextafter(-10.1, 0), -10.1, 0),
        (10 + 1e-10, 10, 0),
        (10 + 1e-7, 10, 1e-8),
        (1e-17, 0, 0),
        (1e-10, -1e-10, 1),
    ],
)
def test_gap(objective, reference, expected):
    assert gap(objective, reference, 1e-12) == pytest.approx(expected, abs=0, rel=1e-6)


@pytest.mark.parametrize(
    ("heaviest", "objective", "reached"),
    [(0.0, 1e-17, True), (0.0, 1e-10, False), (10.0, 1e-9, True), (1e-8, 1e-14, False)],
)
def test_a_true_zero_is_reached_within_the_rounding_of_the_heaviest_weight(
    heaviest, objective, reached
):
    asked, reference = held_to(0.0)
    run = measure_run(
        record([(1.0, objective)]), replace(asked, heaviest=heaviest), reference, EFFORT
    )
    assert run.reached is reached
    assert (run.gap == 0.0) is reached


def test_by_hand():
    run = measure_run(record([(1.0, 20.0), (3.0, 10.0), (6.0, 8.0)]), *held_to(8.0), EFFORT)
    # 1 for 1 s, 12/20 for 2 s, 2/10 for 3 s, 0 for the rest.
    assert run.primal_integral == pytest.approx((1 + 2 * 0.6 + 3 * 0.2) / 10)
    assert (run.gap, run.time_to_target, run.par2_target) == (0.0, 6.0, 6.0)
    assert (run.time_to_proof, run.par2_proof) == (None, 20.0)
    assert run.gap_at([0.5, 1.0, 2.9, 3.0, 100.0]) == pytest.approx([1, 0.6, 0.6, 0.2, 0])


@pytest.mark.parametrize(
    ("target_gap", "expected"), [(0.0, 6.0), (0.2, 6.0), (0.25, 3.0), (1.5, 1.0)]
)
def test_a_relaxed_target_is_reached_earlier(target_gap, expected):
    one = record([(1.0, 20.0), (3.0, 10.0), (6.0, 8.0)])
    assert measure_run(one, *held_to(8.0), EFFORT, target_gap).time_to_target == expected


def test_a_target_below_zero_is_relaxed_upwards():
    one = record([(1.0, -8.0), (3.0, -9.0)])
    assert measure_run(one, *held_to(-10.0), EFFORT, 0.1).time_to_target == 3.0
    assert measure_run(one, *held_to(-10.0), EFFORT, 0.2).time_to_target == 1.0


def test_the_target_is_met_within_the_rounding_of_a_sum():
    assert measure_run(record([(1.0, 8.0 + 1e-12)]), *held_to(8.0), EFFORT).reached
    assert not measure_run(record([(1.0, 8.0 + 1e-6)]), *held_to(8.0), EFFORT).reached


def test_points_count_up_to_the_end_of_the_grace():
    late = measure_run(record([(1.0, 9.0), (10.5, 8.0)], runtime=10.6), *held_to(8.0), EFFORT)
    assert (late.time_to_target, late.par2_target, late.gap) == (10.5, 10.5, 0.0)
    assert late.primal_integral == pytest.approx(0.1 + 0.9 / 9)
    too_late = measure_run(record([(1.0, 9.0), (11.5, 8.0)], runtime=11.6), *held_to(8.0), EFFORT)
    assert (too_late.time_to_target, too_late.objective) == (None, 9.0)


def test_what_comes_after_the_grace_counts_nowhere():
    proof = record([(1.0, 8.0)], runtime=12.0, status="OPTIMAL")
    run = measure_run(proof, *held_to(8.0), EFFORT)
    assert (run.outcome, run.time_to_target, run.time_to_proof) == (Outcome.SOLVED, 1.0, None)
    answer = measure_run(record([], runtime=12.0, objective=8.0), *held_to(8.0), EFFORT)
    assert (answer.outcome, answer.objective, answer.gap) == (Outcome.TIMED_OUT, None, 1.0)
    in_time = measure_run(record([], runtime=10.9, objective=8.0), *held_to(8.0), EFFORT)
    assert (in_time.outcome, in_time.time_to_target) == (Outcome.SOLVED, 10.9)


def test_an_answer_without_a_trace_comes_at_the_end():
    run = measure_run(record([], runtime=4.0, objective=8.0), *held_to(8.0), EFFORT)
    assert (run.time_to_target, run.primal_integral) == (4.0, 0.4)


def test_a_trace_cannot_be_better_than_what_was_checked():
    run = measure_run(record([(1.0, 2.0)], objective=9.0), *held_to(8.0), EFFORT)
    assert run.gap == pytest.approx(1 / 9)
    assert not run.reached


@pytest.mark.parametrize("outcome", [Outcome.TIMED_OUT, Outcome.OUT_OF_MEMORY, Outcome.CRASHED])
def test_a_killed_run_keeps_what_it_streamed(outcome):
    one = record([(2.0, 8.0)], runtime=11.0, outcome=outcome, status=None)
    run = measure_run(one, *held_to(8.0), EFFORT)
    assert (run.outcome, run.time_to_target, run.gap) == (outcome, 2.0, 0.0)
    assert not run.proved


@pytest.mark.parametrize("outcome", [Outcome.WRONG, Outcome.UNREADABLE])
def test_a_wrong_run_keeps_nothing(outcome):
    run = measure_run(record([(2.0, 8.0)], outcome=outcome), *held_to(8.0), EFFORT)
    assert (run.objective, run.gap, run.primal_integral, run.reached) == (None, 1.0, 1.0, False)


def test_a_proof_takes_until_the_run_ends():
    one = record([(2.0, 8.0)], runtime=4.0, status="OPTIMAL")
    run = measure_run(one, *held_to(8.0), EFFORT)
    assert (run.time_to_target, run.time_to_proof, run.par2_proof) == (2.0, 4.0, 4.0)


streams = st.lists(
    st.tuples(st.floats(0, 11), st.integers(0, 40).map(float)), min_size=1, max_size=8
)


def improving(points):
    """What a solver would stream: sorted by time, each better than all before."""
    kept = []
    for time, objective in sorted(points):
        if not kept or objective < kept[-1][1]:
            kept.append((time, objective))
    return kept


@given(streams)
def test_the_integral_is_the_mean_of_the_step_function(points):
    run = measure_run(record(improving(points)), *held_to(0.0), EFFORT)
    run_of_five = measure_run(record(improving(points)), *held_to(5.0), EFFORT)
    for one in (run, run_of_five):
        grid = np.linspace(0, 10, 40_001)[:-1]
        assert one.primal_integral == pytest.approx(one.gap_at(grid).mean(), abs=1e-3)
        assert 0 <= one.primal_integral <= 1


@given(streams, st.floats(0, 11), st.integers(0, 40).map(float))
def test_a_better_answer_never_raises_the_integral(points, time, objective):
    fewer = measure_run(record(improving(points)), *held_to(0.0), EFFORT)
    more = measure_run(record(improving([*points, (time, objective)])), *held_to(0.0), EFFORT)
    assert more.primal_integral <= fewer.primal_integral + 1e-12
    assert more.gap <= fewer.gap


def test_a_campaign_leaves_missing_runs_out(make_results):
    results = make_results(run=lambda trial: None if trial.seed == 1 else {"objective": 3.0})
    measured = measure(results)
    assert (len(measured.runs), measured.missing) == (8, 4)
    assert {run.record.seed for run in measured.runs} == {0, 2}


def test_kinds_a_solver_does_not_take_are_not_held_against_it(make_results, instance, contender):
    measured = measure(
        make_results(
            (contender("all"), contender("colors", kinds=["coloring"])),
            (instance("c"), instance("p", kind="partition", k=2)),
        )
    )
    assert measured.common() == ("c",)
    assert measured.common(["all"]) == ("c", "p")
    assert measured.missing == 0
    assert measured.of_kind("partition").solvers == ("all",)
    assert measured.of_kind("partition").common() == ("p",)
    assert {run.instance.name for run in measured.of_kind("coloring").runs} == {"c"}


@pytest.mark.parametrize("target_gap", [-0.1, float("nan"), float("inf")])
def test_a_target_gap_out_of_range(make_results, target_gap):
    with pytest.raises(InputError, match="target gap must be 0 or more"):
        measure(make_results(), target_gap=target_gap)
