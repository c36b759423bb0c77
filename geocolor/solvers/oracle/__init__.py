"""Partitions where only an oracle knows what a group costs, and each question takes its time."""

from geocolor.solvers.oracle.solver import solve_agglomeration, solve_oracle

__all__ = ["LARGEST_PROVEN", "solve_agglomeration", "solve_oracle"]

# Nodes of the largest graph whose partitions by an oracle's costs are worth a proof.
LARGEST_PROVEN = 40
