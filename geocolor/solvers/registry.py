"""The solvers by name, ours and other people's, each loaded only when it is asked for."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol

from geocolor.errors import GeocolorError, InputError, SolverError
from geocolor.problem import Problem
from geocolor.solvers.search import Outcome, Search

__all__ = [
    "ENTRY_POINTS",
    "SOLVERS",
    "Solver",
    "SolverInfo",
    "find_solver",
    "installed_solvers",
    "load_solver",
    "require_kind",
]

# Packages offer solvers under this group: a SolverInfo, or the solver itself.
ENTRY_POINTS = "geocolor.solvers"


class Solver(Protocol):
    """What a solver is: a callable that works on a search until it ends.

    It offers incumbents and bounds to `search`, looks at ``search.remaining()`` often enough to
    keep the limit, and ends early once ``search.answered()``. Returning nothing means that it
    had nothing left to try.

    It may also have a method ``prepare(problem)`` that returns the solver of that one problem:
    the place to convert the graph into another library's form. A benchmark starts its clock
    after it; ``geocolor.solve`` counts it in.
    """

    def __call__(self, problem: Problem, search: Search) -> Outcome | None:
        """Work on `problem`, reporting to `search`."""
        ...


@dataclass(frozen=True)
class SolverInfo:
    """A line of the registry; plain data, so that it can be sent to another machine.

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
        ``module:attribute`` or ``path/to/file.py:attribute`` of the :class:`Solver`.
    libraries : tuple of str
        Distributions whose versions belong in the result.
    settings : mapping, optional
        Arguments of a target that makes the solver, plain JSON values; None if the target is
        the solver itself, a callable that is no class.
    """

    name: str
    summary: str
    kinds: frozenset[str]
    exact: bool
    target: str
    libraries: tuple[str, ...] = ()
    settings: Mapping[str, Any] | None = None

    def load(self) -> Solver:
        """Import the solver.

        Raises
        ------
        SolverError
            Its module or attribute is not there, it cannot be imported or made, or is none.
        InputError
            It needs what is not on this machine.
        """
        found = _attribute(self.target)
        if self.settings is not None:
            try:
                found = found(**self.settings)
            except GeocolorError:
                raise
            except Exception as error:
                raise SolverError(f"cannot make the solver {self.target}: {error!r}") from error
        if not callable(found):
            raise SolverError(f"{self.target} is not callable, so it is no solver")
        solver: Solver = found
        return solver


_ALL = frozenset({"coloring", "partition", "correlation"})

SOLVERS: dict[str, SolverInfo] = {
    info.name: info
    for info in (
        SolverInfo(
            "auto",
            "chooses by kind and size: heuristics first, then proof with the time left",
            _ALL,
            True,
            "geocolor.solvers.auto:auto",
            ("ortools", "numba"),
        ),
        SolverInfo(
            "cpsat",
            "OR-Tools CP-SAT: exact, streams incumbents and bounds",
            _ALL,
            True,
            "geocolor.solvers.cpsat:cpsat",
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
            "tabucol",
            "TabuCol from a DSATUR coloring, one color fewer at a time",
            frozenset({"coloring"}),
            False,
            "geocolor.solvers.tabucol:solve_tabucol",
            ("numba",),
        ),
        SolverInfo(
            "memetic",
            "two colorings crossed and improved by TabuCol: HEAD's method",
            frozenset({"coloring"}),
            False,
            "geocolor.solvers.memetic:solve_memetic",
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


def installed_solvers() -> dict[str, SolverInfo]:
    """Built-in solvers, then those of installed packages, by name."""
    found = dict(SOLVERS)
    for entry in entry_points(group=ENTRY_POINTS):
        if entry.name not in found:
            try:
                found[entry.name] = _of_entry_point(entry)
            except SolverError as error:
                # It must not take the others with it; asked for, it says what is wrong.
                found[entry.name] = SolverInfo(
                    entry.name, str(error), frozenset(), False, entry.value
                )
    return found


def find_solver(name: str) -> SolverInfo:
    """Find a solver by what a user may write.

    Parameters
    ----------
    name : str
        A built-in name, one that an installed package offers, ``module:attribute``,
        ``file.py:attribute``, or ``file.toml:name`` for a command line (see
        :mod:`geocolor.solvers.external.command_file`).

    Raises
    ------
    InputError
        There is no such solver.
    """
    if name in SOLVERS:
        return SOLVERS[name]
    for entry in entry_points(group=ENTRY_POINTS, name=name):
        try:
            return _of_entry_point(entry)
        except SolverError as error:
            raise InputError(str(error)) from error
    source, colon, attribute = name.rpartition(":")
    if colon and source.endswith(".toml"):
        from geocolor.solvers.external.command_file import read_commands

        commands = read_commands(Path(source))
        if attribute not in commands:
            raise InputError(f"{source} has no solver {attribute!r}, only {', '.join(commands)}")
        return commands[attribute]
    if colon and source and attribute:
        target, module = name, source.rpartition(".")[2]
        if source.endswith(".py"):
            target, module = f"{Path(source).absolute()}:{attribute}", Path(source).stem
        # Everybody calls it solve; the file or module tells one from the other.
        called = module if attribute == "solve" else attribute
        try:
            return _described(called, target, _attribute(target))
        except SolverError as error:
            raise InputError(str(error)) from error
    raise InputError(
        f"no solver {name!r}; choose one of {', '.join(installed_solvers())}, or give "
        "module:function, file.py:function or file.toml:name"
    )


def load_solver(name: str, problem: Problem) -> tuple[SolverInfo, Solver]:
    """Find a solver by name and load it.

    Raises
    ------
    InputError
        No such solver, or it does not take problems of this kind.
    """
    info = find_solver(name)
    require_kind(info, problem.kind)
    return info, info.load()


def require_kind(info: SolverInfo, kind: str) -> None:
    """Refuse a solver that does not take problems of a kind.

    Raises
    ------
    InputError
        It does not; the message names built-in ones that do.
    """
    if kind not in info.kinds:
        fits = [other.name for other in SOLVERS.values() if kind in other.kinds]
        raise InputError(
            f"solver {info.name!r} does not take {kind} problems; choose one of {', '.join(fits)}"
        )


def _of_entry_point(entry: EntryPoint) -> SolverInfo:
    """Describe what a package offers.

    Raises
    ------
    SolverError
        It cannot be loaded, or is no solver.
    """
    try:
        found = entry.load()
    # Somebody else's package may fail in any way, a call of sys.exit included.
    except (Exception, SystemExit) as error:
        raise SolverError(f"the solver {entry.name!r} cannot be loaded: {error!r}") from error
    library = () if entry.dist is None else (entry.dist.name,)
    return _described(entry.name, entry.value, found, library)


def _described(name: str, target: str, found: Any, libraries: tuple[str, ...] = ()) -> SolverInfo:
    """Say what a found object is; a bare callable is a coloring heuristic until it says more."""
    if isinstance(found, SolverInfo):
        return found
    if not callable(found):
        raise SolverError(f"{target} is neither a SolverInfo nor callable")
    summary = str(found.__doc__ or "").strip().partition("\n")[0]
    told = getattr(found, "kinds", ("coloring",))
    kinds = frozenset(told) if isinstance(told, set | frozenset | tuple | list) else frozenset()
    if not kinds or not kinds <= _ALL:
        raise SolverError(
            f"{target}: kinds must be a set of {', '.join(sorted(_ALL))}, not {told!r}"
        )
    exact = bool(getattr(found, "exact", False))
    settings: dict[str, Any] | None = {} if isinstance(found, type) else None
    return SolverInfo(name, summary, kinds, exact, target, libraries, settings)


def _attribute(target: str) -> Any:
    source, _, attribute = target.rpartition(":")
    try:
        module = _module_of_file(Path(source)) if source.endswith(".py") else import_module(source)
    except GeocolorError:
        raise
    except (Exception, SystemExit) as error:
        raise SolverError(f"cannot load the solver {target}: {error!r}") from error
    found: Any = module
    for part in attribute.split("."):
        if not hasattr(found, part):
            raise SolverError(f"cannot load the solver {target}: {source} has no {part!r}")
        found = getattr(found, part)
    return found


def _module_of_file(path: Path) -> ModuleType:
    """Import a file under a name of its own, once."""
    name = f"geocolor_solver_{hashlib.sha256(str(path).encode()).hexdigest()[:16]}"
    if name in sys.modules:
        return sys.modules[name]
    spec = spec_from_file_location(name, path)
    if spec is None or spec.loader is None or not path.is_file():
        raise SolverError(f"no solver file {path}")
    module = module_from_spec(spec)
    sys.modules[name] = module
    if str(path.parent) not in sys.path:
        sys.path.append(str(path.parent))  # a file may import its neighbours, as a script may
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module
