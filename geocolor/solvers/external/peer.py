"""What the adapters of Python libraries share."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from geocolor.errors import GeocolorError, InputError, SolverError
from geocolor.graph import ConflictGraph, generators
from geocolor.problem import ColoringProblem, PartitionProblem, Problem
from geocolor.solvers.info import Solver
from geocolor.solvers.result import StopReason
from geocolor.solvers.search import Outcome, Search
from geocolor.wording import counted

__all__ = [
    "Divide",
    "Divider",
    "GreedyLibrary",
    "LibrarySolver",
    "import_library",
    "named_failures",
]

Divide = Callable[[Search], ArrayLike]
"""Gives the class of each node; whether they hold is looked at afterwards."""


def import_library(name: str) -> Any:
    """Import a library that not everybody has.

    Raises
    ------
    InputError
        It is not installed; with what to install.
    SolverError
        It is installed and broken.
    """
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name:
            raise SolverError(f"{name} cannot be imported: {error}") from error
        raise InputError(
            f"this solver needs {name}: pip install {name}, or geocolor[bench] for all of them"
        ) from error
    except ImportError as error:
        raise SolverError(f"{name} cannot be imported: {error}") from error


@contextmanager
def named_failures(library: str) -> Iterator[None]:
    """Turn whatever a library raises into one line that names it.

    Raises
    ------
    SolverError
        In place of the library's exception.
    """
    try:
        yield
    except (GeocolorError, MemoryError):
        raise
    except Exception as error:
        raise SolverError(f"{library} failed: {type(error).__name__}: {error}") from error


class LibrarySolver(ABC):
    """A solver that first converts the graph into its library's form."""

    @abstractmethod
    def prepare(self, problem: Problem) -> Solver:
        """Convert the graph; a benchmark starts its clock after it."""

    def __call__(self, problem: Problem, search: Search) -> Outcome | None:
        """Convert and solve."""
        return self.prepare(problem)(problem, search)

    def small_problem(self) -> Problem:
        """Give something to try it on."""
        return ColoringProblem(generators.mycielski(3))

    def warm_up(self) -> None:
        """Solve something small: a library's first call loads what later ones have at hand."""
        problem = self.small_problem()
        started = time.monotonic()
        self(
            problem,
            Search(problem, started=started, time_limit=1.0, seed=0, workers=1, max_iterations=10),
        )


class GreedyLibrary(LibrarySolver):
    """A library's greedy coloring: one answer, no seed, deaf to limits.

    Attributes
    ----------
    package : str
        Its name, for messages.
    """

    package: str

    @abstractmethod
    def coloring_of(self, graph: ConflictGraph) -> Callable[[], Sequence[int]]:
        """Convert the graph and give what colors it, one color per node in node order."""

    def prepare(self, problem: Problem) -> Solver:
        """Convert the graph."""
        with named_failures(self.package):
            color = self.coloring_of(problem.graph)

        def solve(problem: Problem, search: Search) -> Outcome:
            with named_failures(self.package):
                colors = color()
            used = len(set(colors))
            if used > problem.max_colors:
                return Outcome(
                    StopReason.COMPLETED,
                    message=f"{self.package} needs {counted(used, 'class')}, {problem.max_colors} "
                    "were asked for; another solver may find them",
                )
            search.offer(np.asarray(colors, dtype=np.int64))
            return Outcome(StopReason.COMPLETED)

        return solve


class Divider(LibrarySolver):
    """A heuristic for weighted pairs with one answer, deaf to limits.

    An answer with a hard conflict inside a class, or with too many classes, is none: nothing of
    ours makes it better than the library left it.

    Attributes
    ----------
    package : str
        Its name, for messages.
    """

    package: str

    def small_problem(self) -> Problem:
        """Give something to try it on."""
        return PartitionProblem(generators.layers(6), 3)

    @abstractmethod
    def divider_of(self, problem: Problem) -> Divide:
        """Convert the graph and give what divides it."""

    def prepare(self, problem: Problem) -> Solver:
        """Convert the graph."""
        with named_failures(self.package):
            divide = self.divider_of(problem)

        def solve(problem: Problem, search: Search) -> Outcome:
            with named_failures(self.package):
                colors = np.asarray(divide(search), dtype=np.int64)
            edges = problem.graph.conflicts.edges()
            broken = int((colors[edges[:, 0]] == colors[edges[:, 1]]).sum())
            used = len(np.unique(colors))
            if not broken and used <= problem.max_colors:
                search.offer(colors)
                return Outcome(StopReason.COMPLETED)
            classes = f"{counted(used, 'class')}, {problem.max_colors} were asked for"
            together = f"{broken} conflicting pairs together"
            return Outcome(
                StopReason.COMPLETED,
                message=f"{self.package} ends with {together if broken else classes}; another "
                "solver may do better",
            )

        return solve
