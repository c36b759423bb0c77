"""Kernels compiled before a clock runs: once for each installation, by solving small problems.

numba compiles a kernel for the types it is called with, so calling it is what fills the cache. What
is done is noted beside the cache; asking whether anything is left reads one file.
"""

from __future__ import annotations

import hashlib
import json
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from geocolor._version import __version__
from geocolor.errors import InputError
from geocolor.graph.jit import cache_folder, target
from geocolor.io.atomic import atomic_file
from geocolor.solvers.registry import SOLVERS, built_in, require_kind

__all__ = ["Step", "compile_kernels", "pending"]

_PACKAGE = Path(__file__).parents[1]
# Where kernels are.
_KERNELS = ("graph/bits.py", "bounds/*_kernels.py", "solvers/kernels/*.py")


@dataclass(frozen=True)
class Step:
    """The kernels of one solver for one kind of problem.

    Attributes
    ----------
    solver : str
        A built-in solver.
    kind : str
        A kind that it takes.
    """

    solver: str
    kind: str

    def __str__(self) -> str:
        """Name it, for people."""
        return f"{self.solver} ({self.kind})"


def compile_kernels(
    solver: str | None = None,
    kind: str | None = None,
    *,
    on_step: Callable[[Step, int, int], None] | None = None,
) -> float:
    """Compile what a solver will need, unless that was done before.

    Compiling takes a minute once for each installation, and counts against the time limit of the
    :func:`geocolor.solve` that does it. The command line calls this before its clock starts.

    Parameters
    ----------
    solver : str, optional
        A built-in solver; default all of them.
    kind : str, optional
        A kind of problem; default all that the solver takes.
    on_step : callable, optional
        Called before each step of work with it, its number from 0, and how many there are; not
        called at all if nothing is left to compile.

    Returns
    -------
    float
        Seconds spent.

    Raises
    ------
    InputError
        There is no such solver built in, or it does not take that kind of problem.

    Examples
    --------
    >>> compile_kernels("first-fit") >= 0.0
    True
    """
    began = time.monotonic()
    left = pending(solver, kind)
    if left:
        # Not above: whoever has compiled everything need not load all solvers to learn that.
        from geocolor.solvers.rehearsal import rehearse
    for number, step in enumerate(left):
        if on_step is not None:
            on_step(step, number, len(left))
        rehearse(step.solver, step.kind)
        _keep(step)
    return time.monotonic() - began


def pending(solver: str | None = None, kind: str | None = None) -> list[Step]:
    """List what is left to compile; where nothing can be kept, what this process has not done.

    Parameters
    ----------
    solver, kind : str, optional
        As for :func:`compile_kernels`.

    Raises
    ------
    InputError
        As there.
    """
    if solver is not None:
        info = built_in(solver)
        if kind is not None:
            require_kind(info, kind)
    steps = [Step(name, each) for name, info in SOLVERS.items() for each in sorted(info.kinds)]
    return [
        step
        for step in steps
        if solver in (None, step.solver) and kind in (None, step.kind) and not _is_done(step)
    ]


# Steps of this process, for where no note can be kept.
_done_here: set[Step] = set()


def _is_done(step: Step) -> bool:
    if step in _done_here:
        return True
    path = _path(step)
    if path is None:
        return False
    try:
        return path.read_text() == _sources()
    except (OSError, UnicodeDecodeError):
        return False


def _keep(step: Step) -> None:
    _done_here.add(step)
    path = _path(step)
    if path is not None:
        with suppress(InputError, OSError), atomic_file(path) as file:
            file.write(_sources().encode())


def _path(step: Step) -> Path | None:
    """Where a step is noted: processors and versions of Python may share a cache."""
    folder = cache_folder()
    if folder is None:
        return None
    machine = hashlib.sha256(repr((sys.version_info[:3], target())).encode()).hexdigest()[:12]
    return folder / f"{step.solver}-{step.kind}-{machine}.compiled"


def _sources() -> str:
    """Tell the kernels' sources by what numba itself looks at: their sizes and times."""
    found: list[tuple[str, int, int]] = []
    for pattern in _KERNELS:
        for path in sorted(_PACKAGE.glob(pattern)):
            facts = path.stat()
            found.append((path.relative_to(_PACKAGE).as_posix(), facts.st_size, facts.st_mtime_ns))
    return hashlib.sha256(json.dumps([__version__, found]).encode()).hexdigest()
