"""One call for every problem and every solver."""

from __future__ import annotations

import os
import platform
import time
from dataclasses import replace
from functools import cache, partial
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from geocolor._version import __version__
from geocolor.arguments import checked_seed, checked_time_limit, checked_whole
from geocolor.errors import CheckError, GeocolorError, InputError, SolverError
from geocolor.graph import ConflictGraph
from geocolor.interrupts import held_back
from geocolor.problem import (
    Coloring,
    ColoringProblem,
    CorrelationClusteringProblem,
    GroupPartitionProblem,
    PartitionProblem,
    Problem,
    check,
    problem_for,
)
from geocolor.solvers.aside import run_aside
from geocolor.solvers.checkpoint import SolveCheckpoint
from geocolor.solvers.info import Solver, SolverInfo
from geocolor.solvers.memory import lacks_memory
from geocolor.solvers.registry import load_solver
from geocolor.solvers.result import SolveResult, Status, StopReason
from geocolor.solvers.search import Outcome, Progress, Search

__all__ = ["answer", "solve"]


def solve(
    problem: Problem | ConflictGraph,
    solver: str = "auto",
    *,
    time_limit: float | None = 10.0,
    seed: int = 0,
    workers: int | None = None,
    initial: Coloring | ArrayLike | None = None,
    max_iterations: int | None = None,
    checkpoint: str | os.PathLike[str] | None = None,
    on_progress: Progress | None = None,
) -> SolveResult:
    """Solve a coloring, partition or correlation-clustering problem.

    Parameters
    ----------
    problem : Problem or ConflictGraph
        The question. A bare graph is asked what it looks like: see
        :func:`geocolor.problem.problem_for`.
    solver : str
        A name from ``geocolor solvers``.
    time_limit : float or None
        Wall-clock seconds from this call, model building included; None for no limit. The first
        call of an installation compiles kernels, for a minute: see
        :func:`geocolor.compile_kernels`.
    seed : int
        Seed of every random choice. With one worker and `max_iterations` it fixes the result.
    workers : int, optional
        Threads; default all processors this process may use.
    initial : Coloring or array_like of int, optional
        A coloring to start from; it is checked.
    max_iterations : int, optional
        Budget of heuristic iterations.
    checkpoint : path-like, optional
        A file for incumbent and bound, written when they improve, at most once a second, and at
        the end. If it is there, and of the same question, the solve goes on from them, with any
        solver and a time limit of its own. What a solver has tried in vain is not in it.
    on_progress : callable, optional
        Called with every new trace point and the incumbent.

    Returns
    -------
    SolveResult
        Every coloring in it has passed the independent checker. Ctrl-C returns the incumbent
        with stop reason INTERRUPT. For this the solver runs in a thread of its own where the main
        thread calls; one that does not end within half a second is left behind there.

    Raises
    ------
    InputError
        An argument is wrong, or the checkpoint is damaged or of another question.
    SolverError
        The solver failed.

    Examples
    --------
    >>> from geocolor.graph import ConflictGraph
    >>> pentagon = ConflictGraph.from_edges(5, [(0, 1), (1, 2), (2, 3), (3, 4), (4, 0)])
    >>> result = solve(pentagon)
    >>> result.status.value, result.num_colors
    ('OPTIMAL', 3)
    """
    started = time.monotonic()
    if not isinstance(problem, Problem):
        problem = problem_for(problem)
    _check_arguments(time_limit, seed, workers, max_iterations)
    if on_progress is not None and not callable(on_progress):
        raise InputError(f"on_progress must be callable, not {on_progress!r}")
    # Imports too: numba that is interrupted in its own is of no use afterwards.
    with held_back() as held:
        info, run = load_solver(solver, problem)
        search = Search(
            problem,
            started=started,
            time_limit=time_limit,
            seed=seed,
            workers=workers,
            max_iterations=max_iterations,
            on_progress=on_progress,
        )
        if initial is not None:
            _check_initial(problem, initial)
            search.offer(initial.colors if isinstance(initial, Coloring) else initial)
        kept = None if checkpoint is None else SolveCheckpoint(checkpoint, problem)
        result = answer(info, run, search) if kept is None else _kept(kept, info, run, search)
        if held.came:  # as the last of it was written
            held.came = False
            result = replace(result, stop_reason=StopReason.INTERRUPT)
        return result


def _kept(kept: SolveCheckpoint, info: SolverInfo, run: Solver, search: Search) -> SolveResult:
    """Answer from a checkpoint on, and keep what is reached there."""
    kept.resume(search)
    with kept.kept(search):
        result = answer(info, run, search)
    return kept.told(result)


