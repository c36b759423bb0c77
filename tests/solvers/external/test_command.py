"""Programs as solvers: real ones, small, that behave in every way a program may."""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from geocolor.errors import InputError, SolverError, UnreadableAnswerError, WrongAnswerError
from geocolor.graph import ConflictGraph, generators
from geocolor.io import write
from geocolor.problem import ColoringProblem, CorrelationClusteringProblem
from geocolor.solvers import SolveResult, Status, StopReason, solve
from geocolor.solvers.external import readers

# Reads DIMACS; greedy(order) colors first fit.
READ = """
import itertools, json, os, signal, sys, time
neighbors = {}
for line in open(sys.argv[1]):
    words = line.split()
    if words[0] == "p":
        neighbors = {v: set() for v in range(1, int(words[2]) + 1)}
    else:
        u, v = int(words[1]), int(words[2])
        neighbors[u].add(v)
        neighbors[v].add(u)

def greedy(order):
    colors = {}
    for v in order:
        seen = {colors[u] for u in neighbors[v] if u in colors}
        colors[v] = next(c for c in itertools.count() if c not in seen)
    return [colors[v] for v in sorted(neighbors)]

colors = greedy(sorted(neighbors))
"""
SOL = """
print("c mine"); print("s col", max(colors) + 1)
for v, c in enumerate(colors, 1): print("l", v, c + 1)
"""
LINES = {"format": "lines"}
QUEEN = generators.queen(5, 5)

Run = Callable[..., SolveResult]


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where temporary folders go, to see that none stays."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.fixture
def run(tmp_path: Path, temporary: Path) -> Run:
    """Solve with a program given by its source and the keys of its TOML entry."""

    def call(
        source: str,
        answer: dict[str, Any],
        problem: Any = QUEEN,
        *,
        arguments: tuple[str, ...] = ("{input}",),
        time_limit: float | None = 30.0,
        seed: int = 0,
        **keys: Any,
    ) -> SolveResult:
        (tmp_path / "program.py").write_text(source)
        keys["command"] = [sys.executable, "-u", "{here}/program.py", *arguments]
        lines = ["[mine]", *(f"{key} = {json.dumps(value)}" for key, value in keys.items())]
        lines += [
            "[mine.answer]",
            *(f"{key} = {json.dumps(value)}" for key, value in answer.items()),
        ]
        (tmp_path / "mine.toml").write_text("\n".join(lines))
        try:
            return solve(problem, f"{tmp_path}/mine.toml:mine", time_limit=time_limit, seed=seed)
        finally:
            assert list(temporary.iterdir()) == []

    return call


@pytest.mark.parametrize(
    ("prints", "answer"),
    [
        (SOL, {"format": "sol"}),
        ("print('# all in one line'); print(*colors)", LINES),
        ("for c in colors: print(c)", LINES),
        ("print(json.dumps({'a': {'b': colors}}, indent=1))", {"format": "json", "key": "a.b"}),
        ("print(json.dumps(colors))", {"format": "json", "key": ""}),
        (
            "print('hello'); print(*(f'{v}={c}' for v, c in enumerate(colors)))",
            {"format": "pattern", "pattern": r"(?P<node>\d+)=(?P<color>\d+)", "first_node": 0},
        ),
    ],
)
def test_every_format_from_stdout_and_from_a_file(run: Run, prints: str, answer: dict) -> None:
    first = run(READ + prints, answer)
    assert (first.status, first.stop_reason) == (Status.FEASIBLE, StopReason.COMPLETED)
    into_file = READ + "out, sys.stdout = sys.stdout, open(sys.argv[2], 'w')\n" + prints
    second = run(into_file, {**answer, "read": "output"}, arguments=("{input}", "{output}"))
    assert np.array_equal(first.coloring.colors, second.coloring.colors)


def test_json_input_for_weighted_problems(run: Run) -> None:
    source = """
import json, sys
graph = json.load(open(sys.argv[1]))
assert graph["weights"] == [[0, 1, -2.0], [1, 2, 1.0]] and graph["conflicts"] == [[0, 2]]
print("0 0 1")
"""
    graph = ConflictGraph.from_edges(3, [(0, 1), (1, 2)], [-2.0, 1.0], conflicts=[(0, 2)])
    kinds = ["correlation"]
    result = run(source, LINES, CorrelationClusteringProblem(graph), kinds=kinds, input="json")
    assert result.objective == -2.0


