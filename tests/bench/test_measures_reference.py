"""References, and claims that do not hold."""

from __future__ import annotations

import numpy as np
import pytest

from geocolor.bench.measures import Source, find_references, measure, question
from geocolor.bench.record import Outcome


def campaign(make_results, one, **runs):
    """A campaign on one instance; the keywords are solvers with the fields of their only run."""
    return make_results(tuple(runs), (one,), (0,), run=lambda trial: runs[trial.contender.name])


def only_reference(results):
    (reference,) = find_references(results).values()
    return reference


def run_of(results, solver):
    return next(run for run in measure(results).runs if run.record.solver == solver)


def answer(objective, **more):
    return {"objective": objective, "status": "FEASIBLE", "runtime": 1.0} | more


@pytest.mark.parametrize(
    ("value", "objectives", "source", "best", "by"),
    [
        (None, (7, 6), Source.FOUND, 6, "b"),
        (None, (6, 6), Source.FOUND, 6, "a, b"),
        (6, (7, 6), Source.KNOWN, 6, "book"),
        (5, (7, 6), Source.KNOWN, 5, "book"),
        (7, (7, 6), Source.BETTER, 6, "b"),
        (6 + 1e-12, (7, 6), Source.KNOWN, 6, "book"),
        (None, (None, None), Source.NONE, None, ""),
    ],
)
def test_the_best_of_known_and_found(
    make_results, instance, known, value, objectives, source, best, by
):
    one = instance("x", known=None if value is None else known(value, False, "book"))
    a, b = ({"objective": x, "status": "FEASIBLE"} for x in objectives)
    reference = only_reference(campaign(make_results, one, a=a, b=b))
    assert (reference.source, reference.value, reference.by) == (source, best, by)
    assert not reference.infeasible


def test_all_that_are_best_but_for_rounding_have_the_credit(make_results, instance):
    runs = {"a": answer(-10.1), "b": answer(float(np.nextafter(-10.1, 0))), "c": answer(-10.0)}
    assert only_reference(campaign(make_results, instance("x"), **runs)).by == "a, b"


@pytest.mark.parametrize(("heaviest", "refuted"), [(1.0, False), (0.0, True), (1e-3, True)])
def test_a_bound_above_a_true_zero_is_held_to_the_heaviest_weight(
    make_results, instance, heaviest, refuted
):
    one = instance("x", kind="correlation", heaviest=heaviest)
    runs = {"a": answer(0.0, lower_bound=1e-10)}
    assert bool(run_of(campaign(make_results, one, **runs), "a").refuted) is refuted


def test_killed_runs_give_references_and_wrong_ones_do_not(make_results, instance):
    runs = {
        "killed": answer(5.0, outcome=Outcome.TIMED_OUT, status=None),
        "wrong": answer(3.0, outcome=Outcome.WRONG),
        "good": answer(6.0),
    }
    assert only_reference(campaign(make_results, instance("x"), **runs)).value == 5


def test_a_beaten_proof_says_that_the_entry_is_wrong(make_results, instance, known):
    one = instance("x", known=known(7.0, True, "book"))
    reference = only_reference(campaign(make_results, one, a=answer(6.0)))
    assert reference.beaten
    assert not reference.proven
    assert not only_reference(campaign(make_results, one, a=answer(7.0))).beaten


@pytest.mark.parametrize(
    ("fields", "proven"),
    [
        ({"status": "OPTIMAL"}, True),
        ({"lower_bound": 6.0}, True),
        ({"lower_bound": 5.0}, False),
        ({"lower_bound": 6.0, "outcome": Outcome.WRONG}, False),
    ],
)
def test_a_standing_claim_proves_the_reference(make_results, instance, fields, proven):
    results = campaign(make_results, instance("x"), a=answer(6.0), b=answer(6.0, **fields))
    assert only_reference(results).proven is proven


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        (answer(7.0, status="OPTIMAL"), "OPTIMAL at 7, but good has 6"),
        (answer(7.0, lower_bound=6.5), "lower bound 6.5, but good has 6"),
        ({"status": "INFEASIBLE"}, "INFEASIBLE, but any number"),
    ],
)
def test_refuted_claims_make_a_run_wrong_in_every_measure(make_results, instance, fields, words):
    results = campaign(make_results, instance("x"), good=answer(6.0), bad=fields | {"runtime": 1.0})
    run = run_of(results, "bad")
    assert words in run.refuted
    assert run.outcome is Outcome.WRONG
    assert (run.objective, run.gap, run.primal_integral) == (None, 1.0, 1.0)
    assert not run.reached
    assert not run.proved
    assert (run.par2_target, run.par2_proof) == (20.0, 20.0)
    assert not run_of(results, "good").refuted


