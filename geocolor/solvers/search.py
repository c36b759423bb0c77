"""The running search: where solvers report, and what they ask.

A solver never returns a coloring. It offers incumbents and bounds to a :class:`Search`, which
checks them, keeps the best and stamps the trace; so a time limit, Ctrl-C or a failure at any
moment leaves the incumbent in place, and no solver can claim more than was checked.
"""

from __future__ import annotations

import math
import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeGuard

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geocolor.errors import CheckError, WrongAnswerError
from geocolor.problem import (
    Coloring,
    ColoringProblem,
    CorrelationClusteringProblem,
    EquitableColoringProblem,
    PartitionProblem,
    Problem,
    check,
)
from geocolor.solvers.result import StopReason, TracePoint

__all__ = ["Outcome", "Progress", "Search", "processors"]

Progress = Callable[[TracePoint, Coloring | None], None]

# Float objectives are compared within the rounding of a sum, no looser.
_RELATIVE_ROUNDING = 1e-9
# The most of an objective that the scaling of weights to integers may leave open in an OPTIMAL.
_RELATIVE_SCALING = 1e-6
# Share of the weights inside classes that is rounding where they cancel each other out: floats miss
# decimals by half an ulp each, and the integers of a bound miss floats by some more.
_CANCELLED = 1e-12


@dataclass(frozen=True)
class Outcome:
    """How a solver ended.

    Attributes
    ----------
    stop_reason : StopReason
        COMPLETED only if the solver had nothing left to try.
    infeasible : bool
        It proved that no solution exists.
    message : str
        One line for people.
    """

    stop_reason: StopReason
    infeasible: bool = False
    message: str = ""


