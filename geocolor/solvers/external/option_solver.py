"""CP-SAT and HiGHS alone on budgeted sharing: all options at once, without any help of ours."""

from __future__ import annotations

import math
import time
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import numpy as np

from geocolor.errors import CheckError, SolverError, WrongAnswerError
from geocolor.problem import BudgetedSharingProblem, SharingReport, check_sharing
from geocolor.solvers.budgeted import SharingResult, Steps
from geocolor.solvers.external.pools import POOLS
from geocolor.solvers.process.client import WorkerDiedError
from geocolor.solvers.result import Status, StopReason

__all__ = ["solve_options_alone"]

# Bits of the dearest option in HiGHS, whose tolerances are about a millionth.
_BITS = 20
_TOLERANCE = 1e-9
# What is left open by costs rounded to steps, relative.
_MET = 1e-6
_DONE = ("OPTIMAL", "INFEASIBLE", "UNBOUNDEDORINFEASIBLE")  # no x is unbounded


def solve_options_alone(
    problem: BudgetedSharingProblem,
    engine: str,
    *,
    time_limit: float,
    workers: int = 1,
    seed: int = 0,
) -> SharingResult:
    """Give the whole problem to a solver of binary programs, in a process of its own.

    Parameters
    ----------
    problem : BudgetedSharingProblem
        The question.
    engine : str
        cpsat or highs.
    time_limit : float
        Seconds from this call, building the program among them.
    workers : int
        Threads.
    seed : int

    Raises
    ------
    SolverError
        The process failed.
    WrongAnswerError
        It gave what is no choice.
    """
    started = time.monotonic()
    options = problem.options
    steps = Steps.of(options)
    dearest = int(np.abs(steps.costs).max(initial=1))
    request = {
        "formulation": "options",
        "num_units": len(options.units),
        "groups": options.groups,
        "costs": steps.costs.tolist(),
        "sizes": steps.sizes.tolist(),
        "budget": steps.room(problem.budget),
        "scale": 1 << max(0, dearest.bit_length() - _BITS),
        "tolerance": _TOLERANCE,
        "workers": workers,
        "seed": seed,
        "seconds": time_limit,
    }
    heard = _listen(engine, request, problem, started + time_limit)
    done = heard.ended in _DONE
    cost, bound = None, None
    status = Status.INFEASIBLE if done else Status.UNKNOWN
    if heard.report is not None:
        cost = heard.report.cost
        bound = None if heard.bound is None else min(heard.bound * steps.unit, cost)
        met = done and bound is not None and cost - bound <= _MET * abs(cost)
        status = Status.OPTIMAL if met else Status.FEASIBLE
    return SharingResult(
        status=status,
        stop_reason=StopReason.COMPLETED if done else StopReason.TIME,
        problem=problem,
        chosen=heard.chosen,
        cost=cost,
        size=None if heard.report is None else heard.report.size,
        lower_bound=bound,
        price=None,
        bound=None,
        runtime=time.monotonic() - started,
    )


@dataclass
class _Heard:
    """What a solver said."""

    chosen: tuple[int, ...] | None = None
    report: SharingReport | None = None
    bound: float | None = None
    ended: str = ""


def _listen(
    engine: str, request: dict[str, Any], problem: BudgetedSharingProblem, deadline: float
) -> _Heard:
    """Keep the last choice, checked, the best bound, in steps, and how it ended."""
    pool = POOLS[engine]
    heard = _Heard()
    worker = pool.acquire()
    try:
        with closing(worker.run(request, deadline)) as events:
            for event in events:
                if "answer" in event:
                    heard.report = check_sharing(problem, event["answer"])
                    heard.chosen = tuple(event["answer"])
                elif "bound" in event:
                    known = -math.inf if heard.bound is None else heard.bound
                    heard.bound = max(known, event["bound"])
                elif "error" in event:
                    raise SolverError(f"{pool.name} failed: {event['error']}")
                elif "done" in event:
                    heard.ended = event["done"]
    except CheckError as error:
        raise WrongAnswerError(f"{pool.name} gave an invalid choice: {error}") from error
    except WorkerDiedError as died:
        raise SolverError(str(died)) from died
    finally:
        pool.release(worker)
    return heard
