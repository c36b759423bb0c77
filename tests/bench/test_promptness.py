"""The measure of promptness tells prompt solvers from others."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from geocolor.bench.instances import problem_of
from geocolor.bench.promptness import QUESTIONS, Promptness, Question, measure
from geocolor.bench.promptness.questions import start_of
from geocolor.bench.suites import collect, own_instances
from geocolor.cli.main import app
from geocolor.errors import InputError
from geocolor.problem import check
from geocolor.solvers import SOLVERS

SOLVERS_OF_TEST = '''
import os
import time


def prompt(problem, search):
    search.offer(range(problem.graph.num_nodes))
    while not search.out_of_time():
        time.sleep(0.01)


def late(problem, search):
    """Listens to nothing for a second, with work to do."""
    search.offer(range(problem.graph.num_nodes))
    until = time.process_time() + search.remaining() + 1.0
    while time.process_time() < until and search.remaining() < 30:
        pass


def forgetful(problem, search):
    while not search.out_of_time():
        search.coloring = search.objective = None
        time.sleep(0.01)


def failing(problem, search):
    raise ValueError("no such luck")


def crashing(problem, search):
    os._exit(7)
'''
SMALL = Question("coloring", 30, 6)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("solvers") / "mine.py"
    path.write_text(SOLVERS_OF_TEST)
    return path


@pytest.fixture(scope="module")
def rows(file: Path) -> dict[str, Promptness]:
    names = ["prompt", "forgetful", "failing", "crashing", "late"]
    found = measure([f"{file}:{name}" for name in names], [SMALL], limit=0.5, interrupts=3)
    return dict(zip(names, found, strict=True))


def test_a_prompt_solver(rows: dict[str, Promptness]) -> None:
    row = rows["prompt"]
    assert (row.kind, row.name, row.nodes) == ("coloring", "random-30-6", 30)
    assert (row.reason, row.interrupts, row.kept, row.message) == ("COMPLETED", 3, 3, "")
    assert row.cpu <= row.wall + 0.05
    assert row.cpu < 0.5
    assert 0 < row.interrupt_cpu < 0.5


def test_failures_do_not_end_the_measuring(rows: dict[str, Promptness]) -> None:
    assert rows["failing"].reason == rows["crashing"].reason == "failed"
    assert "no such luck" in rows["failing"].message
    assert "ended with code 7" in rows["crashing"].message


def test_a_late_solver(rows: dict[str, Promptness]) -> None:
    assert rows["late"].wall > 0.5
    assert rows["late"].cpu > 0.5


def test_a_lost_incumbent_shows(rows: dict[str, Promptness]) -> None:
    assert (rows["forgetful"].interrupts, rows["forgetful"].kept) == (3, 0)


def test_there_are_questions_of_all_kinds_with_a_start() -> None:
    kinds = set().union(*(info.kinds for info in SOLVERS.values()))
    assert {question.kind for question in QUESTIONS} == kinds
    assert len({(question.kind, question.name) for question in QUESTIONS}) == len(QUESTIONS)
    for question in QUESTIONS:
        if question.nodes <= 300:
            problem = question.make()
            start = start_of(problem)
            assert start is not None, question
            check(problem, start)
            assert (problem.kind, problem.graph.num_nodes) == (question.kind, question.nodes)


def test_a_start_that_does_not_hold_is_none(tmp_path: Path) -> None:
    path = tmp_path / "triangle.col"
    path.write_text("p edge 3 3\ne 1 2\ne 2 3\ne 1 3\n")
    (instance,) = collect([str(path)], k=2)
    assert start_of(problem_of(instance)) is None


def test_the_command() -> None:
    graph = str(own_instances() / "queen5_5.col")
    call = ["bench", "promptness", graph, "-s", "first-fit", "-t", "1s", "--interrupts", "1"]
    done = CliRunner().invoke(app, [*call, "--json", "-q"])
    assert done.exit_code == 0, done.output
    (row,) = json.loads(done.stdout)["rows"]
    assert (row["solver"], row["name"], row["kept"]) == ("first-fit", "queen5_5", row["interrupts"])


def test_an_unknown_solver_is_refused() -> None:
    with pytest.raises(InputError, match="no solver 'sovler'"):
        list(measure(["sovler"], [SMALL]))
