"""Compiling before the clock, from the command line."""

from pathlib import Path

import pytest

from geocolor.solvers import SOLVERS
from geocolor.solvers.compiling import Step


@pytest.fixture
def rehearsed(run, monkeypatch: pytest.MonkeyPatch) -> list[Step]:
    """Nothing is compiled; what is rehearsed is listed, and nothing solved for it."""
    done: list[Step] = []

    def pending(solver: str | None, kind: str | None) -> list[Step]:
        steps = [Step(name, each) for name in SOLVERS for each in sorted(SOLVERS[name].kinds)]
        return [
            step
            for step in steps
            if solver in (None, step.solver) and kind in (None, step.kind) and step not in done
        ]

    def rehearse(*step: str) -> None:
        done.append(Step(*step))

    monkeypatch.setattr("geocolor.solvers.compiling.pending", pending)
    monkeypatch.setattr("geocolor.solvers.compiling._keep", lambda step: None)
    monkeypatch.setattr("geocolor.solvers.rehearsal.rehearse", rehearse)
    return done


def test_a_solve_compiles_what_it_needs_first_and_says_so_once(run, rehearsed, queen5) -> None:
    done = run("solve", queen5, "--solver", "dsatur")
    assert rehearsed == [Step("dsatur", "coloring")]
    assert done.err.splitlines() == [
        "geocolor: compiling, once for each installation and outside the time limit: "
        "dsatur (coloring)"
    ]
    assert run("solve", queen5, "--solver", "dsatur").err == ""


def test_the_clock_starts_after_it(run, rehearsed, queen5, monkeypatch) -> None:
    order: list[str] = []
    monkeypatch.setattr(
        "geocolor.solvers.rehearsal.rehearse", lambda *step: order.append("compiled")
    )
    monkeypatch.setattr("geocolor.solvers.solve", lambda *_, **__: order.append("solved"))
    with pytest.raises(AttributeError):  # of the result, which is None
        run("solve", queen5, "--solver", "dsatur")
    assert order == ["compiled", "solved"]


def test_quiet_compiles_in_silence(run, rehearsed, queen5) -> None:
    assert run("solve", queen5, "--solver", "dsatur", "--quiet").err == ""
    assert rehearsed


def test_solvers_of_others_have_nothing_to_compile(run, rehearsed, queen5) -> None:
    run("solve", queen5, "--solver", "networkx-dsatur")
    assert rehearsed == []


def test_warm_up_compiles_all_there_is_or_what_is_named(run, rehearsed) -> None:
    done = run("warm-up", "dsatur", "gaec")
    assert done.code == 0
    assert done.out.startswith("all is compiled, and kept in ")
    assert {step.solver for step in rehearsed} == {"dsatur", "gaec"}
    run("warm-up")
    assert {step.solver for step in rehearsed} == set(SOLVERS)


def test_warm_up_refuses_what_it_cannot_do(run, rehearsed, monkeypatch) -> None:
    assert "no solver 'sovler' is built in" in run("warm-up", "sovler").error()
    monkeypatch.setattr("geocolor.graph.jit.cache_folder", lambda: None)
    assert "NUMBA_CACHE_DIR" in run("warm-up").error()
    assert rehearsed == []


def test_a_benchmark_compiles_before_its_runs(run, rehearsed, queen5: Path, tmp_path) -> None:
    pytest.importorskip("joblib")
    run("bench", queen5, "--solvers", "dsatur", "--time-limit", "1s", "-o", tmp_path / "results")
    assert rehearsed == [Step("dsatur", "coloring")]
