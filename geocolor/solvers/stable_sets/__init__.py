"""Coloring by stable sets: column generation, bounds that are safe, branch and price."""

from geocolor.solvers.stable_sets.certificate import StableSetBound
from geocolor.solvers.stable_sets.solver import fractional, promising, solve_columns

__all__ = ["StableSetBound", "fractional", "promising", "solve_columns"]
