"""Ctrl-C calls work off, and whoever waits for it is heard at once."""

import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from geocolor.graph import ConflictGraph
from geocolor.problem import ColoringProblem
from geocolor.solvers import Status, StopReason
from geocolor.solvers.aside import run_aside
from geocolor.solvers.info import SolverInfo
from geocolor.solvers.search import Search
from geocolor.solvers.solve import answer


def ctrl_c(after: float = 0.0) -> None:
    timer = threading.Timer(after, os.kill, (os.getpid(), signal.SIGINT))
    timer.daemon = True
    timer.start()


def test_work_that_ends_in_time_gives_its_result() -> None:
    off = threading.Event()

    def work() -> str:
        ctrl_c()
        return "ended" if off.wait(60) else "never told"

    assert run_aside(work, off.set) == "ended"


def test_work_that_does_not_end_is_left_behind() -> None:
    off, free = threading.Event(), threading.Event()

    def work() -> None:
        ctrl_c()
        free.wait(60)

    started = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        run_aside(work, off.set)
    assert time.monotonic() - started < 30
    assert off.is_set()
    free.set()


def test_a_slow_handler_does_not_make_it_wait_for_the_end() -> None:
    """As on a busy machine, where a signal comes as the time between two looks runs out."""
    off, free = threading.Event(), threading.Event()

    def slow(number: int, frame: object) -> None:
        time.sleep(0.2)
        raise KeyboardInterrupt

    def work() -> None:
        ctrl_c()
        free.wait(60)

    before = signal.signal(signal.SIGINT, slow)
    try:
        started = time.monotonic()
        with pytest.raises(KeyboardInterrupt):
            run_aside(work, off.set)
        assert time.monotonic() - started < 30
    finally:
        signal.signal(signal.SIGINT, before)
        free.set()


def test_errors_and_interrupts_of_the_work_are_raised() -> None:
    def fail() -> None:
        raise ZeroDivisionError

    def stop() -> None:
        raise KeyboardInterrupt

    with pytest.raises(ZeroDivisionError):
        run_aside(fail, lambda: None)
    with pytest.raises(KeyboardInterrupt):
        run_aside(stop, lambda: None)


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no such timer")
def test_what_another_handler_raises_calls_the_work_off() -> None:
    off = threading.Event()

    def too_long(number: int, frame: object) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, too_long)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.05)
        with pytest.raises(TimeoutError):
            run_aside(lambda: off.wait(60), off.set)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGALRM, before)
    assert off.is_set()


def test_other_threads_do_their_work_themselves() -> None:
    seen: list[threading.Thread] = []
    thread = threading.Thread(
        target=lambda: seen.append(run_aside(threading.current_thread, lambda: None))
    )
    thread.start()
    thread.join()
    assert seen == [thread]


def test_a_solver_that_does_not_listen_keeps_its_incumbent_and_says_no_more() -> None:
    seen: list[float] = []
    search = Search(
        ColoringProblem(ConflictGraph.from_edges(3)),
        started=time.monotonic(),
        time_limit=60,
        seed=0,
        workers=1,
        on_progress=lambda point, coloring: seen.append(point.time),
    )
    free, ended = threading.Event(), threading.Event()

    def deaf(problem: object, search: Search) -> None:
        search.offer([0, 1, 2])
        ctrl_c()
        free.wait(60)
        search.offer([0, 0, 0])
        search.raise_lower_bound(1)
        ended.set()

    result = answer(SolverInfo("deaf", "", frozenset({"coloring"}), False, ""), deaf, search)
    assert (result.stop_reason, result.status) == (StopReason.INTERRUPT, Status.FEASIBLE)
    assert result.num_colors == 3
    free.set()
    assert ended.wait(60)
    assert (search.objective, search.lower_bound, len(seen)) == (3, None, 1)


INTERRUPTED = """
import os, random, signal, sys, threading
import numpy as np
from geocolor.graph import ConflictGraph, gnp, mycielski
from geocolor.problem import ColoringProblem, PartitionProblem
from geocolor.solvers import solve

random = random.Random(int(sys.argv[1]))
weights = np.triu(np.random.default_rng(0).normal(size=(60, 60)), 1)
questions = [
    ("auto", ColoringProblem(gnp(300, 0.3, seed=1))),
    ("rlf", ColoringProblem(gnp(300, 0.3, seed=1))),
    ("columns", ColoringProblem(gnp(80, 0.5, seed=1))),
    ("auto", PartitionProblem(ConflictGraph.from_dense(weights + weights.T), 12)),
]
for number in range(int(sys.argv[2])):
    # Mostly while kernels are loaded; it may come after the end of a short solve.
    timer = threading.Timer(0.2 * random.random(), os.kill, (os.getpid(), signal.SIGINT))
    try:
        timer.start()  # on a busy machine it comes before this returns
        name, problem = questions[number % len(questions)]
        solve(problem, name, time_limit=20, workers=2)
        timer.join()
    except KeyboardInterrupt:
        pass
result = solve(ColoringProblem(mycielski(4)), "auto", time_limit=60, workers=2)
print(result.status.value, result.num_colors)
"""


def run_interrupted(seed: int, solves: int) -> None:
    done = subprocess.run(
        [sys.executable, "-X", "faulthandler", "-c", INTERRUPTED, str(seed), str(solves)],
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert (done.returncode, done.stdout) == (0, "OPTIMAL 5\n"), done.stderr


def test_a_process_that_was_interrupted_before_still_solves() -> None:
    run_interrupted(seed=0, solves=6)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 11))
def test_processes_that_were_interrupted_often_still_solve(seed: int) -> None:
    run_interrupted(seed, solves=24)
