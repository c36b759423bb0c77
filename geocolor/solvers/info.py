"""What a solver is, and how it is found in a module or a file."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol

from geocolor.errors import GeocolorError, SolverError
from geocolor.problem import Problem
from geocolor.solvers.search import Outcome, Search

__all__ = ["Solver", "SolverInfo", "attribute_of"]


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
        Problem kinds it takes: coloring, equitable, partition, capacitated-partition,
        group-partition, correlation.
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
        found = attribute_of(self.target)
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


def attribute_of(target: str) -> Any:
    """Import what ``module:attribute`` or ``file.py:attribute`` names.

    Raises
    ------
    SolverError
        It is not there, or cannot be imported.
    """
    source, _, attribute = target.rpartition(":")
    try:
        module = _module_of_file(Path(source)) if source.endswith(".py") else import_module(source)
    except GeocolorError:
        raise
    except SyntaxError as error:
        place = Path(error.filename or source).name
        if error.lineno:
            place += f":{error.lineno}"
        raise SolverError(f"cannot load the solver {target}: {place}: {error.msg}") from error
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
