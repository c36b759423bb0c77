"""The heuristics for a problem, by its kind."""

from __future__ import annotations

from geocolor.problem import PartitionProblem, Problem
from geocolor.solvers import spectral
from geocolor.solvers.budget import Budget
from geocolor.solvers.capacitated import improve_capacitated
from geocolor.solvers.search import Outcome, Search

__all__ = ["improve"]


def improve(problem: Problem, search: Search, budget: Budget) -> Outcome:
    """Find a solution, or better ones, within `budget`."""
    if isinstance(problem, PartitionProblem) and problem.capacity is not None:
        return improve_capacitated(problem, search, budget)
    return spectral.improve(problem, search, budget)
