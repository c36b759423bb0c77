"""What the adapters of Python libraries share."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from typing import Any

import numpy as np

from geocolor.errors import GeocolorError, InputError, SolverError
from geocolor.graph import ConflictGraph, generators
from geocolor.problem import ColoringProblem, Problem
from geocolor.solvers.info import Solver
from geocolor.solvers.result import StopReason
from geocolor.solvers.search import Outcome, Search

__all__ = ["GreedyLibrary", "LibrarySolver", "import_library", "named_failures"]


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

    def warm_up(self) -> None:
        """Color a small graph: a library's first call loads what later ones have at hand."""
        problem = ColoringProblem(generators.mycielski(3))
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
                    message=f"{self.package} needs {used} classes, {problem.max_colors} were "
                    "asked for; another solver may find them",
                )
            search.offer(np.asarray(colors, dtype=np.int64))
            return Outcome(StopReason.COMPLETED)

        return solve
