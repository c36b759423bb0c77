"""Which units share, in which form, within a budget: proven, for one budget or many."""

from __future__ import annotations

import math
import queue
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np

from geocolor.arguments import checked_time_limit, checked_whole
from geocolor.errors import InputError
from geocolor.graph import SharingOptions
from geocolor.interrupts import held_back
from geocolor.problem import BudgetedSharingProblem
from geocolor.solvers.aside import run_aside
from geocolor.solvers.budgeted.bound import Steps
from geocolor.solvers.budgeted.master import Master
from geocolor.solvers.budgeted.point import Halt, solve_point
from geocolor.solvers.budgeted.result import SharingResult
from geocolor.solvers.search import processors

__all__ = ["frontier", "solve_budgeted"]

# Seconds between two looks for Ctrl-C.
_LOOK = 0.05


def solve_budgeted(
    problem: BudgetedSharingProblem, *, time_limit: float | None = 10.0
) -> SharingResult:
    """Choose an option for every unit at least cost within the budget, and prove it.

    The linear program over all options prices units and parameters; with the prices in integers
    comes a bound that holds for every choice, and what each option costs above its prices. A better
    choice than the incumbent has no option that is as far above as the gap, so that few are left to
    choose among exactly.

    Parameters
    ----------
    problem : BudgetedSharingProblem
        The question.
    time_limit : float or None
        Wall-clock seconds from this call; None for no limit.

    Returns
    -------
    SharingResult
        INFEASIBLE if no choice is that small.

    Raises
    ------
    InputError
        The time limit is not positive.
    """
    return frontier(problem.options, [problem.budget], time_limit=time_limit)[0]


def frontier(
    options: SharingOptions,
    budgets: Sequence[int] | None = None,
    *,
    points: int = 20,
    time_limit: float | None = 60.0,
    workers: int | None = None,
    on_progress: Callable[[SharingResult], None] | None = None,
) -> tuple[SharingResult, ...]:
    """Solve the same options for many budgets: the frontier of size against cost.

    Parameters
    ----------
    options : SharingOptions
        To choose from.
    budgets : sequence of int, optional
        Parameters in all, one for each point; else up to `points` of them, from the fewest possible
        to those of the cheapest choice.
    points : int
        Budgets where none are given; fewer if there are not as many whole numbers.
    time_limit : float or None
        Wall-clock seconds for all points together; None for no limit.
    workers : int, optional
        Points solved at a time; default the processors there are.
    on_progress : callable, optional
        Called with each point, as it is done.

    Returns
    -------
    tuple of SharingResult
        In the order of the budgets. After Ctrl-C the points that were not reached have the stop
        reason INTERRUPT: UNKNOWN, or what they had come to.

    Raises
    ------
    InputError
        The time limit or the number of workers is not positive, or a budget is negative.
    """
    started = time.monotonic()
    checked_time_limit(time_limit)
    if workers is not None and checked_whole("number of workers", workers) < 1:
        raise InputError(f"there must be at least one worker, not {workers}")
    halt = Halt(math.inf if time_limit is None else started + time_limit, threading.Event())
    if budgets is None:
        budgets = run_aside(partial(_spread, options, points, halt), halt.stopped.set)
    problems = [BudgetedSharingProblem(options, budget) for budget in budgets]
    if not problems:
        return ()
    threads = max(1, min(workers or processors(), len(problems)))
    results: dict[int, SharingResult] = {}
    # Not a SimpleQueue, whose get waits for ever if its time runs out in a signal's handler.
    done: queue.Queue[int | BaseException] = queue.Queue()
    with held_back() as held:
        with ThreadPoolExecutor(threads, thread_name_prefix="frontier") as pool:
            for share in np.array_split(np.arange(len(problems)), threads):
                pool.submit(_solve_share, problems, share.tolist(), halt, results, done)
            try:
                left = len(problems)
                while left and not held.came:
                    try:
                        told = done.get(timeout=_LOOK)
                    except queue.Empty:
                        continue
                    if isinstance(told, BaseException):
                        raise told
                    left -= 1
                    if on_progress is not None:
                        on_progress(results[told])
            except KeyboardInterrupt:  # of whoever watches
                pass
            finally:
                halt.stopped.set()
        held.came = False
    while not done.empty():
        told = done.get()
        if isinstance(told, BaseException):
            raise told
    return tuple(results[at] for at in range(len(problems)))


def _solve_share(
    problems: Sequence[BudgetedSharingProblem],
    share: Sequence[int],
    halt: Halt,
    results: dict[int, SharingResult],
    done: queue.Queue[int | BaseException],
) -> None:
    """Solve neighbouring points one after the other, with one linear program for all."""
    try:
        options = problems[share[0]].options
        steps = Steps.of(options)
        master = Master(options, steps)
        for left, at in zip(range(len(share), 0, -1), share, strict=True):
            until = time.monotonic() + (halt.deadline - time.monotonic()) / left
            results[at] = solve_point(problems[at], steps, master, Halt(until, halt.stopped))
            done.put(at)
    except BaseException as error:
        done.put(error)


def _spread(options: SharingOptions, points: int, halt: Halt) -> list[int]:
    """Give budgets from the fewest parameters possible to those of the cheapest choice."""
    everything = int(options.sizes.sum())
    sized = SharingOptions(options.units, options.groups, options.sizes, options.sizes)
    least, most = 0, everything
    for each, asked in ((options, "most"), (sized, "least")):
        steps = Steps.of(each)
        # A tenth of the time each: a poor end of the range only moves the points.
        until = time.monotonic() + 0.1 * (halt.deadline - time.monotonic())
        problem = BudgetedSharingProblem(each, everything)
        found = solve_point(problem, steps, Master(each, steps), Halt(until, halt.stopped))
        if found.size is not None:
            least, most = (least, found.size) if asked == "most" else (found.size, most)
    most = max(least, most)
    spread = (least + (most - least) * at // max(1, points - 1) for at in range(points))
    return list(dict.fromkeys(spread))
