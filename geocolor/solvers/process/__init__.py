"""Solvers in processes of their own, so that limits and Ctrl-C hold whatever a library does."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from geocolor.graph import ConflictGraph
from geocolor.problem import ColoringProblem, Problem
from geocolor.solvers.search import Outcome, Search

if TYPE_CHECKING:
    from geocolor.solvers.info import Solver

__all__ = ["WithWorkers"]


@dataclass(frozen=True)
class WithWorkers:
    """A solver that needs worker processes.

    Preparing it starts them, which takes up to a second: outside a benchmark's clock.

    Attributes
    ----------
    solve : Solver
        The solver.
    needs : tuple of Solver
        Solvers that each start one of the processes.
    """

    solve: Solver
    needs: tuple[Solver, ...]

    def prepare(self, problem: Problem) -> Solver:
        """Have processes ready that have solved something; the problem itself plays no part."""
        # Its clique has two nodes, so nothing but the process proves that it needs three colors.
        pentagon = ConflictGraph.from_edges(5, [(i, (i + 1) % 5) for i in range(5)])
        small = ColoringProblem(pentagon)
        for solver in self.needs:
            started = time.monotonic()
            solver(small, Search(small, started=started, time_limit=None, seed=0, workers=1))
        return self.solve

    def __call__(self, problem: Problem, search: Search) -> Outcome | None:
        """Work on `problem`, starting the processes when they are needed."""
        return self.solve(problem, search)
