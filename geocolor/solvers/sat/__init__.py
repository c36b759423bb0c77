"""Coloring by satisfiability: is there a coloring with k classes, for one k after another."""

from __future__ import annotations

from geocolor.problem import Problem
from geocolor.solvers.process import WithWorker
from geocolor.solvers.search import Outcome, Search

__all__ = ["sat", "solve_sat"]


def solve_sat(problem: Problem, search: Search) -> Outcome:
    """Color with CaDiCaL from both ends: better colorings from above, proofs from below.

    Parameters
    ----------
    problem : ColoringProblem
        With `k`, any coloring with at most k classes answers it.
    search : Search
        Where incumbents and bounds go; it may hold some already.

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
    # Not above: the worker process imports this package too, and needs no numba.
    from geocolor.solvers.sat.solver import run

    return run(problem, search)


sat = WithWorker(solve_sat, {"coloring": solve_sat})