def test_what_the_program_is_told(run: Run) -> None:
    source = (
        READ
        + """
k, seed, limit, seconds, threads = sys.argv[2:7]
assert (k, seed) == ("9", "107"), sys.argv
assert 0 < float(limit) <= 30 and int(seconds) == 30, sys.argv
assert threads == os.environ["OMP_NUM_THREADS"]
assert sys.argv[7] == "a b;{x y}*$HOME"
assert sys.argv[1] == "graph.col" and os.listdir() == ["graph.col"]
assert sys.stdin.read() == ""
print(*colors)
"""
    )
    told = ("{input}", "{k}", "{seed}", "{time_limit}", "{seconds}", "{threads}", "a b;{x y}*$HOME")
    problem = ColoringProblem(QUEEN, 9)
    result = run(source, LINES, problem, arguments=told, seed=7, first_seed=100)
    assert result.coloring is not None


def test_better_and_better_answers_count_as_they_come(run: Run) -> None:
    source = (
        READ
        + """
print(*range(25)); time.sleep(0.05); print("bound 5.0"); print(*colors); print("done: optimal")
"""
    )
    answer = {**LINES, "bound": r"^bound (?P<bound>\S+)", "optimal": "optimal$"}
    problem = ColoringProblem(generators.gnp(25, 0.5, seed=1))
    result = run(source, answer, problem)
    assert result.trace[0].objective == 25
    assert result.trace[1].lower_bound == 5.0
    assert result.status is Status.OPTIMAL
    assert result.objective < 25


def test_success_decides_whether_an_answer_counts(run: Run) -> None:
    answer = {**LINES, "success": "^legal$"}
    assert run(READ + "print('chatter'); print('legal'); print(*colors)", answer).coloring
    failed = run(READ + "print('chatter'); print(*[0] * 25)", answer)
    assert (failed.status, failed.stop_reason) == (Status.UNKNOWN, StopReason.COMPLETED)


def test_claims_of_infeasibility(run: Run) -> None:
    answer = {**LINES, "infeasible": "^UNSAT"}
    result = run("print('UNSAT'); raise SystemExit(20)", answer, ColoringProblem(QUEEN, 4))
    assert result.status is Status.INFEASIBLE


def test_more_classes_than_asked_of_a_program_that_was_not_told(run: Run) -> None:
    result = run("print(*range(25))", LINES, ColoringProblem(QUEEN, 6))
    assert result.status is Status.UNKNOWN
    assert "25 classes, 6 were asked for" in result.message
    with pytest.raises(WrongAnswerError, match="25 colors, but at most 6"):
        run("print(*range(25))", LINES, ColoringProblem(QUEEN, 6), arguments=("{k}",))


def test_no_nodes_need_no_program(run: Run) -> None:
    assert run("raise SystemExit(3)", LINES, ConflictGraph.from_edges(0)).num_colors == 0


def test_a_wrong_coloring_is_caught(run: Run) -> None:
    with pytest.raises(WrongAnswerError, match="conflict and both have color 0"):
        run("print(*[0] * 25)", LINES)


PAIRS = {"format": "pattern", "pattern": r"(?P<node>\w+)=(?P<color>\S+)"}


@pytest.mark.parametrize(
    ("prints", "answer", "message"),
    [
        ("print('I am lost')", {"format": "sol"}, "not a line of a .sol solution: 'I am lost'"),
        ("print('l 1')", {"format": "sol"}, "not a line of a .sol solution: 'l 1'"),
        ("print('l 1 1')", {"format": "sol"}, "colors of 1 of 25 nodes; none for node 2"),
        ("print('l 26 1')", {"format": "sol"}, "nodes are 1 to 25, not as in: 'l 26 1'"),
        ("print('l 1 1\\nl 1 2')", {"format": "sol"}, "a second color for a node: 'l 1 2'"),
        ("print(1, 2, 'x')", LINES, "expected whole numbers: '1 2 x'"),
        ("print('\\x1b[31m' + 'y' * 999)", LINES, r"'\\x1b\[31my{95}\.\.\.'$"),
        ("print(1, 2)", LINES, "2 colors for 25 nodes"),
        ("print('9' * 30)", LINES, "expected whole numbers"),
        ("print(*range(26))", LINES, "more than 25 colors: '0 1 2 3"),
        ("print('rubbish')", PAIRS, "no colors in what it printed, which begins: 'rubbish'"),
        ("print('1=red')", PAIRS, "expected whole numbers: '1=red'"),
        ("print('{')", {"format": "json"}, "not JSON, it begins: '{'"),
        ("print('[' * 10**5)", {"format": "json"}, "not JSON"),
        ("print('[1]')", {"format": "json"}, "no key 'colors'"),
        ("print('[1]')", {"format": "json", "key": ""}, "no list of 25 colors"),
        ("print([1.5] * 25)", {"format": "json", "key": ""}, "must be a whole number: '1.5'"),
        ("print('x')", {**LINES, "bound": "(?P<bound>x)"}, "expected a bound: 'x'"),
    ],
)
def test_rubbish(run: Run, prints: str, answer: dict, message: str) -> None:
    with pytest.raises(UnreadableAnswerError, match=message) as caught:
        run(prints, answer)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize("answer", [{"format": "sol"}, LINES, PAIRS, {"format": "json"}])
