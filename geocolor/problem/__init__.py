"""What is asked of a graph, and the independent checker."""

from geocolor.problem.check import CheckReport, check
from geocolor.problem.coloring import Coloring
from geocolor.problem.problems import (
    ColoringProblem,
    CorrelationClusteringProblem,
    EquitableColoringProblem,
    PartitionProblem,
    Problem,
    problem_for,
)

__all__ = [
    "CheckReport",
    "Coloring",
    "ColoringProblem",
    "CorrelationClusteringProblem",
    "EquitableColoringProblem",
    "PartitionProblem",
    "Problem",
    "check",
    "problem_for",
]
