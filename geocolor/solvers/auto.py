"""The default: all there is, by kind and size of the problem."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import replace
from itertools import count

import numpy as np
from numpy.typing import NDArray

from geocolor.bounds import (
    Clique,
    cycle_lower_bounds,
    share_lower_bound,
    spectral_lower_bounds,
)
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
from geocolor.solvers.contraction import offer_contraction
from geocolor.solvers.cpsat import solve_cpsat
from geocolor.solvers.cpsat.solver import prove, too_large
from geocolor.solvers.equitable import solve_equitable
from geocolor.solvers.heuristics import improve
from geocolor.solvers.oracle import LARGEST_PROVEN, solve_oracle
from geocolor.solvers.portfolio import color
from geocolor.solvers.process import WithWorker
from geocolor.solvers.result import StopReason
from geocolor.solvers.russian_doll import solve_russian_doll
from geocolor.solvers.sat import solve_sat
from geocolor.solvers.search import Outcome, Search
from geocolor.solvers.set_partition import (
    LARGEST,
    improve_groups,
    prove_by_groups,
    solve_set_partition,
)
from geocolor.solvers.set_partition.first import first_partition, seconds_before_proof
from geocolor.solvers.start import begin, stopped
from geocolor.solvers.subset_dp import Few, solve_subset_dp

__all__ = ["auto", "solve_auto"]

# Share of the remaining time that heuristics get before the proof, and their most in seconds.
_SHARE = 0.2
_MOST_SECONDS = 5.0
# Heuristics go on beside a proof that takes longer; earlier they would only take its processor.
_ALONE_SECONDS = 1.0
# Share of the time after them that groups get before CP-SAT, which seldom proves what they do not.
_GROUPS_SHARE = 0.9
# The same with one thread, where bounds wait for the groups, and what bounds get of the rest then.
_ALONE_SHARE, _LATE_SHARE = 0.85, 0.5
# Above so many nodes, with fewer seconds a node, groups are not tried: in 5 s at 1,000 nodes they
# raised no bound, and the threads are worth more to the heuristics.
_HURRIED, _LISTING_SECONDS = 400, 0.01
# Share of the time that cheap bounds get where nothing else is proven, and its most; steps of the
# one by eigenvalues where iterations are counted.
_BOUND_SHARE, _BOUND_SECONDS, _BOUND_STEPS = 0.2, 30.0, 20
# Nodes whose subsets are gone through before all else, and those whose partitions are, for some
# hundredths of a second, by what a kernel looks at.
_FEW, _SOME = 18, 64
_DOLLS_WORK = 50_000_000
_CLIQUE_WORK = 300_000_000
# Share of the time that moves get after contraction: on thousands of nodes that all have weights
# annealing makes more of it.
_MOVING_SHARE = 0.1
# Raises a bound until the event.
_Bound = Callable[[Problem, Search, threading.Event], None]
_TOOLS, _PACKERS = "annealing and tabu search", "best fit and annealing"


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
    if problem.graph.num_nodes <= _FEW:
        outcome = _by_subsets(problem, search)
    elif problem.graph.num_nodes <= _SOME and isinstance(problem, PartitionProblem):
        outcome = _by_dolls(problem, search)
    else:
        outcome = None
    if outcome is not None:
        return outcome
    if isinstance(problem, GroupPartitionProblem):
        floored = isinstance(problem.cost, GroupOracle) and problem.cost.floors is not None
        if floored and problem.graph.num_nodes > LARGEST_PROVEN:
            return solve_oracle(problem, search)
        try:
            return solve_set_partition(problem, search)
        except InputError as error:
            # The weights do not fit integers: no proof.
            seconds = min(_MOST_SECONDS, search.remaining())
            improve_groups(problem, search, time.monotonic() + seconds)
            return Outcome(stopped(search), message=f"{_tools(problem)} only: {error}")
    clique, outcome = begin(problem, search, clique_work=_CLIQUE_WORK)
    if outcome is not None:
        return outcome
    if isinstance(problem, CorrelationClusteringProblem):
        components = attracting_components(problem.graph)
        if len(components) > 1:
            return solve_by_components(components, search, solve_auto)
    if search.out_of_time() and search.coloring is not None:  # what follows may take long
        return Outcome(StopReason.TIME, message="the bounds took the time")
    if not _capacitated(problem):
        offer_contraction(problem, search, Budget(search), moving=_MOVING_SHARE)
    refused = too_large(problem)
    clustering = isinstance(problem, CorrelationClusteringProblem)
    nodes = problem.graph.num_nodes
    hurried = nodes > _HURRIED and search.remaining() < _LISTING_SECONDS * nodes
    listed = nodes <= (edge_lp.LARGEST if clustering else LARGEST) and not hurried
    if not listed and refused is not None:
        return _improved_only(problem, search, refused)
    return _proven(problem, search, clique, listed)


def _by_subsets(problem: Few, search: Search) -> Outcome | None:
    """Settle a problem of few nodes; None if that cannot be done, or the proof leaves too much."""
    if isinstance(problem, GroupPartitionProblem) and isinstance(problem.cost, GroupOracle):
        return None
    try:
        outcome = solve_subset_dp(problem, search)
    except InputError:
        # The others may do without integers.
        return None
    if outcome.infeasible:
        return outcome
    done = search.answered() or search.out_of_time()
    few = f"{problem.graph.num_nodes} nodes have few subsets: {outcome.message}"
    return replace(outcome, message=few) if done else None


def _by_dolls(problem: PartitionProblem, search: Search) -> Outcome | None:
    """Settle a partition of some dozens of nodes at once; None if that cannot be done."""
    try:
        outcome = solve_russian_doll(problem, search, most_work=_DOLLS_WORK)
    except InputError:
        # The others may do without integers.
        return None
    return outcome if outcome.infeasible or search.answered() or search.out_of_time() else None


def _proven(problem: Problem, search: Search, clique: Clique, listed: bool) -> Outcome:
    """Improve the incumbent for a while, then prove it, or a better one."""
    tools = _tools(problem)
    if listed:
        seconds = seconds_before_proof(problem.graph.num_nodes, search, _MOST_SECONDS)
    else:
        seconds = min(_MOST_SECONDS, _SHARE * search.remaining())
    found = first_partition(problem, search, clique, seconds)
    if search.answered():
        proof = found.message or "a bound that meets it"
        return Outcome(StopReason.COMPLETED, message=f"{tools}, and {proof}")
    if found.infeasible:
        return found
    if search.out_of_time():
        return Outcome(StopReason.TIME, message=f"{tools} took the time")
    try:
        if isinstance(problem, CorrelationClusteringProblem) and listed:
            with _improving(problem, search, after=_ALONE_SECONDS):
                outcome = edge_lp.prove_by_edges(problem, search)
            if outcome.stop_reason is StopReason.MEMORY:
                return _improved_only(problem, search, outcome.message)
            return Outcome(outcome.stop_reason, message=f"{tools}, then pairs: {outcome.message}")
        if isinstance(problem, PartitionProblem) and listed:
            share = _ALONE_SHARE if search.workers == 1 else _GROUPS_SHARE
            until = time.monotonic() + share * search.remaining()
            # Large groups give no bound, and afterwards it may be late.
            bound = None if _capacitated(problem) else _raise_cheaply
            with _improving(problem, search, bound=bound, after=_ALONE_SECONDS):
                outcome = prove_by_groups(problem, search, until)
            if search.answered():
                message = f"{tools}, then groups: {outcome.message}"
                return Outcome(StopReason.COMPLETED, message=message)
            _raise_bound(problem, search, threading.Event(), _LATE_SHARE)
            if search.workers == 1:
                until = time.monotonic() + min(_MOST_SECONDS, _SHARE * search.remaining())
                improve(problem, search, Budget(search, until, stream=1))
        return _proof(problem, search, clique)
    except InputError as error:
        # The weights do not fit an integer model; the incumbent stands.
        return Outcome(StopReason.COMPLETED, message=f"{tools} only: {error}")


def _capacitated(problem: Problem) -> bool:
    return isinstance(problem, PartitionProblem) and problem.capacity is not None


def _tools(problem: Problem) -> str:
    """Name the heuristics, for people."""
    return _PACKERS if _capacitated(problem) else _TOOLS


def _raise_bound(
    problem: Problem, search: Search, off: threading.Event, share: float = _BOUND_SHARE
) -> None:
    """Raise the bound in its time or until `off`: by the best clustering, then cheaper."""
    gains = _has_gains(problem)
    few = problem.graph.num_nodes <= edge_lp.LARGEST
    # Linear programs look at the clock: where iterations are counted, results are to repeat.
    if gains and few and isinstance(problem, PartitionProblem) and search.max_iterations is None:
        _cluster(problem, search, off)
    _raise_cheaply(problem, search, off, share)


def _raise_cheaply(
    problem: Problem, search: Search, off: threading.Event, share: float = _BOUND_SHARE
) -> None:
    """Raise the bound in its time or until `off`: by gains or costs, then by eigenvalues."""
    gains = _has_gains(problem)
    until = time.monotonic() + min(_BOUND_SECONDS, share * search.remaining())

    def over() -> bool:
        return (
            off.is_set() or search.answered() or search.out_of_time() or time.monotonic() >= until
        )

    if over():
        return
    graph = problem.graph
    if gains:
        for bound in cycle_lower_bounds(graph, over):
            search.raise_lower_bound(bound)
    elif isinstance(problem, PartitionProblem):
        search.raise_lower_bound(share_lower_bound(graph, problem.k, over))
    if search.objective is None:
        return
    asked = count()

    def enough() -> bool:
        return over() or (search.max_iterations is not None and next(asked) > _BOUND_STEPS)

    for bound in spectral_lower_bounds(graph, problem.max_colors, search.objective, enough):
        search.raise_lower_bound(bound)


def _has_gains(problem: Problem) -> bool:
    values = problem.graph.weights.values
    return values is not None and bool((values < 0).any())


def _cluster(problem: PartitionProblem, search: Search, off: threading.Event) -> None:
    """Raise the bound by the best clustering, which has any number of classes.

    If it has few enough, it is an answer too.
    """
    if search.coloring is None:
        return

    def lift(colors: NDArray[np.int32]) -> NDArray[np.int32] | None:
        fits = not _capacitated(problem) and int(colors.max()) < problem.k
        return colors if fits else None

    relaxed = CorrelationClusteringProblem(problem.graph)
    part = search.within(relaxed, lift, lambda bound: bound, _BOUND_SHARE, off)
    part.offer(search.coloring.colors)
    # Weights that do not fit integers have other bounds.
    with suppress(InputError):
        edge_lp.prove_by_edges(relaxed, part)


@contextmanager
def _improving(
    problem: Problem, search: Search, *, bound: _Bound | None = None, after: float = 0.0
) -> Iterator[None]:
    """Go on with heuristics until the block is left, where there is a thread for them.

    It waits `after` seconds first. A `bound` it then raises before all else.
    """
    done = threading.Event()

    def work() -> None:
        done.wait(after)
        if bound is not None:
            bound(problem, search, done)
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
        return _improved_only(problem, search, outcome.message)
    message = f"{_tools(problem)}, then CP-SAT"
    if outcome.message:
        message = f"{message}: {outcome.message}"
    return Outcome(outcome.stop_reason, outcome.infeasible, message)


auto = WithWorker(
    solve_auto,
    {
        "coloring": solve_sat,
        "equitable": solve_cpsat,
        "partition": solve_cpsat,
        "capacitated-partition": solve_cpsat,
        "group-partition": solve_cpsat,
        "correlation": solve_cpsat,
    },
)


def _improved_only(problem: Problem, search: Search, refused: str) -> Outcome:
    """Leave the time to heuristics and bounds, where a proof would take too much."""
    with _improving(problem, search, bound=_raise_bound):
        if search.workers == 1:
            _raise_bound(problem, search, threading.Event())
        found = improve(problem, search, Budget(search))
    if search.answered():
        message = f"{_tools(problem)}, and a bound that meets it"
        return Outcome(StopReason.COMPLETED, message=message)
    return Outcome(found.stop_reason, message=f"{_tools(problem)} only: {refused}")
