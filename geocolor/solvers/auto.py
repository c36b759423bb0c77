"""The default: all there is, by kind and size of the problem."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from geocolor.bounds import Clique
from geocolor.errors import InputError
from geocolor.problem import (
    ColoringProblem,
    CorrelationClusteringProblem,
    EquitableColoringProblem,
    GroupOracle,
    GroupPartitionProblem,
    PartitionProblem,
    Problem,
)
from geocolor.solvers import edge_lp
from geocolor.solvers.budget import Budget
from geocolor.solvers.components import attracting_components, solve_by_components
from geocolor.solvers.cpsat import solve_cpsat
from geocolor.solvers.cpsat.solver import prove, too_large
from geocolor.solvers.equitable import solve_equitable
from geocolor.solvers.oracle import LARGEST_PROVEN, solve_oracle
from geocolor.solvers.portfolio import color
from geocolor.solvers.process import WithWorker
from geocolor.solvers.result import StopReason
from geocolor.solvers.sat import solve_sat
from geocolor.solvers.search import Outcome, Search
from geocolor.solvers.set_partition import LARGEST, prove_by_groups, solve_set_partition
from geocolor.solvers.spectral import improve
from geocolor.solvers.start import begin

__all__ = ["auto", "solve_auto"]

# Share of the remaining time that heuristics get before the proof, and their most in seconds.
_SHARE = 0.2
_MOST_SECONDS = 5.0
# Share of the time after them that groups get before CP-SAT, which seldom proves what they do not.
_GROUPS_SHARE = 0.7
_CLIQUE_WORK = 300_000_000
_TOOLS = "annealing and tabu search"


def solve_auto(problem: Problem, search: Search) -> Outcome:
    """Choose solvers by kind and size; the outcome's message says which, and why.

    Parameters
    ----------
    problem : Problem
        Any kind.
    search : Search
        Where incumbents and bounds go.

    Returns
    -------
    Outcome
        COMPLETED if the problem is settled or nothing is left to try.
    """
    if isinstance(problem, EquitableColoringProblem):
        return solve_equitable(problem, search)
    if isinstance(problem, ColoringProblem):
        return color(problem, search)
    if isinstance(problem, GroupPartitionProblem):
        asked = isinstance(problem.cost, GroupOracle)
        if asked and problem.graph.num_nodes > LARGEST_PROVEN:
            return solve_oracle(problem, search)
        return solve_set_partition(problem, search)
    clique, outcome = begin(problem, search, clique_work=_CLIQUE_WORK)
    if outcome is not None:
        return outcome
    if isinstance(problem, CorrelationClusteringProblem):
        components = attracting_components(problem.graph)
        if len(components) > 1:
            return solve_by_components(components, search, solve_auto)
    refused = too_large(problem)
    clustering = isinstance(problem, CorrelationClusteringProblem)
    listed = problem.graph.num_nodes <= (edge_lp.LARGEST if clustering else LARGEST)
    if listed or refused is None:
        until = time.monotonic() + min(_MOST_SECONDS, _SHARE * search.remaining())
        found = improve(problem, search, Budget(search, until))
    else:
        with _improving(problem, search):
            found = improve(problem, search, Budget(search))
    if search.answered():
        return Outcome(StopReason.COMPLETED, message=f"{_TOOLS}, and a bound that meets it")
    if not listed and refused is not None:
        return Outcome(found.stop_reason, message=f"{_TOOLS} only: {refused}")
    if search.out_of_time():
        return Outcome(StopReason.TIME, message=f"{_TOOLS} took the time")
    try:
        if isinstance(problem, CorrelationClusteringProblem) and listed:
            with _improving(problem, search):
                outcome = edge_lp.prove_by_edges(problem, search)
            return Outcome(outcome.stop_reason, message=f"{_TOOLS}, then pairs: {outcome.message}")
        if isinstance(problem, PartitionProblem) and listed:
            until = time.monotonic() + _GROUPS_SHARE * search.remaining()
            outcome = prove_by_groups(problem, search, until)
            if search.answered():
                message = f"{_TOOLS}, then groups: {outcome.message}"
                return Outcome(StopReason.COMPLETED, message=message)
        return _proof(problem, search, clique)
    except InputError as error:
        # The weights do not fit an integer model; the incumbent stands.
        return Outcome(StopReason.COMPLETED, message=f"{_TOOLS} only: {error}")


@contextmanager
def _improving(problem: Problem, search: Search) -> Iterator[None]:
    """Go on with heuristics until the block is left, where there is a thread for them."""
    done = threading.Event()

    def work() -> None:
        stream = 1
        budget = Budget(search, stream=stream, unless=done.is_set)
        while not budget.over():
            improve(problem, search, budget)
            stream += 1
            budget = Budget(search, stream=stream, unless=done.is_set)

    if search.workers == 1:
        yield
        return
    with ThreadPoolExecutor(1, thread_name_prefix="partition") as pool:
        heuristics = pool.submit(work)
        try:
            yield
        finally:
            # Not by calling off the search: other components share its end.
            done.set()
    heuristics.result()


def _proof(problem: Problem, search: Search, clique: Clique) -> Outcome:
    outcome = prove(problem, search, clique)
    if outcome.stop_reason is StopReason.MEMORY:
        # What is left of the time is worth more to the heuristics.
        found = improve(problem, search, Budget(search))
        return Outcome(found.stop_reason, message=f"{_TOOLS} only: {outcome.message}")
    message = f"{_TOOLS}, then CP-SAT"
    if outcome.message:
        message = f"{message}: {outcome.message}"
    return Outcome(outcome.stop_reason, outcome.infeasible, message)


auto = WithWorker(
    solve_auto,
    {
        "coloring": solve_sat,
        "equitable": solve_cpsat,
        "partition": solve_cpsat,
        "group-partition": solve_set_partition,
        "correlation": solve_cpsat,
    },
)
