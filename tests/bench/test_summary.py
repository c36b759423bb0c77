"""A campaign summed up."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from geocolor.bench.record import Outcome
from geocolor.bench.summary import summarise, to_markdown, to_text
from geocolor.solvers import TracePoint


def row_of(summary, solver):
    return next(row for row in summary.solvers if row.solver == solver)


def by_hand(trial):
    """On one of two instances seed 0 reaches 5 after 1 s; all others have 10 after 2 s."""
    good = trial.instance.name == "one" and trial.seed == 0
    time, objective = (1.0, 5.0) if good else (2.0, 10.0)
    return {
        "objective": objective,
        "status": "OPTIMAL" if good else "FEASIBLE",
        "trace": (TracePoint(time, objective, None),),
        "runtime": 4.0,
        "cpu": 3.0 if good else 5.0,
        "peak_memory": 7 if good else 6,
    }


def test_solver_row_by_hand(make_results):
    summary = summarise(make_results(("a",), ("one", "two"), (0, 1), run=by_hand))
    row = row_of(summary, "a")
    assert (row.instances, row.runs, row.missing, row.refuted) == (2, 4, 0, 0)
    assert row.outcomes == {Outcome.SOLVED: 4}
    # "one" is held to 5 and half of its runs get there; "two" to 10, and all of them do.
    assert row.reached.value == 0.75
    assert row.proofs.value == 0.25
    assert row.gap.value == pytest.approx((0.5 * 0.5 + 0) / 2)
    integrals = [[0.1, (2 + 8 * 0.5) / 10], [0.2, 0.2]]
    assert row.primal_integral.value == pytest.approx(np.mean(integrals))
    assert row.par2_target.value == pytest.approx(np.mean([1, 20, 2, 2]))
    assert row.par2_proof.value == pytest.approx(np.mean([4, 20, 20, 20]))
    assert row.time_to_target.value == pytest.approx((2 * 21 * 3 * 3) ** 0.25 - 1)
    assert (row.cpu, row.peak_memory) == (4.5, 7)
    # One draw of the two seeds of "one": either half; the others agree.
    assert (row.reached.interval.low, row.reached.interval.high) == (0.5, 1.0)
    low, high = row.time_to_target.interval.low, row.time_to_target.interval.high
    assert low == pytest.approx((2 * 3) ** 0.5 - 1)
    assert high == pytest.approx((21 * 3) ** 0.5 - 1)


def test_instance_row_by_hand(make_results):
    summary = summarise(make_results(("a",), ("one", "two"), (0, 1), run=by_hand))
    one, two = (row.cells[0] for row in summary.instances)
    assert (one.best, one.median, one.reached, one.proofs, one.runs) == (5.0, 7.5, 1, 1, 2)
    assert one.time_to_target is None  # the median of 1 s and forever
    assert (two.best, two.time_to_target) == (10.0, 2.0)


def test_one_seed_has_no_interval_and_a_warning(make_results):
    summary = summarise(make_results(("a", "b"), seeds=(0,)))
    assert all(row.gap.interval is None for row in summary.solvers)
    assert any(line.startswith("1 seed: run at least 3") for line in summary.warnings)


def test_refuted_runs_count_as_wrong_and_are_listed(make_results):
    def run(trial):
        liar = trial.contender.name == "liar"
        return {"objective": 6.0 if liar else 5.0, "status": "OPTIMAL" if liar else "FEASIBLE"}

    summary = summarise(make_results(("liar", "honest"), ("x",), (0, 1), run=run))
    liar = row_of(summary, "liar")
    assert liar.outcomes == {Outcome.WRONG: 2}
    assert (liar.refuted, liar.proofs.value, liar.gap.value) == (2, 0.0, 1.0)
    assert [(one.solver, one.seed) for one in summary.failures] == [("liar", 0), ("liar", 1)]
    assert "liar on x, seed 0: wrong: OPTIMAL at 6, but honest has 5" in to_text(summary)
    assert "liar: 2 claims are refuted; these runs count as wrong" in summary.warnings


def test_relabelling_permutes_the_rows(make_results):
    results = make_results(("a", "b"), ("one", "two", "three"))
    swap = {"a": "b", "b": "a"}
    campaign = replace(
        results.campaign,
        contenders=tuple(
            replace(one, info=replace(one.info, name=swap[one.name]))
            for one in results.campaign.contenders
        ),
    )
    records = tuple(replace(one, solver=swap[one.solver]) for one in results.records)
    there = summarise(replace(results, campaign=campaign, records=records))
    here = summarise(results)
    for row in here.solvers:
        assert replace(row, solver=swap[row.solver]) == row_of(there, swap[row.solver])


def test_pairs_are_compared_over_common_instances(make_results, instance, contender):
    summary = summarise(
        make_results(
            (contender("all"), contender("colors", kinds=["coloring"])),
            [*(instance(f"c{n}") for n in range(4)), instance("p", kind="partition", k=2)],
        )
    )
    assert {pair.test.pairs for pair in summary.pairs} == {4}
    assert {row.solver: row.instances for row in summary.solvers} == {"all": 5, "colors": 4}
    assert "not all solvers have runs on all instances; compare pairs, not rows" in summary.warnings


def test_means_of_different_seeds_are_told(make_results):
    def once(trial):
        skipped = trial.contender.name == "b" and trial.seed and trial.instance.name == "two"
        return None if skipped else {"objective": 3.0}

    told = "on 1 instance solvers have runs of different seeds; their means there are of those"
    assert told in summarise(make_results(run=once)).warnings
    half = make_results(run=lambda trial: None if trial.seed else {"objective": 3.0})
    assert not any("different seeds" in line for line in summarise(half).warnings)


def test_pairs_find_the_better_solver_and_adjust_for_their_number(make_results):
    def run(trial):
        worse = {"good": 0.0, "fair": 2.0, "poor": 4.0}[trial.contender.name]
        return {"objective": 10.0 + worse + trial.seed, "status": "FEASIBLE"}

    names = [f"i{n}" for n in range(8)]
    summary = summarise(make_results(("good", "fair", "poor"), names, run=run))
    gaps = [pair for pair in summary.pairs if pair.measure == "gap"]
    assert [(pair.first, pair.second) for pair in gaps] == [
        ("good", "fair"),
        ("good", "poor"),
        ("fair", "poor"),
    ]
    for pair in gaps:
        assert pair.test.mean < 0
        assert pair.test.p_value == pytest.approx(2 / 2**8)
        assert pair.p_adjusted == pytest.approx(3 * 2 / 2**8)


def test_missing_runs_are_left_out_and_told(make_results):
    results = make_results(run=lambda trial: None if trial.seed else {"objective": 3.0})
    summary = summarise(results)
    assert (summary.runs, summary.missing) == (4, 8)
    assert row_of(summary, "a").missing == 4
    assert "8 runs are missing; they count nowhere" in summary.warnings


def test_runs_that_end_late_are_told(make_results):
    late = {"objective": 3.0, "runtime": 12.5, "trace": ()}
    results = make_results(run=lambda trial: late if trial.contender.name == "a" else {})
    warnings = summarise(results).warnings
    assert (
        "a: 6 runs ended late, the last 2.5 s after the limit; what came after 1 s does not count"
    ) in warnings
    assert not any(warning.startswith("b: ") for warning in warnings)


def test_nothing_run_yet_is_no_error(make_results):
    summary = summarise(make_results(run=lambda _: None))
    assert row_of(summary, "a").gap.value is None
    assert "12 missing" not in to_text(summary)
    assert "6 missing" in to_text(summary)


@pytest.mark.parametrize(
    ("environment", "hosts", "words"),
    [
        ({}, ("h1", "h2"), "runs on 2 machines (h1, h2)"),
        ({"load_average": [3.0, 2, 1], "usable_cores": 4}, ("h1", "h1"), "load 3.0 on 4 cores"),
    ],
)
def test_machines_are_warned_of(make_results, environment, hosts, words):
    results = make_results(
        environment=environment, run=lambda t: {"objective": 3.0, "host": hosts[t.seed % 2]}
    )
    assert any(words in line for line in summarise(results).warnings)


def test_references_are_warned_of(make_results, instance, known):
    instances = (
        instance("open"),
        instance("closed", known=known(3.0, True)),
        instance("mistaken", known=known(4.0, True)),
        instance("blank", kind="partition", k=2),
    )

    def run(trial):
        return {"objective": None if trial.instance.name == "blank" else 3.0}

    warnings = summarise(make_results(("a",), instances, run=run)).warnings
    assert warnings == (
        "mistaken: a contradicts what is known as proven; correct the entry",
        "blank: no answer by anybody",
        "reference not proven, gaps may be larger: open",
    )


def test_instances_without_runs_have_no_answer_to_miss(make_results):
    half = make_results(
        run=lambda trial: {"objective": 3.0} if trial.instance.name == "one" else None
    )
    warnings = summarise(half).warnings
    assert not any(line.startswith("two") for line in warnings)
    assert "reference not proven, gaps may be larger: one" in warnings


@pytest.mark.parametrize(("cpu", "words"), [(0.0, "under 1%"), (4.0, "under 40%")])
def test_a_share_of_a_core_is_never_under_nothing(make_results, cpu, words):
    asleep = {"objective": 3.0, "runtime": 10.0, "cpu": cpu}
    warnings = summarise(make_results(("a",), run=lambda _: asleep)).warnings
    assert any(f"a: half of its runs got {words} of a core" in line for line in warnings)


def test_one_more_reason_is_one(make_results):
    def run(trial):
        return {"outcome": Outcome.CRASHED, "objective": None, "message": f"no {trial.seed}"}

    text = to_text(summarise(make_results(("a",), ("one",), range(11), run=run)))
    assert "... and 1 more reason; the report has them all" in text


def test_text_is_plain_and_whole(make_results):
    text = to_text(summarise(make_results(("a", "a-long-name"))))
    assert text.isascii()
    assert "\x1b" not in text
    assert all(line == line.rstrip() for line in text.splitlines())
    assert "a-long-name" in text
    assert max(map(len, text.splitlines())) <= 120


def test_names_are_text_not_markup(make_results):
    assert "[red]x" in to_text(summarise(make_results(("[red]x", "b"))))


def test_json_has_it_all(make_results):
    summary = summarise(make_results())
    data = json.loads(json.dumps(summary.to_json(), allow_nan=False))
    assert data["solvers"][0]["gap"]["interval"]["level"] == 0.95
    assert data["instances"][0]["reference"]["source"] == "found here"
    assert len(data["pairs"]) == len(summary.pairs)


def test_the_same_seed_gives_the_same_summary(make_results):
    assert summarise(make_results()) == summarise(make_results())


def test_markdown_by_hand(make_results):
    text = to_markdown(summarise(make_results(("a|b",), ("one", "two"), (0, 1), run=by_hand)))
    assert text.startswith(
        "4 runs: 2 instances, 2 seeds, 10 s each.\n\n| solver | outcomes | reached |"
    )
    # Half of the runs on "one" get there, so the median does not.
    assert (
        r"| a\|b | 4 solved | 1 of 2 (3 of 4) | 0 of 2 (1 of 4) | 16 | 12.50% | 12.50% | 4.5 |"
        in text
    )
    assert "| one | 5 | 7.5 |\n| two | 10 | 10 (2) |\n" in text


def test_markdown_says_who_failed_and_why(make_results):
    """A solver that crashed, hung or was wrong does not look like the honest one beside it."""
    ends = {
        "honest": {},
        "crashed": {"outcome": Outcome.CRASHED, "status": None, "message": "no `x` | y"},
        "hung": {"outcome": Outcome.TIMED_OUT, "status": None, "message": "killed after 1 s"},
        "wrong": {"outcome": Outcome.WRONG, "objective": None, "message": "a conflict"},
        "liar": {"objective": 6.0, "status": "OPTIMAL"},
    }
    results = make_results(
        tuple(ends), ("x",), (0, 1), run=lambda t: {"objective": 5.0} | ends[t.contender.name]
    )
    text = to_markdown(summarise(results))
    assert "| honest | 2 solved | 1 of 1 (2 of 2)" in text
    assert "| crashed | 2 crashed | 1 of 1 (2 of 2)" in text
    assert "| hung | 2 timed out | 1 of 1 (2 of 2)" in text
    assert "| liar | 2 wrong, 2 of them refuted | 0 of 1 (0 of 2)" in text
    assert (
        "\n\n6 runs failed; each reason once:\n\n- crashed on x, seed 0: crashed: `no 'x' | y`\n"
        in text
    )
    assert "- wrong on x, seed 0: wrong: `a conflict`\n" in text
    assert "- liar on x, seed 0: wrong: `OPTIMAL at 6, but crashed, honest, hung has 5`\n" in text


def test_markdown_marks_proofs_and_what_is_not_there(make_results):
    def run(trial):
        if trial.contender.name == "none":
            return {"outcome": Outcome.NO_ANSWER, "objective": None, "trace": ()}
        return {"objective": 5.0, "lower_bound": 5.0, "status": "OPTIMAL"}

    text = to_markdown(summarise(make_results(("good", "none"), ("x",), (0, 1, 2), run=run)))
    assert "| x | 5 | **5** (0 / 0) | - |" in text
    assert "| none | 3 no answer | 0 of 1 (0 of 3) | 0 of 1 (0 of 3) |" in text
    assert text.splitlines()[-1].startswith("| x |") or "Warnings:" in text
