"""Exact models are refused where memory would not do, and running out of it keeps the incumbent."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from geocolor.graph import ConflictGraph, gnp
from geocolor.problem import (
    ColoringProblem,
    CorrelationClusteringProblem,
    PartitionProblem,
    Problem,
)
from geocolor.solvers import Status, StopReason, memory, solve
from geocolor.solvers.memory import memory_left, too_much


def weighted(count: int) -> ConflictGraph:
    weights = np.triu(np.random.default_rng(0).normal(size=(count, count)), 1)
    return ConflictGraph.from_dense(weights + weights.T)


CASES: list[tuple[str, Problem]] = [
    ("cpsat", ColoringProblem(gnp(60, 0.5, seed=0))),
    ("cpsat", PartitionProblem(weighted(30), 5)),
    ("sat", ColoringProblem(gnp(60, 0.5, seed=0))),
    ("set-partition", PartitionProblem(weighted(30), 5)),
    ("edge-lp", CorrelationClusteringProblem(weighted(30))),
]


def only(monkeypatch: pytest.MonkeyPatch, left: float) -> None:
    monkeypatch.setattr(memory, "memory_left", lambda fresh=False: left)


@pytest.mark.parametrize(("solver", "problem"), CASES)
def test_a_model_beyond_the_memory_is_refused_with_the_incumbent(
    solver: str, problem: Problem, monkeypatch: pytest.MonkeyPatch
) -> None:
    only(monkeypatch, 1e4)
    result = solve(problem, solver, time_limit=20)
    assert (result.stop_reason, result.status) == (StopReason.MEMORY, Status.FEASIBLE)
    assert "would take some 0.0 GB, and 0.0 GB of memory are left" in result.message
    assert result.runtime < 10


def test_tables_of_subsets_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    problem = PartitionProblem(weighted(16), 4)
    only(monkeypatch, 1e6)
    result = solve(problem, "subset-dp")
    assert (result.stop_reason, result.status) == (StopReason.MEMORY, Status.UNKNOWN)
    assert "tables of all subsets would take" in result.message


@pytest.mark.parametrize("problem", [CASES[0][1], CASES[1][1], CASES[4][1]])
def test_auto_does_without(problem: Problem, monkeypatch: pytest.MonkeyPatch) -> None:
    only(monkeypatch, 1e4)
    result = solve(problem, time_limit=20, workers=1, max_iterations=2000)
    assert result.coloring is not None
    assert result.stop_reason is not StopReason.MEMORY


LIMITED = """
import json, resource, sys, threading
import numpy as np
from geocolor.graph import ConflictGraph, gnp
from geocolor.problem import ColoringProblem, CorrelationClusteringProblem, PartitionProblem
from geocolor.solvers import solve

def status(name):
    with open("/proc/self/status") as file:
        return next(1024 * int(line.split()[1]) for line in file if line.startswith(name))

