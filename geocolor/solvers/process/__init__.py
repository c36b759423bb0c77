"""Solvers in processes of their own, so that limits and Ctrl-C hold whatever a library does."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from geocolor.graph import ConflictGraph
from geocolor.problem import ColoringProblem, Problem
from geocolor.solvers.search import Outcome, Search

if TYPE_CHECKING:
    from geocolor.solvers.info import Solver

__all__ = ["WithWorker"]


@dataclass(frozen=True)
class WithWorker:
    """A solver that needs a worker process.

    Preparing it starts the process, which takes up to a second: outside a benchmark's clock.

    Attributes
    ----------
    solve : Solver
        The solver.
    needs : mapping from str to Solver
        By kind of problem, the solver whose process it needs.
    """

    solve: Solver
    needs: Mapping[str, Solver]

    def prepare(self, problem: Problem) -> Solver:
        """Have the process ready, and let it solve something small."""
        # Its clique has two nodes, so nothing but the process proves that it needs three colors.
        pentagon = ConflictGraph.from_edges(5, [(i, (i + 1) % 5) for i in range(5)])
        small = ColoringProblem(pentagon)
        search = Search(small, started=time.monotonic(), time_limit=None, seed=0, workers=1)
        self.needs[problem.kind](small, search)
        return self.solve

    def __call__(self, problem: Problem, search: Search) -> Outcome | None:
        """Work on `problem`, starting the process when it is needed."""
        return self.solve(problem, search)
