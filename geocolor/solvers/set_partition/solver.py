"""Exact min-k-partition, whatever a class costs: a first partition, then its proof."""

from __future__ import annotations

import time

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geocolor.problem import GroupPartitionProblem, PartitionProblem, Problem
from geocolor.solvers.budget import Budget
from geocolor.solvers.heuristics import improve
from geocolor.solvers.result import StopReason
from geocolor.solvers.search import Outcome, Search
from geocolor.solvers.set_partition.descent import improve_ratios
from geocolor.solvers.set_partition.first import first_partition, seconds_before_proof
from geocolor.solvers.set_partition.integers import integer_costs
from geocolor.solvers.set_partition.proof import LARGEST, prove_by_groups
from geocolor.solvers.start import begin

__all__ = ["improve_groups", "solve_set_partition"]

_CLIQUE_WORK = 20_000_000
# Most seconds of the heuristics for a first partition.
_SECONDS = 2.0


def solve_set_partition(problem: Problem, search: Search) -> Outcome:
    """Find the least cost of at most k groups, and prove it.

    Heuristics give a first partition; column generation a lower bound that mostly meets it; what
    is left of the gap, all groups that could be part of a better partition and an exact cover
    close. Exponential time in the worst case: it is the size of the groups that counts, not their
    number.

    Parameters
    ----------
    problem : PartitionProblem or GroupPartitionProblem
        Pair costs of any sign, and hard conflicts.
    search : Search
        Gets incumbents and bounds.

    Returns
    -------
    Outcome
        COMPLETED if the partition is proven, or there were too many groups to list.

    Raises
    ------
    InputError
        The weights spread too far for integers.
    """
    clique, outcome = begin(problem, search, clique_work=_CLIQUE_WORK)
    if outcome is not None:
        return outcome
    assert isinstance(problem, PartitionProblem | GroupPartitionProblem)  # noqa: S101  the registry
    small = problem.graph.num_nodes <= LARGEST
    if small:
        # What does not fit integers is said before the work.
        integer_costs(problem)
    seconds = seconds_before_proof(problem.graph.num_nodes, search, _SECONDS)
    if isinstance(problem, PartitionProblem):
        found = first_partition(problem, search, clique, seconds)
        if found.infeasible:
            return found
    else:
        until = time.monotonic() + seconds
        improve_groups(problem, search, until if small else search.deadline)
    if search.answered():
        return Outcome(StopReason.COMPLETED)
    return prove_by_groups(problem, search)


def improve_groups(problem: GroupPartitionProblem, search: Search, until: float) -> None:
    """Take partitions of low pair sums to low costs.

    Parameters
    ----------
    problem : GroupPartitionProblem
        What classes cost.
    search : Search
        Gets incumbents.
    until : float
        When to end, on the monotonic clock.
    """

    def unchanged(colors: NDArray[np.int32]) -> ArrayLike:
        return colors

    pairs = PartitionProblem(problem.graph, problem.k)
    inner = search.within(pairs, unchanged)
    small = problem.graph.num_nodes <= LARGEST
    half = time.monotonic() + (until - time.monotonic()) / 2 if small else until
    improve(pairs, inner, Budget(inner, half))
    if small:
        improve_ratios(problem, search, Budget(search, until, stream=1))
