"""CP-SAT in a process of its own, so that limits and Ctrl-C hold whatever it does."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from geocolor.graph import ConflictGraph
from geocolor.problem import ColoringProblem, Problem
from geocolor.solvers.search import Outcome, Search

if TYPE_CHECKING:
    from geocolor.solvers.info import Solver

__all__ = ["WithWorker", "cpsat", "solve_cpsat"]


@dataclass(frozen=True)
class WithWorker:
    """A solver that needs the CP-SAT process.

    Preparing it starts the process, which takes most of a second: outside a benchmark's clock.
    """

    solve: Solver

    def prepare(self, problem: Problem) -> Solver:
        """Have a process ready that has solved something; the problem itself plays no part."""
        from geocolor.solvers.cpsat.solver import run

        pentagon = ConflictGraph.from_edges(5, [(i, (i + 1) % 5) for i in range(5)])
        small = ColoringProblem(pentagon)
        run(small, Search(small, started=time.monotonic(), time_limit=None, seed=0, workers=1))
        return self.solve

    def __call__(self, problem: Problem, search: Search) -> Outcome | None:
        """Work on `problem`, starting the process when it is needed."""
        return self.solve(problem, search)


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


cpsat = WithWorker(solve_cpsat)