def test_what_is_known_refutes_too(make_results, instance, known):
    one = instance("x", known=known(5.0, False, "book"))
    results = campaign(make_results, one, a=answer(6.0, status="OPTIMAL"))
    assert run_of(results, "a").refuted == "OPTIMAL at 6, but book has 5"


@pytest.mark.parametrize(("other", "refuted"), [(100.00005, False), (100.001, True)])
def test_a_claim_may_leave_the_rounding_of_integers_open(make_results, instance, other, refuted):
    one = instance("x", kind="partition", k=3)
    results = campaign(make_results, one, a=answer(100.0), b=answer(other, status="OPTIMAL"))
    assert bool(run_of(results, "b").refuted) is refuted


def test_a_refuted_proof_proves_nothing(make_results, instance):
    results = campaign(make_results, instance("x"), a=answer(6.0), b=answer(7.0, status="OPTIMAL"))
    assert not only_reference(results).proven


class TestKGiven:
    """Any coloring with k classes is the whole answer."""

    def test_an_answer_is_worth_k_and_proves_itself(self, make_results, instance):
        results = campaign(make_results, instance("x", k=8), a=answer(6.0), b=answer(8.0))
        assert only_reference(results).value == 8
        assert only_reference(results).proven
        for solver in "ab":
            run = run_of(results, solver)
            assert (run.gap, run.time_to_target, run.time_to_proof) == (0.0, 1.0, 1.0)

    def test_an_equitable_coloring_is_the_whole_answer_too(self, make_results, instance, contender):
        one = instance("x", kind="equitable", k=8)
        solver = contender("a", kinds=["equitable"])
        results = make_results([solver], [one], (0,), run=lambda trial: answer(8.0))
        assert only_reference(results).proven
        assert run_of(results, "a").time_to_proof == 1.0

    def test_infeasible_where_an_answer_exists(self, make_results, instance):
        results = campaign(
            make_results, instance("x", k=8), a=answer(6.0), b={"status": "INFEASIBLE"}
        )
        assert run_of(results, "b").refuted == "INFEASIBLE, but a has an answer of 6"

    def test_infeasible_unrefuted_is_a_proof_and_leaves_no_target(self, make_results, instance):
        claim = {"status": "INFEASIBLE", "runtime": 2.0}
        nothing = {"status": "UNKNOWN", "outcome": Outcome.NO_ANSWER}
        results = campaign(make_results, instance("x", k=3), a=claim, b=nothing)
        assert only_reference(results).infeasible
        assert only_reference(results).by == "a"
        run = run_of(results, "a")
        assert (run.time_to_proof, run.gap, run.par2_target) == (2.0, None, None)
        assert run_of(results, "b").par2_proof == 20.0

    @pytest.mark.parametrize(("proven", "infeasible"), [(True, True), (False, False)])
    def test_a_larger_number_known_is_no_answer(
        self, make_results, instance, known, proven, infeasible
    ):
        one = instance("x", k=3, known=known(4.0, proven))
        results = campaign(make_results, one, a={"status": "UNKNOWN"})
        assert only_reference(results).infeasible is infeasible
        assert only_reference(results).value is None
        found = only_reference(campaign(make_results, one, a=answer(3.0)))
        assert (found.value, found.beaten) == (3.0, proven)


def test_a_question_has_one_reference_whatever_its_name(make_results, instance):
    one, other = instance("x"), instance("y", fingerprint=instance("x").fingerprint)
    old = make_results(("a",), (one,), (0,), run=lambda _: answer(6.0))
    new = make_results(("a",), (other,), (0,), run=lambda _: answer(7.0))
    found = find_references(old, new)
    assert found.keys() == {question(one)}
    assert measure(new, references=found).runs[0].gap == pytest.approx(1 / 7)
