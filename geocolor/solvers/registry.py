"""The solvers by name, each loaded only when it is asked for."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import Protocol

from geocolor.errors import InputError
from geocolor.problem import Problem
from geocolor.solvers.search import Outcome, Search

__all__ = ["SOLVERS", "Solver", "SolverInfo", "load_solver"]


class Solver(Protocol):
    """What a solver is: a callable that works on a search until it ends.

    It offers incumbents and bounds to `search`, looks at ``search.remaining()`` often enough to
    keep the limit, and ends early once ``search.answered()``.
    """

    def __call__(self, problem: Problem, search: Search) -> Outcome:
        """Work on `problem`, reporting to `search`."""
        ...


@dataclass(frozen=True)
class SolverInfo:
    """A line of the registry.

    Attributes
    ----------
    name : str
        Name for ``solver=`` and ``--solver``.
    summary : str
        One line for people.
    kinds : frozenset of str
        Problem kinds it takes: coloring, partition, correlation.
    exact : bool
        Whether it proves optimality given time.
    target : str
        ``module:attribute`` of the :class:`Solver`.
    libraries : tuple of str
        Distributions whose versions belong in the result.
    """

    name: str
    summary: str
    kinds: frozenset[str]
    exact: bool
    target: str
    libraries: tuple[str, ...] = ()


_ALL = frozenset({"coloring", "partition", "correlation"})

SOLVERS: dict[str, SolverInfo] = {
    info.name: info
    for info in (
        SolverInfo(
            "auto",
            "chooses by kind and size: heuristics first, then proof with the time left",
            _ALL,
            True,
            "geocolor.solvers.auto:solve_auto",
            ("ortools", "numba"),
        ),
        SolverInfo(
            "cpsat",
            "OR-Tools CP-SAT: exact, streams incumbents and bounds",
            _ALL,
            True,
            "geocolor.solvers.cpsat:solve_cpsat",
            ("ortools", "numba"),
        ),
        SolverInfo(
            "dsatur",
            "DSATUR greedy coloring",
            frozenset({"coloring"}),
            False,
            "geocolor.solvers.dsatur:solve_dsatur",
            ("numba",),
        ),
        SolverInfo(
            "spectral",
            "spectral embedding, greedy rounding under conflicts, local search",
            _ALL,
            False,
            "geocolor.solvers.spectral:solve_spectral",
            ("scipy", "numba"),
        ),
    )
}


def load_solver(name: str, problem: Problem) -> tuple[SolverInfo, Solver]:
    """Find a solver by name and load it.

    Raises
    ------
    InputError
        No such solver, or it does not take problems of this kind.
    """
    info = SOLVERS.get(name)
    if info is None:
        raise InputError(f"no solver {name!r}; choose one of {', '.join(SOLVERS)}")
    if problem.kind not in info.kinds:
        fits = [other.name for other in SOLVERS.values() if problem.kind in other.kinds]
        raise InputError(
            f"solver {name!r} does not take {problem.kind} problems; choose one of "
            f"{', '.join(fits)}"
        )
    module, attribute = info.target.split(":")
    solver: Solver = getattr(import_module(module), attribute)
    return info, solver
