"""How problems are answered: exact and heuristic solvers behind one call."""

from geocolor.solvers.info import Solver, SolverInfo
from geocolor.solvers.registry import SOLVERS, find_solver, installed_solvers
from geocolor.solvers.result import SolveResult, Status, StopReason, TracePoint
from geocolor.solvers.search import Outcome, Search
from geocolor.solvers.solve import solve

__all__ = [
    "SOLVERS",
    "Outcome",
    "Search",
    "SolveResult",
    "Solver",
    "SolverInfo",
    "Status",
    "StopReason",
    "TracePoint",
    "find_solver",
    "installed_solvers",
    "solve",
]