class Search:
    """Incumbent, bound, clock and budget of one solve.

    Several threads may report to one search; `on_progress` is then called from any of them, from
    one at a time.

    Parameters
    ----------
    problem : Problem
        The question.
    started : float
        ``time.monotonic()`` of the call, which the time limit counts from.
    time_limit : float or None
        Seconds of wall clock; None for no limit.
    seed : int
        Seed of every random choice.
    workers : int or None
        Threads a solver may use; None for all processors this process may use.
    max_iterations : int or None
        Iteration budget for heuristics; None for no limit.
    on_progress : callable, optional
        Called with each new trace point and the incumbent.
    """

    def __init__(
        self,
        problem: Problem,
        *,
        started: float,
        time_limit: float | None,
        seed: int,
        workers: int | None,
        max_iterations: int | None = None,
        on_progress: Progress | None = None,
    ) -> None:
        self.problem = problem
        self.started = started
        self.time_limit = time_limit
        self.deadline = math.inf if time_limit is None else started + time_limit
        self.seed = seed
        self.workers = workers or processors()
        self.max_iterations = max_iterations
        self.coloring: Coloring | None = None
        self.objective: float | None = None
        self.lower_bound: float | None = None
        self._inside: tuple[Coloring | None, float] | None = None
        self.scaling_error = 0.0
        self.refusal: WrongAnswerError | None = None
        self._unit = _unit(problem)
        weights = problem.graph.weights.values
        # More than is inside any classes, so that few gaps need these to be looked at.
        self._weight = 0.0 if weights is None else float(np.abs(weights).sum())
        self._keep_numbers = isinstance(problem, ColoringProblem) and problem.is_restricted
        self.trace: list[TracePoint] = []
        self._on_progress = on_progress
        self._parent: Search | None = None
        self._lift_bound: Callable[[float], float] | None = None
        self._called_off = threading.Event()
        self._closed = False
        # Reentrant: what watches a search may ask it, or report to the search it is part of.
        self._lock = threading.RLock()

    def part(self, problem: Problem, share: float) -> Search:
        """Open a search of a subproblem, with a share of the time left and nobody watching."""
        limit = None if math.isinf(self.deadline) else self.elapsed() + share * self.remaining()
        part = Search(
            problem,
            started=self.started,
            time_limit=limit,
            seed=self.seed,
            workers=self.workers,
            max_iterations=self.max_iterations,
        )
        part._called_off = self._called_off
        return part

    def within(
        self,
        problem: Problem,
        lift: Callable[[NDArray[np.int32]], ArrayLike | None],
        lift_bound: Callable[[float], float] | None = None,
        share: float = 1.0,
        off: threading.Event | None = None,
    ) -> Search:
        """Open a search of a problem whose every answer is an answer of this one.

        What is reported there is lifted and reported here at once; it ends with this search, when
        this one is answered, and when a better answer there would not be one here.

        Parameters
        ----------
        problem : Problem
            The problem to work on instead: a reduced graph, say.
        lift : callable
            Makes of its colorings, classes numbered by first appearance, colorings of this
            search's problem; None while other parts of it have none.
        lift_bound : callable, optional
            Makes of its lower bounds bounds of this search's problem; without it they stay there.
        share : float
            Share of the time left that it gets.
        off : threading.Event, optional
            Calls it off when set.
        """
        limit = None if math.isinf(self.deadline) else self.elapsed() + share * self.remaining()
        inner = Search(
            problem,
            started=self.started,
            time_limit=limit,
            seed=self.seed,
            workers=self.workers,
            max_iterations=self.max_iterations,
            on_progress=self._lifting(lift, lift_bound),
        )
        inner._parent = self
        inner._called_off = off or inner._called_off
        inner._lift_bound = lift_bound
        return inner

    def _lifting(
        self,
        lift: Callable[[NDArray[np.int32]], ArrayLike | None],
        lift_bound: Callable[[float], float] | None,
    ) -> Progress:
        seen: Coloring | None = None

        def report(point: TracePoint, coloring: Coloring | None) -> None:
            nonlocal seen
            if coloring is not None and coloring is not seen:
                seen = coloring
                lifted = lift(coloring.colors)
                if lifted is not None:
                    self.offer(lifted)
            if lift_bound is not None and point.lower_bound is not None:
                self.raise_lower_bound(lift_bound(point.lower_bound))

        return report

    def elapsed(self) -> float:
        """Seconds since the call."""
        return time.monotonic() - self.started

    def remaining(self) -> float:
        """Seconds left, at least 0; infinite without a limit."""
        return 0.0 if self._is_off() else max(0.0, self.deadline - time.monotonic())

    def out_of_time(self) -> bool:
        """Whether the time limit has passed, or the search was called off."""
        return self._is_off() or time.monotonic() >= self.deadline

    def call_off(self) -> None:
        """End the work of every thread on this search or within it, as if its time were up."""
        self._called_off.set()

    def close(self) -> None:
        """Take nothing more: what threads left behind still report is too late."""
        with self._lock:
            self._closed = True

    def _is_off(self) -> bool:
        around = self._parent
        return self._called_off.is_set() or (around is not None and around._is_off())

    def proven(self) -> bool:
        """Whether the incumbent meets the bound."""
        if self.objective is None or self.lower_bound is None:
            return False
        # What integer scaling may have cost counts as proven only while it is next to nothing.
        scaled = min(self.scaling_error, _RELATIVE_SCALING * abs(self.objective))
        rounding = _RELATIVE_ROUNDING * abs(self.objective)
        gap = self.objective - self.lower_bound
        if gap <= scaled + rounding:
            return True
        return gap <= _CANCELLED * self._weight and gap <= self._cancelled()

    def _cancelled(self) -> float:
        """Give the rounding within the incumbent's objective, which counts where that is near 0."""
        coloring, known = self.coloring, self._inside
        if known is None or known[0] is not coloring:  # another thread may find a better one now
            known = self._inside = coloring, _weight_inside(self.problem, coloring)
        return _CANCELLED * known[1]

    def _slack(self, objective: float) -> float:
        """Distance by which a bound may pass an objective without its solver having a bug."""
        return self.scaling_error + _RELATIVE_ROUNDING * max(self._unit, abs(objective))

    def answered(self) -> bool:
        """Whether nothing is left to do: proven, or found where any solution will do."""
        any_answers = _counts_classes(self.problem) and self.problem.any_answers
        if self.proven() or (any_answers and self.coloring is not None):
            return True
        return self._parent is not None and (self._parent.answered() or self._as_good_as_needed())

    def sought(self) -> int:
        """Most classes that would be news, of a problem that counts them."""
        assert _counts_classes(self.problem)  # noqa: S101  nobody else asks
        return self.problem.max_colors if self.objective is None else int(self.objective) - 1

    def _as_good_as_needed(self) -> bool:
        """Whether the search around this one has a bound that the incumbent here meets."""
        around = self._parent
        if around is None or around.lower_bound is None or self.objective is None:
            return False
        return self._lift_bound is not None and (
            self._lift_bound(self.objective) <= around.lower_bound
        )

    def offer(self, colors: ArrayLike) -> bool:
        """Check a coloring and keep it if it is better than the incumbent.

        Returns
        -------
        bool
            Whether it became the incumbent; never once the search is closed.

        Raises
        ------
        WrongAnswerError
            The checker refused it: the solver has a bug.
        """
        try:
            report = check(self.problem, np.asarray(colors))
        except CheckError as error:
            raise self._refuse(f"a solver offered an invalid coloring: {error}") from error
        with self._lock:
            if self._closed:
                return False
            if self.objective is not None and report.objective >= self.objective:
                return False
            if self.lower_bound is not None and report.objective < self.lower_bound:
                if report.objective < self.lower_bound - self._slack(report.objective):
                    raise self._refuse(
                        f"a solver claimed the bound {self.lower_bound}, above the checked "
                        f"objective {report.objective}"
                    )
                self.lower_bound = report.objective
            self.coloring = Coloring.from_colors(colors, keep_numbers=self._keep_numbers)
            self.objective = report.objective
            self._record()
            return True

    def raise_lower_bound(self, bound: float) -> None:
        """Record a proven lower bound on the objective of every solution.

        Whole numbers of classes are rounded up. A bound of weighted problems must already be
        lowered by the error of any integer scaling.
        """
        bound = float(bound)
        if math.isnan(bound) or bound == math.inf:
            raise self._refuse(f"a solver claims the bound {bound}")
        if bound == -math.inf:
            return
        if _counts_classes(self.problem):
            bound = float(math.ceil(bound - _RELATIVE_ROUNDING))
        with self._lock:
            if self._closed or (self.lower_bound is not None and bound <= self.lower_bound):
                return
            if self.objective is not None:
                # Rounding may lift a bound past the optimum; it never means more than the optimum.
                if bound > self.objective + self._slack(self.objective):
                    raise self._refuse(
                        f"a solver claims the bound {bound}, above the checked objective "
                        f"{self.objective}"
                    )
                bound = min(bound, self.objective)
                if self.lower_bound is not None and bound <= self.lower_bound:
                    return
            self.lower_bound = bound
            self._record()

    def _refuse(self, message: str) -> WrongAnswerError:
        """Remember that something was refused, for a solver that would pass over it in silence."""
        self.refusal = WrongAnswerError(message)
        return self.refusal

    def _record(self) -> None:
        point = TracePoint(self.elapsed(), self.objective, self.lower_bound)
        self.trace.append(point)
        if self._on_progress is not None:
            self._on_progress(point, self.coloring)


def _counts_classes(problem: Problem) -> TypeGuard[ColoringProblem | EquitableColoringProblem]:
    """Whether the objective is a number of classes."""
    return isinstance(problem, ColoringProblem | EquitableColoringProblem)


def _weight_inside(problem: Problem, coloring: Coloring | None) -> float:
    """Add up the absolute weights inside classes, of a problem whose objective is their sum."""
    summed = isinstance(problem, PartitionProblem | CorrelationClusteringProblem)
    if not summed or coloring is None:
        return 0.0
    weights = problem.graph.weights
    pairs = weights.edges()
    inside = coloring.colors[pairs[:, 0]] == coloring.colors[pairs[:, 1]]
    return float(np.abs(weights.edge_values()[inside]).sum())


def _unit(problem: Problem) -> float:
    """Scale of the objective: one class, or the heaviest weight (tiny weights are no rounding)."""
    values = problem.graph.weights.values
    if _counts_classes(problem) or values is None or not len(values):
        return 1.0
    return float(np.abs(values).max())


def processors() -> int:
    """Processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