@pytest.mark.parametrize("text", ["rubbish\\n", "endless"])
def test_endless_rubbish(
    run: Run, answer: dict, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (readers, sys.modules["geocolor.solvers.external.program"]):
        monkeypatch.setattr(module, "LONGEST_ANSWER", 1 << 21)
    with pytest.raises(UnreadableAnswerError, match=r"rubbish|over 2 MiB"):
        run(f"import os\nwhile True: os.write(1, b'{text}' * 9999)", answer)


@pytest.mark.skipif(sys.platform != "linux", reason="limits of another process are Linux's")
def test_endless_rubbish_in_a_file(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    program = sys.modules["geocolor.solvers.external.program"]
    monkeypatch.setattr(program, "LONGEST_ANSWER", 1 << 20)
    source = """
import signal, sys, time
time.sleep(0.2)
signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
file = open(sys.argv[1], "wb", buffering=0)
while True: file.write(b"rubbish" * 9999)
"""
    with pytest.raises(SolverError, match="SIGXFSZ"):
        run(source, {**LINES, "read": "output"}, arguments=("{output}",))


def test_a_bad_end(run: Run) -> None:
    with pytest.raises(SolverError, match=r"ended with exit code 3: 'last \\x07words'$"):
        run("import sys; sys.stderr.write('first\\nlast \\awords\\n'); sys.exit(3)", LINES)
    with pytest.raises(SolverError, match="was killed by signal SIGSEGV"):
        run("import os; os.kill(os.getpid(), 11)", LINES)
    # In the middle of an answer: how it ended says more than where.
    with pytest.raises(SolverError, match="was killed by signal SIGKILL"):
        run("import os; print(1, 2); os.kill(os.getpid(), 9)", LINES)
    # What it claims is worth nothing then.
    answer = {**LINES, "infeasible": "^UNSAT", "optimal": "^best"}
    with pytest.raises(SolverError, match="ended with exit code 5"):
        run("print('UNSAT'); raise SystemExit(5)", answer, ColoringProblem(QUEEN, 4))
    source = READ + "print(*colors); print('best'); sys.exit('lost')"
    result = run(source, answer)
    assert (result.status, result.stop_reason) == (Status.FEASIBLE, StopReason.FAILED)
    assert result.message.endswith("ended with exit code 1: 'lost'")


def test_a_bad_end_ends_the_descent(run: Run) -> None:
    source = READ + "print(*colors); os.kill(os.getpid(), 11)"
    result = run(source, LINES, arguments=("{input}", "{k}"), mode="descend")
    assert (result.status, result.stop_reason) == (Status.FEASIBLE, StopReason.FAILED)
    assert "was killed by signal SIGSEGV" in result.message


def test_codes_of_sat_solvers_are_good_ends(run: Run) -> None:
    result = run(READ + "print(*colors); sys.exit(10)", LINES)
    assert (result.status, result.stop_reason) == (Status.FEASIBLE, StopReason.COMPLETED)
    with pytest.raises(SolverError, match="ended with exit code 20"):
        run("raise SystemExit(20)", LINES)


def test_nothing_printed_is_no_answer(run: Run) -> None:
    result = run("pass", {"format": "sol"})
    assert (result.status, result.stop_reason) == (Status.UNKNOWN, StopReason.COMPLETED)


def ended(pid: int) -> bool:
    """Whether a process is gone, or waits for whoever started it to notice."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks at processes in /proc")
def test_deaf_to_everything_it_is_ended_with_its_children(run: Run, tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    source = (
        READ
        + f"""
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = os.fork()
if child:
    open({str(pids)!r}, "w").write(f"{{os.getpid()}} {{child}}")
    print(*colors)
while True: time.sleep(100)
"""
    )
    result = run(source, LINES, time_limit=1.0)
    assert (result.status, result.stop_reason) == (Status.FEASIBLE, StopReason.TIME)
    for pid in map(int, pids.read_text().split()):
        patience = time.monotonic() + 10
        while not ended(pid) and time.monotonic() < patience:
            time.sleep(0.01)
        assert ended(pid)


def test_asked_to_end_it_may_print_its_best(run: Run) -> None:
    source = (
        READ
        + """
def last(number, frame):
    print(*colors)
    os._exit(0)

signal.signal(signal.SIGTERM, last)
print(*range(25))
os.close(2)
while True: time.sleep(100)
"""
    )
    result = run(source, LINES, time_limit=1.0)
    assert result.stop_reason is StopReason.TIME
    assert result.objective < 25


def test_half_an_answer_at_the_limit_is_no_fault(run: Run) -> None:
    source = READ + "print(*colors); print(1, 2)\nwhile True: time.sleep(100)"
    result = run(source, LINES, time_limit=1.0)
    assert (result.status, result.stop_reason) == (Status.FEASIBLE, StopReason.TIME)


def test_ctrl_c_ends_the_program_and_keeps_the_answer(run: Run, tmp_path: Path) -> None:
    told = tmp_path / "pid"
    source = (
        READ
        + f"""
print(*colors)
open({str(told)!r}, "w").write(str(os.getpid()))
time.sleep(0.3)
os.kill({os.getpid()}, signal.SIGINT)
while True: time.sleep(100)
"""
    )
    result = run(source, LINES)
    assert (result.status, result.stop_reason) == (Status.FEASIBLE, StopReason.INTERRUPT)
    # Long before the time limit.
    until = time.monotonic() + 5
    while Path(f"/proc/{told.read_text()}").exists():
        assert time.monotonic() < until
        time.sleep(0.05)


# Colors with k classes by trying greedy orders; fails after so many.
DESCEND = (
    READ
    + """
import random
k, seed = int(sys.argv[2]), int(sys.argv[3])
draw = random.Random(seed)
for _ in range(TRIES):
    order = sorted(neighbors)
    draw.shuffle(order)
    colors = greedy(order)
    if max(colors) < k:
        print("found"); print(*colors); break
else:
    print("failed with", k)
"""
)
DOWN = {"mode": "descend", "arguments": ("{input}", "{k}", "{seed}")}
FOUND = {**LINES, "success": "^found$"}


# DSATUR colors it with 9 classes, random orders with 8.
BEATEN = generators.gnp(30, 0.5, seed=2)


def test_descend_until_it_fails(run: Run) -> None:
    result = run(DESCEND.replace("TRIES", "3000"), FOUND, BEATEN, **DOWN)
    assert result.stop_reason is StopReason.COMPLETED
    assert result.num_colors == 8
    assert [point.objective for point in result.trace][-2:] == [9, 8]
    assert "none with 7 classes" in result.message


def test_descend_credits_a_program_with_nothing_it_did_not_do(run: Run) -> None:
    failing = DESCEND.replace("TRIES", "0")
    result = run(failing, FOUND, BEATEN, **DOWN)
    assert (result.status, result.trace[-1].objective) == (Status.UNKNOWN, None)
    assert "none with 30 classes" in result.message


def test_descend_begins_higher_if_the_program_is_weak(run: Run) -> None:
    # It needs 12 classes where DSATUR needs 9, and says nothing below.
    weak = DESCEND.replace("TRIES", "3000 * (k >= 12)")
    result = run(weak, FOUND, BEATEN, **DOWN)
    assert result.num_colors is not None
    assert result.num_colors <= 12
    assert result.stop_reason is StopReason.COMPLETED


def test_descend_with_k_given(run: Run) -> None:
    failing = DESCEND.replace("TRIES", "0")
    assert run(failing, FOUND, ColoringProblem(BEATEN, 8), **DOWN).status is Status.UNKNOWN
    able = DESCEND.replace("TRIES", "3000")
    assert run(able, FOUND, ColoringProblem(BEATEN, 8), **DOWN).num_colors <= 8


def test_an_answer_of_the_call_before_does_not_count_again(run: Run) -> None:
    able = DESCEND.replace("TRIES", "3000")
    source = able.replace("print(*colors)", "print(*colors, file=open(sys.argv[4], 'w'))")
    source = source.replace("if max", "if k == 7: sys.exit(3)\n    if max")
    answer = {**LINES, "read": "output"}
    with pytest.raises(SolverError, match="ended with exit code 3"):
        run(source, answer, BEATEN, mode="descend", arguments=(*DOWN["arguments"], "{output}"))


def test_descend_by_claims(run: Run) -> None:
    claims = {**FOUND, "infeasible": "^failed"}
    result = run(DESCEND.replace("TRIES", "3000 * (k > 8)"), claims, BEATEN, **DOWN)
    assert (result.status, result.num_colors) == (Status.OPTIMAL, 9)  # on the program's word
    result = run(DESCEND.replace("TRIES", "0"), claims, ColoringProblem(BEATEN, 8), **DOWN)
    assert result.status is Status.INFEASIBLE


def test_descend_with_restarts_draws_new_seeds(run: Run, tmp_path: Path) -> None:
    log = tmp_path / "log"
    source = f"import sys; open({str(log)!r}, 'a').write(sys.argv[3] + ' ')"
    problem = ColoringProblem(generators.queen(6, 6), 7)
    result = run(source, FOUND, problem, time_limit=1.5, restart=True, seed=4, **DOWN)
    assert result.stop_reason is StopReason.TIME
    seeds = log.read_text().split()
    assert seeds[:2] == ["4", "10004"]


def test_a_program_that_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "mine.toml"
    for program, message in (
        ("no-such-program", "no program 'no-such-program'"),
        ("./mine.toml", "or it must not be executed"),
        ("$NO_SUCH_VARIABLE", "set the environment variable NO_SUCH_VARIABLE to the path"),
    ):
        file.write_text(f'[a]\ncommand = ["{program}"]\nanswer = {{format = "lines"}}')
        with pytest.raises(InputError, match=message):
            solve(QUEEN, f"{file}:a")
    script = tmp_path / "script.sh"
    script.write_text("#!/bin/sh\nexec seq 25\n")
    script.chmod(0o755)
    monkeypatch.setenv("MINE", str(script))
    for program in ("$MINE", "./script.sh", str(script)):
        file.write_text(f'[a]\ncommand = ["{program}"]\nanswer = {{format = "lines"}}')
        assert solve(QUEEN, f"{file}:a").num_colors == 25


def test_an_empty_file_cannot_be_started(tmp_path: Path) -> None:
    script = tmp_path / "script"
    script.write_text("no format that a kernel knows")
    script.chmod(0o755)
    file = tmp_path / "mine.toml"
    file.write_text('[a]\ncommand = ["./script"]\nanswer = {format = "lines"}')
    with pytest.raises(SolverError, match=r"cannot start .*script"):
        solve(QUEEN, f"{file}:a")


def test_head_needs_its_program_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GEOCOLOR_HEAD", raising=False)
    with pytest.raises(InputError, match=r"^set the environment variable GEOCOLOR_HEAD to the"):
        solve(QUEEN, "head")


def test_head_as_it_prints(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stand-in that takes HEAD's options and writes as HEAD does."""
    stand_in = tmp_path / "head"
    source = (
        READ.replace("sys.argv[1]", "sys.argv[-2]")
        + """
assert sys.argv[1:3] == ["-q", "-d"] and int(sys.argv[3]) >= 1, sys.argv
assert sys.argv[4] == "-s" and sys.argv[6] == "-o" and len(sys.argv) == 10, sys.argv
clashes = sum(colors[u - 1] >= int(sys.argv[-1]) for u in neighbors)
print("nb conflicted edges:", clashes)
with open(sys.argv[7], "a") as file:
    print(f"# Finish with {clashes} edge(s) in conflict\\n#Mon Nov 23\\n#NbLS : 210666", file=file)
    print(*(c % int(sys.argv[-1]) for c in colors), "", file=file)
"""
    )
    stand_in.write_text(f"#!{sys.executable}\n{source}")
    stand_in.chmod(0o755)
    monkeypatch.setenv("GEOCOLOR_HEAD", str(stand_in))
    result = solve(ColoringProblem(generators.queen(6, 6), 11), "head", time_limit=20)
    assert result.num_colors <= 11


@pytest.mark.slow
def test_the_real_head() -> None:
    if "GEOCOLOR_HEAD" not in os.environ:
        pytest.skip("GEOCOLOR_HEAD names no program")
    result = solve(ColoringProblem(generators.gnp(125, 0.5, seed=1), 17), "head", time_limit=60)
    assert result.num_colors == 17


def test_a_prepared_problem_has_its_graph_written(temporary: Path, tmp_path: Path) -> None:
    from geocolor.solvers import find_solver

    file = tmp_path / "mine.toml"
    file.write_text('[a]\ncommand = ["true"]\nanswer = {format = "lines"}')
    prepared = find_solver(f"{file}:a").load().prepare(ColoringProblem(QUEEN))  # type: ignore[attr-defined]
    (folder,) = temporary.iterdir()
    write(ConflictGraph.from_edges(25, QUEEN.conflicts.edges()), tmp_path / "same.col")
    assert (folder / "graph.col").read_bytes() == (tmp_path / "same.col").read_bytes()
    del prepared
    assert list(temporary.iterdir()) == []
