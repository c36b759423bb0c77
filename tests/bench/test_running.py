"""One trial: whatever a solver does, its record says what it was."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from geocolor.bench import running
from geocolor.bench.record import Outcome, Record
from geocolor.bench.running import run_trial
from geocolor.bench.solving import pack, unpack
from geocolor.bench.trial import Contender, Effort, Instance, Trial
from geocolor.errors import InputError
from geocolor.graph import generators
from geocolor.io import write
from geocolor.problem import ColoringProblem, check
from geocolor.solvers import find_solver

SOLVERS = """
    import ctypes, os, subprocess, sys, time
    import numpy as np
    from geocolor.errors import UnreadableAnswerError
    from geocolor.solvers import Outcome, StopReason

    def each_its_own(problem):
        return np.arange(problem.graph.num_nodes)

    def good(problem, search):
        search.offer(each_its_own(problem))
        search.raise_lower_bound(3)

    def loops(problem, search):
        search.offer(each_its_own(problem))
        while True:
            pass

    def eats(problem, search):
        search.offer(each_its_own(problem))
        eaten = []
        while True:
            eaten.append(bytearray(20_000_000))

    def feeds(problem, search):
        search.offer(each_its_own(problem))
        eat = "x = bytearray(150_000_000); x[::4096] = b'1' * len(x[::4096]); input()"
        for _ in range(2):
            subprocess.Popen([sys.executable, "-c", eat], stdin=subprocess.PIPE)
        time.sleep(1000)

    def segfaults(problem, search):
        ctypes.string_at(0)

    def wrong(problem, search):
        search.offer(np.zeros(problem.graph.num_nodes, dtype=int))

    def overclaims(problem, search):
        search.offer(each_its_own(problem))
        search.raise_lower_bound(10**6)

    def rubbish(problem, search):
        print("%@#!" * 1000)
        raise UnreadableAnswerError("line 1: %@#!")

    def fails(problem, search):
        raise KeyError("a bug")

    def gives_up(problem, search):
        return Outcome(StopReason.TIME, message="not today")

    def returns(problem, search):
        return each_its_own(problem)

    def quits(problem, search):
        sys.exit("enough")

    def silent(problem, search):
        os._exit(0)

    class Prepared:
        def prepare(self, problem):
            time.sleep(0.3)
            self.ready = True
            return self

        def __call__(self, problem, search):
            assert self.ready
            search.offer(each_its_own(problem))

    prepared = Prepared()
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("running")


@pytest.fixture(scope="module")
def instance(folder: Path) -> Instance:
    graph = generators.mycielski(4)
    path = folder / "myciel4.col"
    write(graph, path)
    return Instance(
        "myciel4", str(path), graph.fingerprint, "coloring", None, graph.num_nodes, 71, 0
    )


@pytest.fixture(scope="module", autouse=True)
def close_the_templates() -> Iterator[None]:
    yield
    running.guards.close()


@pytest.fixture(scope="module")
def solvers(folder: Path) -> Path:
    path = folder / "solvers.py"
    path.write_text(textwrap.dedent(SOLVERS))
    return path


def trial_of(
    instance: Instance, solver: str, seconds: float = 20.0, memory: int = 300 << 20
) -> Trial:
    effort = Effort(seconds, 0.02, 1, memory)
    return Trial(instance, Contender(find_solver(solver)), 0, effort)


@pytest.mark.parametrize(
    ("name", "outcome", "kept", "message"),
    [
        ("good", Outcome.SOLVED, True, ""),
        ("loops", Outcome.TIMED_OUT, True, "killed after 0.6 s"),
        ("eats", Outcome.OUT_OF_MEMORY, True, ""),
        ("feeds", Outcome.OUT_OF_MEMORY, True, " MB of 315 MB allowed"),
        ("segfaults", Outcome.CRASHED, False, "ended by SIGSEGV"),
        ("wrong", Outcome.WRONG, False, "conflict and both have color 0"),
        ("overclaims", Outcome.WRONG, False, "claims the bound 1000000"),
        ("rubbish", Outcome.UNREADABLE, False, "line 1: %@#!"),
        ("fails", Outcome.CRASHED, False, "KeyError: 'a bug'"),
        ("gives_up", Outcome.NO_ANSWER, False, "not today"),
        ("returns", Outcome.CRASHED, False, "colorings are given to search.offer"),
        ("quits", Outcome.CRASHED, False, "called exit: enough"),
        ("silent", Outcome.CRASHED, False, "it ended without a word"),
    ],
)
def test_a_run_is_recorded_as_what_it_is(
    instance: Instance, solvers: Path, name: str, outcome: Outcome, kept: bool, message: str
) -> None:
    seconds = 0.2 if name == "loops" else 20.0
    record, colors = run_trial(trial_of(instance, f"{solvers}:{name}", seconds))
    assert record.outcome is outcome
    assert message in record.message
    assert record.objective == (23.0 if kept else None)
    assert (colors is not None) == kept
    assert bool(record.answer) == kept
    assert record.optimal is False
    assert Record.from_json(record.to_json()) == record


PROGRAMS = """
[answers]
command = ["sh", "-c", "echo {colors}; exit 5"]
[answers.answer]
format = "lines"

[silent]
command = ["sh", "-c", "exit 5"]
[silent.answer]
format = "lines"

[sleeps]
command = ["sleep", "1000"]
[sleeps.answer]
format = "lines"

[sleeps-later]
command = ["sh", "-c", "echo {colors}; sleep 1000"]
[sleeps-later.answer]
format = "lines"
"""


