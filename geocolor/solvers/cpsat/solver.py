"""CP-SAT as a solver: bounds first, then the worker, its events checked one by one."""

from __future__ import annotations

import math
import time
from contextlib import closing

import numpy as np
from numpy.typing import NDArray

from geocolor.bounds import Clique
from geocolor.errors import SolverError
from geocolor.problem import (
    Coloring,
    ColoringProblem,
    EquitableColoringProblem,
    PartitionProblem,
    Problem,
)
from geocolor.solvers.budget import Budget
from geocolor.solvers.cpsat.requests import (
    Request,
    coloring_request,
    estimate,
    packing_request,
    refusal,
    weighted_request,
)
from geocolor.solvers.dsatur import dsatur
from geocolor.solvers.heuristics import improve
from geocolor.solvers.process.client import Worker, WorkerDiedError, WorkerPool
from geocolor.solvers.result import StopReason
from geocolor.solvers.scaling import Scaled, scale_weights
from geocolor.solvers.search import Outcome, Search
from geocolor.solvers.start import begin

__all__ = ["decide_equitable", "first_packing", "pool", "prove", "run", "too_large"]

# Bitset words for the clique search: a second at most, and it carries the proof of many graphs.
_CLIQUE_WORK = 1_000_000_000
# What heuristics may take for a first incumbent: seconds, share of the time left.
_HINT_SECONDS, _HINT_SHARE = 1.0, 0.1
# CP-SAT is asked to end this many seconds early, so that its last word is heard.
_MARGIN = 0.05

pool = WorkerPool("geocolor.solvers.cpsat.worker", "CP-SAT")


def run(problem: Problem, search: Search) -> Outcome:
    """Solve `problem`; see :func:`geocolor.solvers.cpsat.solve_cpsat`."""
    clique, outcome = begin(problem, search, clique_work=_CLIQUE_WORK)
    if outcome is not None:
        return outcome
    if isinstance(problem, ColoringProblem):
        greedy = dsatur(problem.graph.conflicts, search)
        if greedy is None:
            return Outcome(StopReason.TIME)
        colors = greedy[0]
        if int(colors.max()) < problem.max_colors:
            search.offer(colors)
        elif search.coloring is None:
            return prove(problem, search, clique, hint=colors)
        return prove(problem, search, clique)
    # Refuse weights that do not fit before anything is spent on them.
    scale_weights(problem.graph.weights.edge_values())
    # A good hint is worth more to CP-SAT than the time it takes.
    seconds = min(_HINT_SECONDS, _HINT_SHARE * search.remaining())
    improve(problem, search, Budget(search, time.monotonic() + seconds))
    return prove(problem, search, clique)


def too_large(problem: Problem) -> str | None:
    """Say why CP-SAT is not worth trying on `problem`; None if it is."""
    return refusal(estimate(problem))


def prove(
    problem: Problem, search: Search, clique: Clique, hint: NDArray[np.int32] | None = None
) -> Outcome:
    """Search with CP-SAT from the incumbent on, and prove.

    Parameters
    ----------
    problem : Problem
        The question.
    search : Search
        With the incumbent so far.
    clique : Clique
        A clique of the hard conflicts, no larger than the classes allowed.
    hint : ndarray, optional
        A coloring to start from where there is no incumbent; it need not hold.
    """
    refused = too_large(problem)
    if refused is not None and not search.answered():
        return Outcome(StopReason.MEMORY, message=refused)
    while not search.answered():
        outcome = _round(problem, search, clique, hint)
        if outcome is not None:
            return outcome
    return Outcome(StopReason.COMPLETED)


def _round(
    problem: Problem, search: Search, clique: Clique, hint: NDArray[np.int32] | None
) -> Outcome | None:
    """Build and solve one model; None if a smaller one may now do better."""
    if search.coloring is not None:
        hint = search.coloring.colors
    scaled = None
    if isinstance(problem, ColoringProblem):
        request = _coloring(problem, search, clique, hint)
    else:
        scaled = scale_weights(problem.graph.weights.edge_values())
        search.scaling_error = scaled.error
        if hint is not None:
            hint = _clique_first(hint, clique)
        request = weighted_request(problem, search, clique, scaled, hint)
    return _ask(problem, search, request, scaled)


def decide_equitable(
    problem: EquitableColoringProblem, search: Search, clique: Clique, classes: int
) -> Outcome:
    """Find an equitable coloring with a number of classes, or prove that there is none.

    Parameters
    ----------
    problem : EquitableColoringProblem
        The question.
    search : Search
        Gets the coloring.
    clique : Clique
        A clique of the hard conflicts.
    classes : int
        How many, no fewer than the nodes of the clique and no more than those of the graph.

    Returns
    -------
    Outcome
        Infeasible if there is none with this number; MEMORY if the model would be too large.
    """
    plain = ColoringProblem(problem.graph, classes)
    refused = too_large(plain)
    if refused is not None:
        return Outcome(StopReason.MEMORY, message=refused)
    request = coloring_request(plain, search, clique, classes, minimize=False)
    if request is not None and request.model:
        small, larger = divmod(problem.graph.num_nodes, classes)
        request.model["sizes"] = [small, small + (larger > 0)]
    return _ask(problem, search, request, None) or Outcome(StopReason.COMPLETED)


