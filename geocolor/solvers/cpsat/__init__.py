"""CP-SAT in a process of its own, so that limits and Ctrl-C hold whatever it does."""

from __future__ import annotations

from geocolor.problem import Problem
from geocolor.solvers.process import WithWorker
from geocolor.solvers.search import Outcome, Search

__all__ = ["cpsat", "solve_cpsat"]


def solve_cpsat(problem: Problem, search: Search) -> Outcome:
    """Solve with OR-Tools CP-SAT, streaming incumbents and bounds.

    Parameters
    ----------
    problem : Problem
        Any kind.
    search : Search
        Where incumbents and bounds go; an incumbent already there is the first hint.

    Returns
    -------
    Outcome
        COMPLETED if the problem is settled; MEMORY if the model would be too large, or the worker
        process was killed.

    Raises
    ------
    InputError
        The weights cannot be scaled to integers.
    SolverError
        The worker process failed.
    """
    # Not above: the worker process imports this package too, and needs no numba.
    from geocolor.solvers.cpsat.solver import run

    return run(problem, search)


cpsat = WithWorker(
    solve_cpsat,
    dict.fromkeys(("coloring", "partition", "capacitated-partition", "correlation"), solve_cpsat),
)