@pytest.mark.parametrize(
    ("name", "outcome", "kept", "message"),
    [
        ("answers", Outcome.CRASHED, True, "sh ended with exit code 5"),
        ("silent", Outcome.CRASHED, False, "sh ended with exit code 5"),
        ("sleeps", Outcome.TIMED_OUT, False, ""),
        ("sleeps-later", Outcome.SOLVED, True, ""),
    ],
)
def test_programs_that_end_badly_or_never(
    instance: Instance, tmp_path: Path, name: str, outcome: Outcome, kept: bool, message: str
) -> None:
    file = tmp_path / "programs.toml"
    file.write_text(PROGRAMS.replace("{colors}", " ".join(map(str, range(instance.nodes)))))
    seconds = 0.3 if "sleeps" in name else 20.0
    effort = Effort(seconds, 0.5, 1, 1 << 30)
    trial = Trial(instance, Contender(find_solver(f"{file}:{name}")), 0, effort)
    record, colors = run_trial(trial)
    assert (record.outcome, record.message) == (outcome, message)
    assert record.objective == (23.0 if kept else None)
    assert (colors is not None) == kept


def test_preparing_is_outside_the_clock(instance: Instance, solvers: Path) -> None:
    record, _ = run_trial(trial_of(instance, f"{solvers}:prepared"))
    assert record.outcome is Outcome.SOLVED
    assert record.setup > 0.3 > record.runtime


@pytest.mark.parametrize("name", ["dsatur", "tabucol", "cpsat", "auto"])
def test_solvers_of_ours(instance: Instance, name: str) -> None:
    # Compiling takes memory as well, where no kernel is in the cache yet.
    trial = trial_of(instance, name, 20.0 if name != "tabucol" else 0.5, memory=1 << 30)
    record, colors = run_trial(trial)
    assert record.outcome is Outcome.SOLVED
    assert colors is not None
    graph = generators.mycielski(4)
    assert check(ColoringProblem(graph), colors).objective == record.objective == 5.0
    assert record.optimal == (name in ("cpsat", "auto"))
    assert [point.objective for point in record.trace][-1] == 5.0
    assert record.versions["geocolor"]


def test_an_instance_that_changed_or_is_gone_is_no_fault_of_the_solver(
    instance: Instance, folder: Path
) -> None:
    other = folder / "other.col"
    write(generators.mycielski(3), other)
    changed = Instance(**{**vars(instance), "path": str(other)})
    with pytest.raises(InputError, match="has changed since"):
        run_trial(trial_of(changed, "dsatur"))
    gone = Instance(**{**vars(instance), "path": str(folder / "none.col")})
    with pytest.raises(InputError, match=r"none\.col"):
        run_trial(trial_of(gone, "dsatur"))


def test_a_worker_with_other_code_is_refused(instance: Instance) -> None:
    info = find_solver("dsatur")
    trial = Trial(instance, Contender(info, {"build": "0" * 64}), 0, Effort(1.0, 0.5))
    with pytest.raises(InputError, match="another version of the solver"):
        run_trial(trial)


def test_colors_survive_the_journey() -> None:
    colors = np.array([0, 5, 2**30, 1], dtype=np.int32)
    assert unpack(pack(colors)).tolist() == colors.tolist()


def test_what_a_dying_run_found_last_is_kept(
    instance: Instance, tmp_path: Path, folder: Path
) -> None:
    (tmp_path / "late.py").write_text(
        textwrap.dedent(
            """
            import ctypes
            import numpy as np

            def late(problem, search):
                count = problem.graph.num_nodes
                search.offer(np.arange(count))
                rest = np.arange(count)
                rest[-1] = next(c for c in range(count) if not any(
                    rest[v] == c for v in problem.graph.conflicts.neighbors(count - 1)))
                search.offer(rest)
                ctypes.string_at(0)
            """
        )
    )
    record, colors = run_trial(trial_of(instance, f"{tmp_path}/late.py:late"))
    assert record.outcome is Outcome.CRASHED
    assert (record.objective, len(record.trace)) == (22.0, 2)
    assert colors is not None


@pytest.mark.parametrize("bound", ["float('inf')", "float('nan')"])
def test_an_impossible_bound_is_wrong(instance: Instance, tmp_path: Path, bound: str) -> None:
    (tmp_path / "bound.py").write_text(
        f"def claims(problem, search):\n    search.raise_lower_bound({bound})\n"
    )
    record, _ = run_trial(trial_of(instance, f"{tmp_path}/bound.py:claims"))
    assert record.outcome is Outcome.WRONG


def test_a_refusal_passed_over_in_silence_is_wrong(instance: Instance, tmp_path: Path) -> None:
    (tmp_path / "silent.py").write_text(
        "import numpy as np\n"
        "def hides(problem, search):\n"
        "    try:\n"
        "        search.offer(np.zeros(problem.graph.num_nodes, dtype=int))\n"
        "    except Exception:\n"
        "        search.offer(np.arange(problem.graph.num_nodes))\n"
    )
    record, _ = run_trial(trial_of(instance, f"{tmp_path}/silent.py:hides"))
    assert record.outcome is Outcome.WRONG


def test_a_message_is_one_line_of_text(instance: Instance, tmp_path: Path) -> None:
    (tmp_path / "odd.py").write_text(
        "def odd(problem, search):\n    raise ValueError('a\\nb \\udc80' + 'x' * 1000)\n"
    )
    record, _ = run_trial(trial_of(instance, f"{tmp_path}/odd.py:odd"))
    assert record.message.startswith("ValueError: a b ?xxx")
    assert len(record.message) == 500
