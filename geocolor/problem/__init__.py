"""What is asked of a graph, and the independent checker."""

from geocolor.problem.budgeted import BudgetedSharingProblem, SharingReport, check_sharing
from geocolor.problem.check import CheckReport, check
from geocolor.problem.coloring import Coloring
from geocolor.problem.group_costs import GroupCost, GroupOracle, NormalizedPairSum
from geocolor.problem.problems import (
    ColoringProblem,
    CorrelationClusteringProblem,
    EquitableColoringProblem,
    GroupPartitionProblem,
    PartitionProblem,
    Problem,
    problem_for,
)

__all__ = [
    "BudgetedSharingProblem",
    "CheckReport",
    "Coloring",
    "ColoringProblem",
    "CorrelationClusteringProblem",
    "EquitableColoringProblem",
    "GroupCost",
    "GroupOracle",
    "GroupPartitionProblem",
    "NormalizedPairSum",
    "PartitionProblem",
    "Problem",
    "SharingReport",
    "check",
    "check_sharing",
    "problem_for",
]