def answer(info: SolverInfo, run: Solver, search: Search) -> SolveResult:
    """Let a loaded solver work on a search, and report what came of it.

    The inner half of :func:`solve`, for callers that keep a clock of their own.

    Raises
    ------
    SolverError
        The solver failed, ended the program, or returned what is no outcome.
    """
    interrupted = False

    def interrupt() -> None:
        nonlocal interrupted
        interrupted = True
        search.call_off()

    try:
        outcome = run_aside(partial(_run, run, search.problem, search), interrupt)
    except SystemExit as error:
        raise SolverError(f"solver {info.name!r} called exit: {error}") from error
    except KeyboardInterrupt:
        outcome = Outcome(StopReason.INTERRUPT)
    except Exception as error:
        # Not all say MemoryError: a thread that cannot be started is a RuntimeError.
        if isinstance(error, GeocolorError) or not lacks_memory(error):
            raise
        outcome = Outcome(StopReason.MEMORY, message="out of memory; the incumbent is kept")
    finally:
        search.close()
    if search.refusal is not None:
        raise search.refusal
    if outcome is None:
        outcome = Outcome(StopReason.COMPLETED)
    if not isinstance(outcome, Outcome):
        raise SolverError(
            f"solver {info.name!r} returned a {type(outcome).__name__}; colorings are given to "
            "search.offer, and nothing is returned"
        )
    if interrupted:
        outcome = replace(outcome, stop_reason=StopReason.INTERRUPT)
    return _result(info, search, outcome)


def _run(run: Solver, problem: Problem, search: Search) -> Outcome | None:
    """Ask the solver; of restrictions on colors it need not know, nor look for pairs too large."""
    # Kept by the graph: afterwards there may be no memory for it, and no time.
    _ = problem.graph.fingerprint
    if isinstance(problem, ColoringProblem) and problem.is_restricted:
        # Not above: worker processes import this package too, and need no numba.
        from geocolor.solvers.restricted import run_restricted

        return run_restricted(run, problem, search)
    if isinstance(problem, PartitionProblem) and problem.capacity is not None:
        from geocolor.bounds import with_size_conflicts

        return run(with_size_conflicts(problem), search)
    outcome = run(problem, search)
    impossible = isinstance(outcome, Outcome) and outcome.infeasible and search.coloring is None
    if impossible and isinstance(problem, ColoringProblem):
        # Whatever proved that so few are not enough, it proved this bound.
        search.raise_lower_bound(problem.max_colors + 1)
    return outcome


def _check_arguments(
    time_limit: float | None, seed: int, workers: int | None, max_iterations: int | None
) -> None:
    checked_time_limit(time_limit)
    checked_seed(seed)
    for name, count in (("worker", workers), ("iteration", max_iterations)):
        if count is not None and checked_whole(f"number of {name}s", count) < 1:
            raise InputError(f"at least one {name} is needed, not {count}")


def _check_initial(problem: Problem, initial: Coloring | ArrayLike) -> None:
    try:
        check(problem, initial)
    except CheckError as error:
        raise InputError(f"the initial coloring does not hold: {error}") from error


def _status(search: Search, outcome: Outcome) -> Status:
    if search.coloring is not None:
        return Status.OPTIMAL if search.proven() else Status.FEASIBLE
    return Status.INFEASIBLE if outcome.infeasible else Status.UNKNOWN


def _result(info: SolverInfo, search: Search, outcome: Outcome) -> SolveResult:
    problem = search.problem
    k = None if isinstance(problem, CorrelationClusteringProblem) else problem.k
    restricted = isinstance(problem, ColoringProblem) and problem.is_restricted
    return SolveResult(
        status=_status(search, outcome),
        stop_reason=outcome.stop_reason,
        coloring=search.coloring,
        objective=search.objective,
        lower_bound=search.lower_bound,
        runtime=search.elapsed(),
        trace=tuple(search.trace),
        solver=info.name,
        seed=search.seed,
        workers=search.workers,
        versions=_versions(info),
        options={
            "problem": problem.kind,
            "k": k,
            **({"restricted": True} if restricted else {}),
            **({"cost": problem.cost.name} if isinstance(problem, GroupPartitionProblem) else {}),
            **_capacity(problem),
            "time_limit": search.time_limit,
            "max_iterations": search.max_iterations,
        },
        instance_hash=problem.graph.fingerprint,
        scaling_error=search.scaling_error,
        message=outcome.message,
    )


def _capacity(problem: Problem) -> dict[str, Any]:
    """Say what a class holds, and what nodes take of it where the graph does not say so."""
    if not isinstance(problem, PartitionProblem) or problem.sizes is None:
        return {}
    own = np.array_equal(problem.sizes, problem.graph.sizes)
    return {"capacity": problem.capacity, "sizes": None if own else problem.sizes.tolist()}


def _versions(info: SolverInfo) -> dict[str, str]:
    found = {"geocolor": __version__, "python": platform.python_version()}
    for library in ("numpy", *info.libraries):
        found[library] = _version(library)
    return found


@cache
def _version(library: str) -> str:
    """Tell the version of a library; looked up once, which takes as long as a small solve."""
    try:
        return version(library)
    except PackageNotFoundError:  # a vendored copy without metadata
        return "unknown"
