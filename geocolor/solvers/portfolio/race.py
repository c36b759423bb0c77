"""Heuristics and proofs side by side: each thread sees at once what another has found."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import numpy as np
from numpy.typing import NDArray

from geocolor.problem import ColoringProblem
from geocolor.solvers.budget import Budget
from geocolor.solvers.memetic import climb, is_sparse, leap
from geocolor.solvers.orbits import OrbitSearch
from geocolor.solvers.portfolio.exact import Proof
from geocolor.solvers.result import StopReason
from geocolor.solvers.search import Outcome, Search
from geocolor.solvers.start import begin

__all__ = ["race"]

# Bitset words for the clique that everything else is built on: seconds at most.
_CLIQUE_WORK = 300_000_000
# A single worker's first turn at heuristics: its share of the time, and its most in seconds.
_FIRST_SHARE, _FIRST_SECONDS = 0.2, 5.0
# Share of what is left after which the last worker leaps.
_LEAP_SHARE = 0.25
# Share of what is left that a single worker's proofs get.
_PROOF_SHARE = 0.6


def race(problem: ColoringProblem, search: Search, colors: NDArray[np.int32]) -> Outcome:
    """Look for colorings with all workers but one, and for proofs with that one.

    Where no proof is in sight, the last worker joins the others. A single worker does the same in
    turns.

    Parameters
    ----------
    problem : ColoringProblem
        Best connected, and without what reductions take away.
    search : Search
        Where incumbents and bounds go.
    colors : ndarray of int32, shape (num_nodes,)
        A coloring to begin with, of any number of classes.

    Returns
    -------
    Outcome
        COMPLETED if the problem is settled, or nothing is left to try.
    """
    if int(colors.max()) < problem.max_colors:
        search.offer(colors)
    if search.answered():
        return Outcome(StopReason.COMPLETED)
    orbits = OrbitSearch(problem, search)
    if search.workers > 1:
        with _climbing(problem, search, colors, orbits):
            return _proofs_first(problem, search, colors, orbits)
    until = time.monotonic() + min(_FIRST_SECONDS, _FIRST_SHARE * search.remaining())
    climb(problem, search, Budget(search, until), colors)
    return _proofs_first(problem, search, colors, orbits)


def _proofs_first(
    problem: ColoringProblem, search: Search, colors: NDArray[np.int32], orbits: OrbitSearch
) -> Outcome:
    """Prove what can be proved, then look for colorings with the time left."""
    clique, settled = begin(problem, search, clique_work=_CLIQUE_WORK)
    if settled is not None:
        return settled
    alone = search.workers == 1
    seconds = search.remaining() * (_PROOF_SHARE if alone else 1.0)
    proof = Proof(problem, search, clique, colors, orbits, time.monotonic() + seconds)
    outcome = proof.run()
    if outcome.infeasible or search.answered():
        return Outcome(StopReason.COMPLETED, outcome.infeasible, outcome.message)
    # The leap is measured by the incumbent, so that one has to be good first.
    until = time.monotonic() + _LEAP_SHARE * search.remaining()
    # In dense graphs each step down is long: a second thread gains more by the step after it.
    ahead = int(search.workers > 1 and not is_sparse(problem.graph.conflicts))
    climb(problem, search, Budget(search, until, search.workers), colors, ahead)
    budget = Budget(search, stream=search.workers + 1)
    leap(problem, search, budget)
    found = climb(problem, search, budget, colors)
    return Outcome(found.stop_reason, message=outcome.message)


@contextmanager
def _climbing(
    problem: ColoringProblem, search: Search, colors: NDArray[np.int32], orbits: OrbitSearch
) -> Iterator[None]:
    """Climb in all threads but one until the search is over or the block is left.

    Their errors are raised. Where a symmetry turns out to be the way, they go it as well.
    """

    def work(stream: int) -> None:
        budget = Budget(search, stream=stream, unless=orbits.led)
        climb(problem, search, budget, colors.copy())
        if orbits.led():
            budget.unless = None
            orbits.join(budget)
            climb(problem, search, budget, colors.copy())

    threads = search.workers - 1
    with ThreadPoolExecutor(threads, thread_name_prefix="coloring") as pool:
        climbs = [pool.submit(work, stream) for stream in range(threads)]
        try:
            yield
        finally:
            search.call_off()
    for each in climbs:
        each.result()
