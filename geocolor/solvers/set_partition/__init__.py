"""Partitions as sets of groups: column generation, bounds that are safe, exact covers."""

from geocolor.solvers.set_partition.certificate import GroupBound
from geocolor.solvers.set_partition.proof import LARGEST, prove_by_groups
from geocolor.solvers.set_partition.solver import improve_groups, solve_set_partition

__all__ = ["LARGEST", "GroupBound", "improve_groups", "prove_by_groups", "solve_set_partition"]