def first_packing(problem: PartitionProblem, search: Search, clique: Clique) -> Outcome:
    """Find any partition within the capacity, or prove that there is none.

    Parameters
    ----------
    problem : PartitionProblem
        With a capacity.
    search : Search
        Gets the partition.
    clique : Clique
        A clique of the hard conflicts, no larger than the classes allowed.

    Returns
    -------
    Outcome
        Infeasible if there is none; MEMORY if the model would be too large.
    """
    refused = too_large(ColoringProblem(problem.graph, problem.k))
    if refused is not None:
        return Outcome(StopReason.MEMORY, message=refused)
    request = packing_request(problem, search, clique)
    outcome = _ask(problem, search, request, None) or Outcome(StopReason.COMPLETED)
    return Outcome(StopReason.COMPLETED) if search.coloring is not None else outcome


def _ask(
    problem: Problem, search: Search, request: Request | None, scaled: Scaled | None
) -> Outcome | None:
    """Let a worker solve one model; None if a smaller one may now do better."""
    if request is None:
        return Outcome(StopReason.TIME)
    refused = refusal(request.literals)
    if refused is not None:
        return Outcome(StopReason.MEMORY, message=refused)
    worker = pool.acquire()
    try:
        return _listen(problem, search, request, scaled, worker)
    except WorkerDiedError as died:
        if died.for_memory:
            return Outcome(
                StopReason.MEMORY,
                message="the CP-SAT process was killed, most likely for memory; "
                "the incumbent is kept",
            )
        raise SolverError(str(died)) from died
    finally:
        pool.release(worker)


def _coloring(
    problem: ColoringProblem, search: Search, clique: Clique, hint: NDArray[np.int32] | None
) -> Request | None:
    if hint is not None:
        hint = _clique_first(hint, clique)
    if search.objective is None:
        # The k classes were asked for; any coloring with them will do.
        return coloring_request(
            problem,
            search,
            clique,
            min(problem.max_colors, problem.graph.num_nodes),
            minimize=False,
            hint=hint,
        )
    fewer = int(search.objective) - 1
    minimize = not _last_step(search)
    return coloring_request(problem, search, clique, fewer, minimize=minimize, hint=hint)


def _last_step(search: Search) -> bool:
    """Whether one class fewer would meet the bound: then the question is only yes or no."""
    return (
        search.objective is not None
        and search.lower_bound is not None
        and search.objective - 1 <= search.lower_bound
    )


def _clique_first(colors: NDArray[np.int32], clique: Clique) -> NDArray[np.int32]:
    """Renumber classes so that the clique has the first ones, in its order."""
    rest = np.setdiff1d(np.arange(len(colors)), clique.nodes)
    order = np.concatenate([clique.nodes, rest])
    out = np.empty_like(colors)
    out[order] = Coloring.from_colors(colors[order]).colors
    return out


def _listen(
    problem: Problem, search: Search, request: Request, scaled: Scaled | None, worker: Worker
) -> Outcome | None:
    """Pass the worker's events on to `search`; None to go on with a smaller model."""
    remaining = search.remaining()
    seconds = None if math.isinf(remaining) else max(0.01, remaining - _MARGIN)
    message = {
        "model": request.model,
        "workers": search.workers,
        "seed": search.seed % (1 << 31),
        "seconds": seconds,
    }
    floor = search.objective if isinstance(problem, ColoringProblem) else None
    deadline = time.monotonic() + remaining
    with closing(worker.run(message, deadline)) as events:
        for event in events:
            if "colors" in event:
                search.offer(event["colors"])
            elif "bound" in event:
                _raise(search, event["bound"], scaled, floor)
            elif "error" in event:
                if event["kind"] == "memory":
                    return Outcome(StopReason.MEMORY, message=event["error"])
                raise SolverError(f"CP-SAT failed: {event['error']}")
            elif "done" in event:
                return _done(search, event["done"], floor)
            if search.answered():
                return Outcome(StopReason.COMPLETED)
            if search.out_of_time():
                break
            if floor is not None and request.model["minimize"] and _last_step(search):
                # The yes-or-no model is far stronger: cliques of all its colors use each.
                return None
    return Outcome(StopReason.TIME)


def _raise(search: Search, bound: float, scaled: Scaled | None, floor: float | None) -> None:
    if scaled is not None:
        search.raise_lower_bound(scaled.lower_bound(bound))
    elif floor is not None:
        # The model only knows colorings with fewer classes than the incumbent it started from.
        search.raise_lower_bound(min(bound, floor))


def _done(search: Search, status: str, floor: float | None) -> Outcome:
    if status == "INFEASIBLE":
        if floor is None:
            return Outcome(StopReason.COMPLETED, infeasible=True, message="proven by CP-SAT")
        search.raise_lower_bound(floor)
        return Outcome(StopReason.COMPLETED, message="fewer classes proven impossible by CP-SAT")
    if status in ("OPTIMAL", "FEASIBLE") and search.answered():
        return Outcome(StopReason.COMPLETED)
    return Outcome(StopReason.TIME)
