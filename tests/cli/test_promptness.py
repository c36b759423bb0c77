"""Every solver, interrupted in a process of its own: what it had is in the file a second later."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from random import Random

import psutil
import pytest

from geocolor.bench.promptness import Question
from geocolor.bench.promptness.questions import start_of
from geocolor.io import read_solution, write
from geocolor.problem import PartitionProblem, check
from geocolor.solvers import SOLVERS

CASES = [(name, kind) for name, info in SOLVERS.items() for kind in sorted(info.kinds)]
# Some ask for long ones, so that there is time for a signal.
NODES = {"subset-dp": 18, "russian-doll": 128}
OPTIONS = {
    "coloring": ["--problem", "coloring"],
    "equitable": ["--equitable"],
    "partition": ["--problem", "partition"],
    "capacitated-partition": ["--problem", "partition"],
    "group-partition": ["--problem", "partition", "--cost", "normalized"],
    "correlation": ["--problem", "correlation"],
}


def spent(process: psutil.Process) -> float:
    """Processor seconds of a process and its workers."""
    used = [process.cpu_times(), *(each.cpu_times() for each in process.children())]
    return sum(each.user + each.system for each in used)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="processor time of another process")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize(("name", "kind"), CASES)
def test_a_signal_at_any_moment(
    name: str, kind: str, number: signal.Signals, tmp_path: Path
) -> None:
    nodes = NODES.get(name, 200)
    problem = Question(kind, nodes, nodes // 2).make()
    start = start_of(problem)
    assert start is not None
    graph, initial, out, kept = (
        tmp_path / each for each in ("graph.json", "start.csv", "out.json", "kept")
    )
    write(problem.graph, graph)
    rows = [f"{problem.graph.label(at)},{color}" for at, color in enumerate(start)]
    initial.write_text("\n".join(["node,color", *rows]) + "\n")
    options = [*OPTIONS[kind], "--solver", name, "--time-limit", "60s", "--workers", "2"]
    options += ["--initial", str(initial), "--checkpoint", str(kept), "-o", str(out), "--json"]
    if kind.endswith("partition"):
        options += ["--colors", str(problem.k)]
    if isinstance(problem, PartitionProblem) and problem.sizes is not None:
        sizes = tmp_path / "sizes.txt"
        labels = map(problem.graph.label, range(nodes))
        sizes.write_text("".join(f"{a} {b}\n" for a, b in zip(labels, problem.sizes, strict=True)))
        options += ["--capacity", str(problem.capacity), "--sizes", str(sizes)]
    process = subprocess.Popen(
        [sys.executable, "-m", "geocolor", "solve", str(graph), *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    # Some seconds of work, or of waiting for a worker's.
    moment = Random(f"{name} {kind} {number}").uniform(0.8, 3.0)  # noqa: S311
    began, seen = time.monotonic(), psutil.Process(process.pid)
    while process.poll() is None and spent(seen) < moment and time.monotonic() - began < 20:
        time.sleep(0.01)
    before, used = os.times(), spent(seen) if process.poll() is None else 0.0
    process.send_signal(number)
    sent = time.monotonic()
    stdout, stderr = process.communicate(timeout=100)
    wall = time.monotonic() - sent
    after = os.times()
    cpu = after.children_user + after.children_system - before.children_user
    cpu -= before.children_system + used
    sys.stdout.write(
        f"{name} {kind} {number.name}: code {process.returncode}, {wall:.2f} s wall, "
        f"{cpu:.2f} s cpu, {'written' if out.exists() else 'nothing begun'}\n"
    )
    # The signal may come as Python ends, with all written.
    ending = process.returncode == -number
    assert process.returncode in (0, 130) or ending, stderr
    assert ending or "Traceback" not in stderr
    assert min(wall, cpu) <= 1.0
    # Who had begun had a start, so that there is an answer and a checkpoint.
    assert out.exists() == bool(stdout) == kept.exists()
    assert out.exists() or not ending
    if out.exists():
        colors = read_solution(out).colors
        assert colors is not None
        report = check(problem, colors)
        assert report.objective <= check(problem, start).objective
        assert json.loads(kept.read_text())["colors"] is not None
    hidden = [path.name for path in tmp_path.iterdir() if path.name.startswith(".")]
    assert hidden == []
