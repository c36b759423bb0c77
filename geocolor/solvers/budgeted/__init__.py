"""Budgeted sharing: columns for groups in forms, a price on parameters, an exact choice."""

from geocolor.solvers.budgeted.bound import PricedBound, Steps
from geocolor.solvers.budgeted.result import SharingResult
from geocolor.solvers.budgeted.solver import frontier, solve_budgeted

__all__ = ["PricedBound", "SharingResult", "Steps", "frontier", "solve_budgeted"]
