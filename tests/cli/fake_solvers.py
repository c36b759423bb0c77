"""Solvers whose behavior a test can rely on, registered by `register`."""

import os
import sys
import time
import types
from typing import Any

import numpy as np
import pytest

from geocolor.problem import Problem
from geocolor.solvers import SOLVERS, Outcome, Search, SolverInfo, StopReason

KINDS = frozenset({"coloring", "partition", "correlation"})


def all_apart(problem: Problem, search: Search) -> Outcome:
    """Offer a class of its own for every node."""
    search.offer(np.arange(problem.graph.num_nodes))
    search.raise_lower_bound(1.0 if problem.kind == "coloring" else -2.0)
    return Outcome(StopReason.COMPLETED, message="each node its own class")


def infeasible(problem: Problem, search: Search) -> Outcome:
    """Prove that there is no solution."""
    return Outcome(StopReason.COMPLETED, infeasible=True, message="searched everywhere")


def nothing(problem: Problem, search: Search) -> Outcome:
    """Find nothing until the time is up."""
    return Outcome(StopReason.TIME)


def endless(problem: Problem, search: Search) -> Outcome:
    """Offer a coloring, say so on stderr, and work on."""
    search.offer(np.arange(problem.graph.num_nodes))
    sys.stderr.write("ready\n")
    sys.stderr.flush()
    while True:
        time.sleep(0.01)


def endless_without(problem: Problem, search: Search) -> Outcome:
    """Work on without ever finding anything."""
    sys.stderr.write("ready\n")
    sys.stderr.flush()
    while True:
        time.sleep(0.01)


def half_second(problem: Problem, search: Search) -> Outcome:
    """Take half a second."""
    search.offer(np.arange(problem.graph.num_nodes))
    time.sleep(0.5)
    return Outcome(StopReason.COMPLETED)


def wrong(problem: Problem, search: Search) -> Outcome:
    """Offer a coloring that breaks the problem."""
    search.offer(np.zeros(problem.graph.num_nodes, dtype=int))
    return Outcome(StopReason.COMPLETED)


FAKES = (all_apart, infeasible, nothing, endless, endless_without, half_second, wrong)


def register(monkeypatch: pytest.MonkeyPatch | None = None) -> None:
    """Make the fakes known by their names, for a test or for good."""
    module = types.ModuleType("geocolor_fake_solvers")
    for fake in FAKES:
        setattr(module, fake.__name__, fake)
        info = SolverInfo(fake.__name__, "", KINDS, False, f"{module.__name__}:{fake.__name__}")
        if monkeypatch is None:
            SOLVERS[fake.__name__] = info
        else:
            monkeypatch.setitem(SOLVERS, fake.__name__, info)
    if monkeypatch is None:
        sys.modules[module.__name__] = module
    else:
        monkeypatch.setitem(sys.modules, module.__name__, module)


def slow_down_writing() -> None:
    """Let solutions take a while to write, and say on stderr when that begins."""
    from geocolor import io

    write = io.write_solution

    def slowly(path: Any, solution: Any) -> None:
        sys.stderr.write("writing\n")
        sys.stderr.flush()
        time.sleep(0.3)
        write(path, solution)

    io.write_solution = slowly


if __name__ == "__main__":
    from geocolor.cli import console
    from geocolor.cli.main import main
    from geocolor.solvers import compiling

    register()
    compiling.pending = lambda *_: []  # fakes have no kernels, and are in no hurry to end
    if "SLOW_WRITING" in os.environ:
        slow_down_writing()
    console._SHOW_AFTER = console._REFRESH = 0.1
    sys.exit(main())
