"""A solve goes on from its checkpoint; damaged ones and those of other questions are refused."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from geocolor.errors import FormatError, InputError, WrongAnswerError
from geocolor.graph import ConflictGraph, queen
from geocolor.problem import (
    ColoringProblem,
    CorrelationClusteringProblem,
    EquitableColoringProblem,
    GroupOracle,
    GroupPartitionProblem,
    NormalizedPairSum,
    PartitionProblem,
    Problem,
)
from geocolor.solvers import SOLVERS, Outcome, Search, SolverInfo, Status, StopReason, solve
from geocolor.solvers import checkpoint as module
from geocolor.solvers.checkpoint import SolveCheckpoint, _digest

GRAPH = ConflictGraph.from_edges(
    6, [(0, 1), (1, 2), (2, 3), (3, 4)], [1.0, -2.0, 0.1, 3.0], conflicts=[(0, 5), (1, 4)]
)
PROBLEMS: list[Problem] = [
    ColoringProblem(GRAPH),
    ColoringProblem(GRAPH, fixed={0: 3, 1: 7}, allowed={2: [9]}),
    EquitableColoringProblem(GRAPH, 4),
    PartitionProblem(GRAPH, 3),
    PartitionProblem(GRAPH, 3, [1, 2, 3, 4, 5, 6], 9),
    GroupPartitionProblem(GRAPH, 3, NormalizedPairSum()),
    CorrelationClusteringProblem(GRAPH),
]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "solve.checkpoint"


def nothing(problem: Problem, search: Search) -> Outcome:
    """Find nothing, so that all there is comes from elsewhere."""
    return Outcome(StopReason.TIME)


def named(run: Any, monkeypatch: pytest.MonkeyPatch) -> str:
    """Make a function known as a solver."""
    kinds = frozenset(problem.kind for problem in PROBLEMS)
    load = SolverInfo.load
    monkeypatch.setattr(
        SolverInfo, "load", lambda self: run if self.name == run.__name__ else load(self)
    )
    monkeypatch.setitem(SOLVERS, run.__name__, SolverInfo(run.__name__, "", kinds, False, ""))
    return str(run.__name__)


@pytest.fixture
def idle(monkeypatch: pytest.MonkeyPatch) -> str:
    return named(nothing, monkeypatch)


@pytest.mark.parametrize("problem", PROBLEMS, ids=lambda problem: problem.kind)
def test_incumbent_and_bound_come_back(problem: Problem, file: Path, idle: str) -> None:
    first = solve(problem, checkpoint=file, workers=1)
    assert first.stop_reason is StopReason.COMPLETED
    assert first.objective is not None
    again = solve(problem, idle, checkpoint=file)
    assert (again.status, again.objective, again.lower_bound) == (
        first.status,
        first.objective,
        first.lower_bound,
    )
    assert np.array_equal(again.coloring.colors, first.coloring.colors)
    assert f"went on from {file} after" in again.message
    assert ("its bound is from" in again.message) == (first.lower_bound is not None)
    assert [path.name for path in file.parent.iterdir()] == [file.name]


@pytest.mark.parametrize("name", SOLVERS)
def test_every_solver_goes_on_from_an_answer(name: str, file: Path) -> None:
    kind = sorted(SOLVERS[name].kinds)[0]
    problem = next(problem for problem in PROBLEMS if problem.kind == kind)
    best = solve(problem, checkpoint=file, workers=1)
    result = solve(problem, name, checkpoint=file, workers=1, time_limit=20)
    assert result.status is Status.OPTIMAL
    assert result.objective == best.objective


def test_seconds_add_up_and_a_better_start_is_taken(file: Path, idle: str) -> None:
    problem = ColoringProblem(queen(5, 5))
    solve(problem, idle, initial=np.arange(25), checkpoint=file)
    seconds = json.loads(file.read_text())["seconds"]
    result = solve(problem, "dsatur", checkpoint=file)
    assert result.num_colors < 25
    assert json.loads(file.read_text())["seconds"] > seconds
    again = solve(problem, idle, initial=np.arange(25), checkpoint=file)
    assert again.objective == result.objective


@pytest.mark.parametrize("at", range(len(PROBLEMS)))
def test_another_question_is_refused(at: int, file: Path) -> None:
    solve(PROBLEMS[at], checkpoint=file, workers=1)
    before = file.read_bytes()
    for other in (*PROBLEMS[:at], *PROBLEMS[at + 1 :]):
        with pytest.raises(InputError, match="is a checkpoint of another question: its "):
            solve(other, checkpoint=file)
    assert file.read_bytes() == before


@pytest.mark.parametrize(
    ("other", "what"),
    [
        (ColoringProblem(queen(5, 6)), "graph"),
        (ColoringProblem(queen(5, 5), 6), "k"),
        (ColoringProblem(queen(5, 5), fixed={0: 1}), "fixed"),
        (ColoringProblem(queen(5, 5), allowed={0: [1, 2]}), "lists"),
        (PartitionProblem(queen(5, 5), 6), "problem"),
    ],
)
def test_it_says_what_differs(other: Problem, what: str, file: Path, idle: str) -> None:
    solve(ColoringProblem(queen(5, 5)), idle, checkpoint=file)
    with pytest.raises(InputError, match=f"another question: its {what} differs"):
        solve(other, idle, checkpoint=file)


def test_costs_by_a_function_have_no_checkpoint(file: Path) -> None:
    problem = GroupPartitionProblem(GRAPH, 3, GroupOracle(lambda groups: groups.sum(axis=1)))
    with pytest.raises(InputError, match="a function says what groups cost"):
        solve(problem, checkpoint=file)
    assert not file.exists()


def change(file: Path, *, honest: bool = True, **changes: Any) -> None:
    """Write the file again with other content, and the checksum that belongs to it."""
    found = json.loads(file.read_text()) | changes
    content = {key: found[key] for key in module._KEYS if key in found}
    file.write_text(json.dumps(found | ({"sha256": _digest(content)} if honest else {})))


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        ({"lower_bound": 5.0, "honest": False}, "its checksum is another; delete it"),
        ({"colors": [0] * 25}, "its coloring does not hold: nodes 0 and 1 conflict"),
        ({"colors": [0] * 24}, "its coloring does not hold: the graph has 25 nodes"),
        ({"colors": "0"}, "colors must be whole numbers from 0"),
        ({"colors": [*range(24), -1]}, "colors must be whole numbers from 0"),
        ({"colors": [*range(24), 24.0]}, "colors must be whole numbers from 0"),
        ({"colors": [*range(24), 1 << 70]}, "colors must be whole numbers from 0"),
        ({"lower_bound": 26.0}, "its bound is 26.0, and a coloring with 25.0 is known"),
        ({"lower_bound": float("nan")}, "lower_bound must be a finite number"),
        ({"lower_bound": float("-inf")}, "lower_bound must be a finite number"),
        ({"lower_bound": True}, "lower_bound must be a finite number"),
        ({"seconds": -1}, "seconds must be a finite number from 0"),
        ({"scaling_error": "0"}, "scaling_error must be a finite number from 0"),
        ({"question": []}, "question must be an object"),
        ({"format": "geocolor.solution"}, "another kind of file"),
        ({"version": 2}, "reads up to 1, a newer one may help"),
    ],
    ids=str,
)
def test_a_damaged_one_is_refused(
    damage: dict[str, Any], message: str, file: Path, idle: str
) -> None:
    problem = ColoringProblem(queen(5, 5))
    solve(problem, idle, initial=np.arange(25), checkpoint=file)
    change(file, **damage)
    before = file.read_bytes()
    with pytest.raises(FormatError, match=message):
        solve(problem, idle, checkpoint=file)
    assert file.read_bytes() == before


def test_a_file_of_another_kind_is_refused_and_left(file: Path, idle: str) -> None:
    file.write_text("p edge 5 0\n")
    with pytest.raises(FormatError, match="not JSON"):
        solve(queen(3, 3), idle, checkpoint=file)
    assert file.read_text() == "p edge 5 0\n"


def test_it_is_written_while_the_solve_runs(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_SECONDS", 0.01)

    def slow(problem: Problem, search: Search) -> None:
        for classes in (25, 24):
            search.offer(np.minimum(np.arange(25), classes - 1))
            until = time.monotonic() + 20
            while len(set(held())) != classes and time.monotonic() < until:
                time.sleep(0.01)
            seen.append(len(set(held())))

    def held() -> list[int]:
        return json.loads(file.read_text())["colors"] if file.exists() else []

    seen: list[int] = []
    solve(ConflictGraph.from_edges(25), named(slow, monkeypatch), checkpoint=file)
    assert seen == [25, 24]


def test_a_full_disk_loses_no_answer(
    file: Path, idle: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path) -> Any:
        raise InputError(f"cannot write {path}: No space left on device")

    solve(queen(3, 3), idle, checkpoint=file)
    before = file.read_bytes()
    monkeypatch.setattr(module, "atomic_file", full)
    result = solve(queen(3, 3), idle, initial=np.arange(9), checkpoint=file)
    assert result.num_colors == 9
    assert "the checkpoint is not up to date: cannot write" in result.message
    assert file.read_bytes() == before


def test_a_place_that_cannot_be_written_is_refused_first(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot write"):
        SolveCheckpoint(tmp_path / "none" / "a", ColoringProblem(GRAPH))


INTERRUPTED = """
import os, random, signal, sys, threading
from geocolor.graph import gnp
from geocolor.interrupts import held_back
from geocolor.problem import ColoringProblem
from geocolor.solvers import solve

