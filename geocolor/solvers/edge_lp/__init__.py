"""Correlation clustering by its edge relaxation: cutting planes, safe bounds, branching."""

from geocolor.solvers.edge_lp.solver import LARGEST, prove_by_edges, solve_edge_lp

__all__ = ["LARGEST", "prove_by_edges", "solve_edge_lp"]
