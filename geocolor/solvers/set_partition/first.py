"""A first partition for those who prove: heuristics, and others where a capacity defeats them."""

from __future__ import annotations

import time
from contextlib import suppress

from geocolor.bounds import Clique
from geocolor.errors import InputError
from geocolor.problem import PartitionProblem, Problem
from geocolor.solvers.budget import Budget
from geocolor.solvers.cpsat.solver import first_packing
from geocolor.solvers.heuristics import improve
from geocolor.solvers.search import Outcome, Search
from geocolor.solvers.set_partition.listing import cover_by_all
from geocolor.solvers.set_partition.proof import LARGEST

__all__ = ["first_partition", "seconds_before_proof"]

# Share of the time left that heuristics get before a proof, and their most for a node: with 2 ms,
# 12 to 80 nodes are proven 3 to 8 times as soon as with seconds.
_SHARE, _NODE_SECONDS = 0.2, 0.002


def seconds_before_proof(nodes: int, search: Search, most: float) -> float:
    """Seconds that heuristics get before groups or pairs prove, `most` at most."""
    seconds = min(most, _SHARE * search.remaining())
    # A budget of iterations is not cut by the clock, so that it gives the same again.
    return seconds if search.max_iterations is not None else min(seconds, _NODE_SECONDS * nodes)


def first_partition(problem: Problem, search: Search, clique: Clique, seconds: float) -> Outcome:
    """Improve from nothing for some seconds.

    Where classes are so full that heuristics find no partition, all groups are listed if they are
    few; else CP-SAT has the rest of the time to find one, weights aside, or to prove that there is
    none, and heuristics go on from what it finds.

    Parameters
    ----------
    problem : Problem
        Weights and hard conflicts, with a capacity or not.
    search : Search
        Gets the partitions.
    clique : Clique
        A clique of the hard conflicts, no larger than the classes allowed.
    seconds : float
        What heuristics may take at a time.

    Returns
    -------
    Outcome
        Infeasible if that was proven.
    """
    found = improve(problem, search, Budget(search, time.monotonic() + seconds))
    if not isinstance(problem, PartitionProblem) or problem.capacity is None:
        return found
    if search.objective is not None or search.out_of_time():
        return found
    if problem.graph.num_nodes <= LARGEST:
        # Weights that do not fit integers play no part in what CP-SAT is asked.
        with suppress(InputError):
            found = cover_by_all(problem, search)
        if found.infeasible or search.objective is not None:
            return found
    outcome = first_packing(problem, search, clique)
    if search.coloring is None:
        return outcome
    return improve(problem, search, Budget(search, time.monotonic() + seconds))
