"""Exact models are refused where memory would not do, and running out of it keeps the incumbent."""

from __future__ import annotations

import json
import math
import subprocess
import sys
import time
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
from geocolor.solvers import (
    Search,
    SolveResult,
    SolverInfo,
    Status,
    StopReason,
    highs,
    memory,
    solve,
)
from geocolor.solvers.memory import lacks_memory, memory_left, too_much
from geocolor.solvers.solve import answer


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
    problem = PartitionProblem(weighted(18), 4)
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
import psutil
from geocolor.graph import ConflictGraph, gnp
from geocolor.problem import (
    ColoringProblem, CorrelationClusteringProblem, EquitableColoringProblem,
    GroupPartitionProblem, NormalizedPairSum, PartitionProblem,
)
from geocolor.solvers import solve
from geocolor.solvers.registry import load_solver

def problem(kind, count):
    k = max(2, count // 4)
    if kind in ("coloring", "equitable"):
        graph = gnp(count, 0.5, seed=0)
        return ColoringProblem(graph) if kind == "coloring" else EquitableColoringProblem(graph)
    weights = np.triu(np.random.default_rng(0).normal(size=(count, count)), 1)
    graph = ConflictGraph.from_dense(weights + weights.T)
    if kind == "partition":
        return PartitionProblem(graph, k)
    if kind == "capacitated":
        return PartitionProblem(graph, k, [1] * count, 8)
    if kind == "group":
        return GroupPartitionProblem(graph, k, NormalizedPairSum())
    return CorrelationClusteringProblem(graph)

name, kind = sys.argv[1:3]
count, needs, first = map(json.loads, sys.argv[3:6])
solve(problem(kind, 14), name, time_limit=60, workers=1, max_iterations=100)  # imports, kernels
asked = problem(kind, count)
solver = load_solver(name, asked)[1]
if hasattr(solver, "prepare"):  # its worker
    solver.prepare(asked)
free = kind in ("coloring", "equitable", "correlation")
start = np.arange(count) % (count if free else max(2, count // 4))
# This process and its workers, in the order of their start, with the address space they have.
family = [psutil.Process(), *psutil.Process().children()]
before = [each.memory_info().vms for each in family]
most = list(before)
done = threading.Event()

def watch():  # the peaks that are kept may be from before
    while not done.wait(0.005):
        for at, each in enumerate(family):
            try:
                most[at] = max(most[at], each.memory_info().vms)
            except psutil.NoSuchProcess:
                pass

if needs:
    for each, had, need in list(zip(family, before, needs, strict=True))[first:]:
        limit = had + need // 2
        resource.prlimit(each.pid, resource.RLIMIT_AS, (limit, limit))
else:
    threading.Thread(target=watch, daemon=True).start()
result = solve(asked, name, time_limit=8, workers=1, initial=start, max_iterations=20_000)
done.set()
taken = [int(peak - had) for peak, had in zip(most, before)]
print(json.dumps([result.stop_reason, result.objective, taken, result.message]))
"""


def limited(*arguments: object) -> Any:
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, *map(str, arguments)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


# Every exact solver, and the heuristics with tables of their own.
HUNGRY = [
    ("cpsat", "coloring", 200),
    ("cpsat", "partition", 60),
    ("cpsat", "correlation", 90),
    ("cpsat", "capacitated", 60),
    ("sat", "coloring", 250),
    ("columns", "coloring", 250),
    ("dsatur-exact", "coloring", 400),
    ("subset-dp", "partition", 20),
    ("subset-dp", "correlation", 20),
    ("subset-dp", "group", 20),
    ("set-partition", "partition", 300),
    ("set-partition", "capacitated", 100),
    ("set-partition", "group", 200),
    ("edge-lp", "correlation", 400),
    ("auto", "coloring", 1000),
    ("auto", "equitable", 200),
    ("auto", "partition", 300),
    ("auto", "capacitated", 100),
    ("auto", "group", 200),
    ("auto", "correlation", 1000),
    ("memetic", "coloring", 4000),
    ("spectral", "partition", 1500),
    ("gaec", "correlation", 2000),
]


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="address space is limited on Linux only")
@pytest.mark.parametrize(("name", "kind", "count"), HUNGRY)
def test_half_of_the_need_keeps_the_incumbent(name: str, kind: str, count: int) -> None:
    _, _, needs, _ = limited(name, kind, count, [], 0)
    told = ", ".join(f"{need / 1e6:.0f} MB" for need in needs)
    # The whole family, then the workers alone, which the estimates before know nothing of.
    for first in range(len(needs[:2])):
        reason, objective, _, message = limited(name, kind, count, needs, first)
        sys.stdout.write(f"{name} {kind} {count}: half of {told}: {reason} {message}\n")
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


@pytest.mark.parametrize(
    ("error", "lacks"),
    [
        (MemoryError(), True),
        (RuntimeError("can't start new thread"), True),
        (ImportError("libhighs.so: failed to map segment from shared object"), True),
        ("cannot allocate memory for thread-local data: ABORT", True),
        ("  what():  std::bad_alloc", True),
        (RuntimeError("no such luck"), False),
        ("Segmentation fault", False),
    ],
)
def test_errors_that_come_of_memory(error: BaseException | str, lacks: bool) -> None:
    assert lacks_memory(error) is lacks


def solver_that_raises(error: BaseException) -> SolveResult:
    def raising(problem: Problem, search: Search) -> None:
        search.offer([0, 1, 2])
        raise error

    problem = ColoringProblem(gnp(3, 0.0))
    search = Search(problem, started=time.monotonic(), time_limit=9, seed=0, workers=1)
    return answer(SolverInfo("raising", "", frozenset({"coloring"}), False, ""), raising, search)


@pytest.mark.parametrize("error", [MemoryError(), RuntimeError("can't start new thread")])
def test_running_out_of_memory_keeps_the_incumbent(error: Exception) -> None:
    result = solver_that_raises(error)
    assert (result.stop_reason, result.num_colors) == (StopReason.MEMORY, 3)


def test_other_errors_are_raised() -> None:
    with pytest.raises(RuntimeError, match="no such luck"):
        solver_that_raises(RuntimeError("no such luck"))


def test_highs_without_memory_is_no_failure_of_highs() -> None:
    class Hungry:
        class Place:
            def subscribe(self, _: object) -> None:
                pass

            unsubscribe = subscribe

        cbSimplexInterrupt = cbIpmInterrupt = cbMipInterrupt = Place()  # noqa: N815

        def solve(self) -> None:
            raise MemoryError

    with pytest.raises(MemoryError):
        highs.run(Hungry(), lambda: False)