random = random.Random(0)
problem = ColoringProblem(gnp(200, 0.3, seed=1))
solve(problem, "tabucol", time_limit=60, max_iterations=1000)  # kernels
for _ in range(int(sys.argv[2])):
    # The second one comes while the checkpoint is written, now and then.
    for after in (0.1 * random.random(), 0.1 + 0.01 * random.random()):
        threading.Timer(after, os.kill, (os.getpid(), signal.SIGINT)).start()
    with held_back() as held:
        print(solve(problem, "tabucol", time_limit=60, checkpoint=sys.argv[1]).objective)
        for timer in threading.enumerate():
            if isinstance(timer, threading.Timer):
                timer.join()
        held.came = False
"""


def test_interrupts_never_damage_it(file: Path) -> None:
    call = [sys.executable, "-c", INTERRUPTED, str(file), "12"]
    done = subprocess.run(call, capture_output=True, text=True, timeout=200)
    assert done.returncode == 0, done.stderr
    found = [float(line) for line in done.stdout.split()]
    assert len(found) == 12
    assert found == sorted(found, reverse=True)  # each goes on from the one before
    assert json.loads(file.read_text())["colors"] is not None
    assert [path.name for path in file.parent.iterdir()] == [file.name]


def test_two_at_once_keep_the_better(file: Path, idle: str) -> None:
    problem = ColoringProblem(queen(5, 5))
    search = Search(problem, started=time.monotonic(), time_limit=60, seed=0, workers=1)
    slow = SolveCheckpoint(file, problem)
    slow.resume(search)
    with slow.kept(search):
        search.offer(np.arange(25))
        assert solve(problem, checkpoint=file, workers=1).status is Status.OPTIMAL
    again = solve(problem, idle, checkpoint=file)
    assert (again.status, again.objective) == (Status.OPTIMAL, 5)


@pytest.mark.parametrize("name", ["-", "solve.gz", "solve.checkpoint.zst"])
def test_what_could_not_be_read_again_is_refused_first(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match="and not compressed"):
        solve(PROBLEMS[0], checkpoint=name)
    assert not list(tmp_path.iterdir())


def overclaims(problem: Problem, search: Search) -> None:
    """Find a coloring that its bound rules out."""
    search.raise_lower_bound(4)
    search.offer([0, 1, 0, 1, 2])


def test_what_is_refused_is_not_kept(
    file: Path, idle: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    problem = ColoringProblem(
        ConflictGraph.from_edges(5, conflicts=[(0, 1), (1, 2), (2, 3), (3, 4), (4, 0)])
    )
    solve(problem, idle, initial=[0, 1, 2, 3, 4], checkpoint=file)
    with pytest.raises(WrongAnswerError):
        solve(problem, named(overclaims, monkeypatch), checkpoint=file)
    assert solve(problem, "dsatur", checkpoint=file).objective == 3


def test_a_wrong_bound_is_the_files(file: Path, idle: str) -> None:
    problem = ColoringProblem(queen(5, 5))
    solve(problem, idle, checkpoint=file)
    content = json.loads(file.read_text())
    content["lower_bound"] = 9.0
    state = {key: value for key, value in content.items() if key in module._KEYS}
    file.write_text(json.dumps(content | {"sha256": _digest(state)}))
    with pytest.raises(FormatError, match=r"or the bound 9\.0 is that it went on from"):
        solve(problem, "dsatur", checkpoint=file)


def test_errors_of_rounding_do_not_add_up_over_resumes(file: Path) -> None:
    rng = np.random.default_rng(1)
    pairs = [(a, b) for start in (0, 8) for a in range(start, start + 8) for b in range(start, a)]
    graph = ConflictGraph.from_edges(16, pairs, rng.normal(size=len(pairs)))
    errors = []
    for _ in range(3):
        solve(CorrelationClusteringProblem(graph), "edge-lp", checkpoint=file, workers=1)
        errors.append(json.loads(file.read_text())["scaling_error"])
    assert errors[1] == errors[2]
