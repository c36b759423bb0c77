"""Kernels compiled once, before anybody's clock runs."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from geocolor.errors import InputError
from geocolor.solvers import SOLVERS, SolveResult, StopReason, compiling, rehearsal
from geocolor.solvers.compiling import Step, compile_kernels, pending


@pytest.fixture
def rehearsed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[tuple[str, str]]:
    """An empty cache; what is rehearsed is listed, and nothing solved."""
    called: list[tuple[str, str]] = []
    monkeypatch.setattr(rehearsal, "rehearse", lambda *step: called.append(step))
    monkeypatch.setattr(compiling, "cache_folder", lambda: tmp_path)
    monkeypatch.setattr(compiling, "_done_here", set())
    return called


def anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget what this process did, as another process would not know it."""
    monkeypatch.setattr(compiling, "_done_here", set())


def test_a_step_is_done_once_for_all_processes(rehearsed, monkeypatch) -> None:
    told = []
    compile_kernels("auto", "partition", on_step=lambda *step: told.append(step))
    assert told == [(Step("auto", "partition"), 0, 1)]
    anew(monkeypatch)
    compile_kernels("auto", "partition", on_step=lambda *step: told.append(step))
    assert rehearsed == [("auto", "partition")]
    assert len(told) == 1
    assert pending("auto", "correlation") == [Step("auto", "correlation")]


def test_every_solver_and_kind_by_default(rehearsed) -> None:
    compile_kernels()
    assert sorted(rehearsed) == sorted(
        (name, kind) for name, info in SOLVERS.items() for kind in info.kinds
    )
    assert pending() == []


@pytest.mark.parametrize("changed", ["_sources", "target"])
def test_other_kernels_or_another_processor_are_another_matter(
    rehearsed, monkeypatch, changed: str
) -> None:
    compile_kernels("dsatur")
    anew(monkeypatch)
    monkeypatch.setattr(compiling, changed, lambda: "another")
    assert pending("dsatur") == [Step("dsatur", "coloring")]
    compile_kernels("dsatur")
    anew(monkeypatch)
    assert pending("dsatur") == []


def test_kernels_of_two_processors_share_a_folder(rehearsed, monkeypatch) -> None:
    compile_kernels("dsatur")
    with monkeypatch.context() as elsewhere:
        elsewhere.setattr(compiling, "target", lambda: "another")
        anew(elsewhere)
        compile_kernels("dsatur")
    anew(monkeypatch)
    assert pending("dsatur") == []


def test_without_a_folder_each_process_does_it_once(rehearsed, monkeypatch) -> None:
    monkeypatch.setattr(compiling, "cache_folder", lambda: None)
    compile_kernels("dsatur")
    compile_kernels("dsatur")
    assert len(rehearsed) == 1
    anew(monkeypatch)
    assert pending("dsatur")


def test_a_folder_that_cannot_be_written_is_no_failure(rehearsed, monkeypatch, tmp_path) -> None:
    monkeypatch.setattr(compiling, "cache_folder", lambda: tmp_path / "nowhere")
    compile_kernels("dsatur")
    assert rehearsed == [("dsatur", "coloring")]


def test_a_step_that_is_interrupted_is_not_done(rehearsed, monkeypatch) -> None:
    def interrupted(solver: str, kind: str) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(rehearsal, "rehearse", interrupted)
    with pytest.raises(KeyboardInterrupt):
        compile_kernels("dsatur")
    assert pending("dsatur")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [(("sovler",), "no solver 'sovler' is built in"), (("dsatur", "partition"), "does not take")],
)
def test_what_is_not_there(arguments: tuple[str, ...], message: str) -> None:
    with pytest.raises(InputError, match=message):
        compile_kernels(*arguments)


def test_every_kernel_is_in_a_file_that_is_looked_at() -> None:
    package = Path(compiling.__file__).parents[1]
    known = {path for pattern in compiling._KERNELS for path in package.glob(pattern)}
    using = {
        path
        for path in package.rglob("*.py")
        if "import jit" in path.read_text() and path.name != "__init__.py"
    }
    assert using <= known


def test_ctrl_c_ends_a_rehearsal(monkeypatch) -> None:
    class Interrupted:
        stop_reason = StopReason.INTERRUPT

    monkeypatch.setattr(rehearsal, "solve", lambda *_, **__: Interrupted())
    with pytest.raises(KeyboardInterrupt):
        rehearsal.rehearse("dsatur", "coloring")


def test_a_rehearsal_goes_on_until_nothing_is_compiled(monkeypatch) -> None:
    seconds = [0.0, 4.0, 4.0, 4.5, 4.5, 4.5]
    monkeypatch.setattr(rehearsal, "compile_seconds", lambda: seconds.pop(0))
    acted: list[int] = []
    rehearsal._until_compiled(lambda: acted.append(1))
    assert len(acted) == 3


@pytest.mark.parametrize("name", sorted(SOLVERS))
def test_every_solver_takes_what_is_rehearsed(name: str, monkeypatch) -> None:
    """Each problem is of its kind, and no solver fails on it, though it may find nothing."""
    results: list[SolveResult] = []
    real = rehearsal.solve

    def solve(problem, solver, **limits):
        result = real(problem, solver, **{**limits, "time_limit": 0.2, "max_iterations": 50})
        results.append(result)
        return result

    monkeypatch.setattr(rehearsal, "solve", solve)
    monkeypatch.setattr(rehearsal, "_seldom", lambda kind: [])
    for kind in SOLVERS[name].kinds:
        results.clear()
        rehearsal.rehearse(name, kind)
        assert {result.options["problem"] for result in results} == {kind}


FRESH = textwrap.dedent(
    """
    import sys
    from geocolor import CorrelationClusteringProblem, PartitionProblem, compile_kernels, solve
    from geocolor.graph import ConflictGraph, generators
    from geocolor.graph.jit import compile_seconds

    kinds = sys.argv[1:]
    for kind in kinds:
        compile_kernels("auto", kind)
    before = compile_seconds()
    assert before > 0
    dense = generators.layers(80, seed=0, clusters=20)
    large = generators.layers(300, seed=1, clusters=20)
    if "partition" in kinds:
        for graph, k in ((dense, 20), (large, 30), (large, 200)):
            solve(PartitionProblem(graph, k), time_limit=4, workers=2)
    if "coloring" in kinds:
        for graph in (generators.gnp(125, 0.5), generators.queen(8, 8), generators.gnp(300, 0.05)):
            solve(graph, time_limit=4, workers=2)
    assert compile_seconds() == before, compile_seconds() - before
    """
)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["partition", "coloring"])
def test_nothing_is_left_to_compile(tmp_path: Path, kind: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FRESH, kind],
        env={**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