def problem(kind, count):
    if kind == "coloring":
        return ColoringProblem(gnp(count, 0.5, seed=0))
    weights = np.triu(np.random.default_rng(0).normal(size=(count, count)), 1)
    graph = ConflictGraph.from_dense(weights + weights.T)
    few = PartitionProblem(graph, max(2, count // 4))
    return CorrelationClusteringProblem(graph) if kind == "correlation" else few

name, kind, count, share = sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4])
solve(problem(kind, 14), name, time_limit=60, workers=1, max_iterations=100)  # imports, kernels
asked = problem(kind, count)
start = np.arange(count) if kind != "partition" else np.arange(count) % max(2, count // 4)
before = most = status("VmSize")
done = threading.Event()

def watch():  # the process's own peak may be from before
    global most
    while not done.wait(0.005):
        most = max(most, status("VmSize"))

if share:
    limit = before + int(share)
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
else:
    threading.Thread(target=watch, daemon=True).start()
result = solve(asked, name, time_limit=5, workers=1, initial=start, max_iterations=20_000)
done.set()
print(json.dumps([result.stop_reason, result.objective, most - before]))
"""


def limited(*arguments: object) -> Any:
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, *map(str, arguments)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="address space is limited on Linux only")
@pytest.mark.parametrize(
    ("name", "kind", "count"),
    [
        ("cpsat", "coloring", 120),
        ("sat", "coloring", 150),
        ("columns", "coloring", 120),
        ("memetic", "coloring", 4000),
        ("subset-dp", "partition", 20),
        ("set-partition", "partition", 300),
        ("spectral", "partition", 1500),
        ("gaec", "correlation", 2000),
        ("edge-lp", "correlation", 200),
        ("auto", "coloring", 1000),
        ("auto", "partition", 300),
        ("auto", "correlation", 1000),
    ],
)
def test_half_of_the_need_keeps_the_incumbent(name: str, kind: str, count: int) -> None:
    _, _, need = limited(name, kind, count, 0)
    reason, objective, _ = limited(name, kind, count, need / 2)
    sys.stdout.write(f"{name} {kind} {count}: half of {need / 1e6:.0f} MB: {reason}\n")
    assert objective is not None


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine of files, with 8 GB to have and no groups."""
    meminfo, cgroup = tmp_path / "meminfo", tmp_path / "cgroup"
    meminfo.write_text("MemTotal: 16000000 kB\nMemFree: 1 kB\nMemAvailable: 8000000 kB\n")
    cgroup.write_text("")
    monkeypatch.setattr(memory, "_MEMINFO", meminfo)
    monkeypatch.setattr(memory, "_CGROUP", cgroup)
    monkeypatch.setattr(memory, "_CGROUPS", tmp_path / "groups")
    monkeypatch.setattr(memory, "_process", lambda fresh: math.inf)
    return tmp_path


def group(folder: Path, files: tuple[str, str, str], most: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / files[0]).write_text(f"{most}\n")
    (folder / files[1]).write_text("500000000\n")
    (folder / "memory.stat").write_text(f"anon 7\n{files[2]} 100000000\n")


V2, V1 = memory._CGROUP_FILES


def test_the_machine_tells(machine: Path) -> None:
    assert memory_left() == 8e6 * 1024


@pytest.mark.parametrize(
    ("line", "folder", "files"),
    [
        ("0::/user/solve", "user/solve", V2),
        ("0::/user/solve", "user", V2),  # the limit of a group around
        ("0::/not/seen/in/a/container", ".", V2),
        ("4:cpu,memory:/docker/a", "memory/docker/a", V1),
    ],
)
def test_control_groups_tell(
    line: str, folder: str, files: tuple[str, str, str], machine: Path
) -> None:
    (machine / "cgroup").write_text(f"3:cpuset:/\n{line}\n")
    group(machine / "groups" / folder, files, "1500000000")
    assert memory_left() == 1.1e9
    group(machine / "groups" / folder, files, "max")
    assert memory_left() == 8e6 * 1024


def test_where_nothing_tells_there_is_no_limit(machine: Path) -> None:
    (machine / "meminfo").unlink()
    (machine / "cgroup").unlink()
    assert memory_left() == math.inf
    assert too_much(1e300, "everything") is None
    (machine / "meminfo").write_text("MemTotal: 1 kB\n")
    assert memory_left() == math.inf


def test_a_limit_of_the_process_tells() -> None:
    code = (
        "import resource; from geocolor.solvers.memory import memory_left, too_much; "
        "most = 2_000_000_000; resource.setrlimit(resource.RLIMIT_AS, (most, most)); "
        "print(memory_left(), memory_left(fresh=True), too_much(3e9, 'it'))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    left, fresh, told = done.stdout.split(maxsplit=2)
    assert 0 < float(left) < 2e9
    assert float(fresh) <= 1.3e9
    assert told.startswith("it would take some 3.0 GB, and ")
