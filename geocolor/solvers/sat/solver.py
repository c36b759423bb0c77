"""Satisfiability as a solver: bounds first, then the worker, its events checked one by one."""

from __future__ import annotations

import math
import time
from contextlib import closing
from typing import Any, Literal

from geocolor.bounds import Clique
from geocolor.errors import SolverError
from geocolor.problem import ColoringProblem, Problem
from geocolor.solvers.dsatur import dsatur
from geocolor.solvers.process.client import Worker, WorkerDiedError, WorkerPool
from geocolor.solvers.result import StopReason
from geocolor.solvers.sat.requests import question, too_large
from geocolor.solvers.search import Outcome, Search
from geocolor.solvers.start import begin
from geocolor.wording import counted

__all__ = ["SEEDS", "Strategy", "pool", "prove_by_sat", "run"]

# Bitset words for the clique search: a second at most, and it carries the proof of many graphs.
_CLIQUE_WORK = 1_000_000_000
# Seeds that CaDiCaL takes.
SEEDS = 2_000_000_000

Strategy = Literal["both", "ascend", "descend"]

pool = WorkerPool("geocolor.solvers.sat.worker", "CaDiCaL")


def run(problem: Problem, search: Search) -> Outcome:
    """Solve `problem`; see :func:`geocolor.solvers.sat.solve_sat`."""
    assert isinstance(problem, ColoringProblem)  # noqa: S101  the registry sees to it
    clique, outcome = begin(problem, search, clique_work=_CLIQUE_WORK)
    if outcome is not None:
        return outcome
    greedy = dsatur(problem.graph.conflicts, search)
    if greedy is None:
        return Outcome(StopReason.TIME)
    if int(greedy[0].max()) < problem.max_colors:
        search.offer(greedy[0])
    return prove_by_sat(problem, search, clique)


def prove_by_sat(
    problem: ColoringProblem,
    search: Search,
    clique: Clique,
    strategy: Strategy = "both",
    until: float = math.inf,
) -> Outcome:
    """Close the gap between incumbent and bound with CaDiCaL.

    Other threads may work on the same search meanwhile: what they find moves the questions asked.

    Parameters
    ----------
    problem : ColoringProblem
        The question. With `k` and no coloring yet, CaDiCaL is asked for k classes and nothing else.
    search : Search
        With the incumbent so far; each color fewer than it has is asked for.
    clique : Clique
        A clique of the conflicts, no larger than the classes allowed.
    strategy : {"both", "ascend", "descend"}
        Where to ask: from the bound upwards, which proves; from the incumbent downwards, which
        finds; or in turns.
    until : float
        ``time.monotonic()`` at which to stop, before the search ends.

    Returns
    -------
    Outcome
        COMPLETED if the problem is settled; MEMORY if the formula would be too large, or the worker
        process was killed.

    Raises
    ------
    SolverError
        The worker process failed.
    """
    search.raise_lower_bound(len(clique))
    if search.answered():
        return Outcome(StopReason.COMPLETED)
    least, most = _interval(problem, search)
    if least > most:
        return _impossible(most)
    adjacency = problem.graph.conflicts
    colors = {"ascend": least, "descend": most, "both": most + least * (least < most)}[strategy]
    refused = too_large(adjacency, colors)
    if refused is not None:
        return Outcome(StopReason.MEMORY, message=refused)
    request = question(adjacency, search, clique, least)
    if request is None:
        return Outcome(StopReason.TIME)
    request |= {"least": least, "most": most, "strategy": strategy, "seed": search.seed % SEEDS}
    worker = pool.acquire()
    try:
        return _listen(problem, search, request, worker, until)
    except WorkerDiedError as died:
        if died.for_memory:
            return Outcome(
                StopReason.MEMORY,
                message="the CaDiCaL process was killed, most likely for memory; "
                "the incumbent is kept",
            )
        raise SolverError(str(died)) from died
    finally:
        pool.release(worker)


def _interval(problem: ColoringProblem, search: Search) -> tuple[int, int]:
    """Give the fewest and the most classes worth asking for."""
    if search.objective is None:
        most = min(problem.max_colors, problem.graph.num_nodes)
        least = most if problem.k is not None else 1
    else:
        most, least = int(search.objective) - 1, 1
    return max(least, int(search.lower_bound or 0)), most


def _impossible(k: int) -> Outcome:
    return Outcome(
        StopReason.COMPLETED,
        infeasible=True,
        message=f"{counted(k, 'class')} proven impossible by CaDiCaL",
    )


def _listen(
    problem: ColoringProblem,
    search: Search,
    request: dict[str, Any],
    worker: Worker,
    until: float,
) -> Outcome:
    """Pass the worker's events on to `search`, and what others report there to the worker."""
    told = request["least"], request["most"]
    proof = ""
    deadline = min(until, time.monotonic() + search.remaining())
    with closing(worker.run(request, deadline)) as events:
        for event in events:
            if "colors" in event:
                search.offer(event["colors"])
            elif "bound" in event:
                if search.objective is None and event["bound"] > problem.max_colors:
                    return _impossible(problem.max_colors)
                search.raise_lower_bound(event["bound"])
                proof = f"{event['bound'] - 1} classes proven impossible by CaDiCaL"
            elif "error" in event:
                if event["kind"] == "memory":
                    return Outcome(StopReason.MEMORY, message=event["error"])
                raise SolverError(f"CaDiCaL failed: {event['error']}")
            if search.answered():
                return Outcome(StopReason.COMPLETED, message=proof)
            if search.out_of_time():
                break
            now = _interval(problem, search)
            if not event and now != told:
                worker.tell({"least": now[0], "most": now[1]})
                told = now
    return Outcome(StopReason.TIME, message=proof)
