"""gcol: greedy colorings, local search and backtracking in pure Python."""

from __future__ import annotations

import random
import time
from abc import abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from geocolor.graph import ConflictGraph
from geocolor.problem import ColoringProblem, Problem
from geocolor.solvers.external.networkx_greedy import networkx_graph
from geocolor.solvers.external.peer import (
    GreedyLibrary,
    LibrarySolver,
    import_library,
    named_failures,
)
from geocolor.solvers.info import Solver
from geocolor.solvers.result import StopReason
from geocolor.solvers.search import Outcome, Search

__all__ = ["GcolExact", "GcolGreedy", "GcolSearch", "ever_longer", "in_order", "seeded"]

# Local search iterations of the first call where only a time limit is given.
_FIRST = 1000
# A call may take longer than the one before it predicts.
_SAFETY = 0.8
_BACKTRACKING = 1


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Seed Python's global generator, the only one gcol knows, and give it back as it was."""
    before = random.getstate()
    random.seed(seed)
    try:
        yield
    finally:
        random.setstate(before)


def ever_longer(search: Search, attempt: Callable[[int], list[int] | None], first: int) -> Outcome:
    """Call a search that knows iterations and no clock, again and again, and offer what it finds.

    Parameters
    ----------
    search : Search
        With a number of iterations it is called once.
    attempt : callable
        Takes iterations and gives colors in node order, or None.
    first : int
        Iterations of the first call where there is a time limit alone; each later one gets twice
        as many, or what fits.
    """
    iterations = search.max_iterations or first
    while True:
        called = time.monotonic()
        colors = attempt(iterations)
        spent = time.monotonic() - called
        if colors is not None:
            search.offer(colors)
        if search.answered():
            return Outcome(StopReason.COMPLETED)
        if search.max_iterations is not None:
            return Outcome(StopReason.ITERATIONS)
        fitting = iterations * _SAFETY * search.remaining() / max(spent, 1e-6)
        iterations = int(min(2 * iterations, fitting))
        if iterations < first:
            return Outcome(StopReason.TIME)


class GcolGreedy(GreedyLibrary):
    """``gcol.node_coloring`` without optimization.

    Parameters
    ----------
    strategy : str
        As gcol names it: dsatur, rlf.
    """

    package = "gcol"

    def __init__(self, strategy: str) -> None:
        self._gcol = import_library("gcol")
        self._strategy = strategy

    def coloring_of(self, graph: ConflictGraph) -> Callable[[], Sequence[int]]:
        """Convert the graph and give what colors it."""
        converted = networkx_graph(graph)

        def color() -> Sequence[int]:
            return in_order(self._gcol.node_coloring(converted, self._strategy))

        return color


class _Optimizing(LibrarySolver):
    """What the algorithms behind ``opt_alg`` share."""

    def __init__(self, opt_alg: int) -> None:
        self._gcol = import_library("gcol")
        self._opt_alg = opt_alg

    def prepare(self, problem: Problem) -> Solver:
        """Convert the graph."""
        converted = networkx_graph(problem.graph)

        def solve(problem: Problem, search: Search) -> Outcome:
            assert isinstance(problem, ColoringProblem)  # noqa: S101  the registry sees to it
            with named_failures("gcol"), seeded(search.seed):
                return self._solve(converted, problem, search)

        return solve

    @abstractmethod
    def _solve(self, graph: Any, problem: ColoringProblem, search: Search) -> Outcome:
        """Call gcol as often as the budget allows."""

    def _colors(self, graph: Any, k: int | None, iterations: int) -> list[int] | None:
        """Call gcol once; None if it found no coloring with `k` classes."""
        settings = {"opt_alg": self._opt_alg, "it_limit": iterations}
        if k is None:
            return in_order(self._gcol.node_coloring(graph, **settings))
        try:
            return in_order(self._gcol.node_k_coloring(graph, k, **settings))
        except ValueError:  # how it says so
            return None


class GcolSearch(_Optimizing):
    """``gcol.node_coloring`` with local search; ``gcol.node_k_coloring`` for k given classes.

    gcol answers only when its iterations are used up, and knows no clock. With a number of
    iterations given, it is called once with it. With a time limit alone it is called with 1000
    iterations, then with twice as many, and so on; a call that would not end in time is made
    shorter.

    Parameters
    ----------
    opt_alg : int
        As gcol numbers them: 2 TabuCol, 3 PartialCol, 4 and 5 hybrid evolutionary with either.
    """

    def _solve(self, graph: Any, problem: ColoringProblem, search: Search) -> Outcome:
        outcome = self._clique_bound(graph, problem, search)
        if outcome is not None:
            return outcome
        return ever_longer(search, lambda number: self._colors(graph, problem.k, number), _FIRST)

    def _clique_bound(self, graph: Any, problem: ColoringProblem, search: Search) -> Outcome | None:
        """Report the clique at which gcol stops by itself, whatever iterations it has left."""
        clique = 0
        if len(graph):
            clique = import_library("networkx").approximation.large_clique_size(graph)
        if problem.k is not None and clique > problem.k:
            return Outcome(
                StopReason.COMPLETED,
                infeasible=True,
                message=f"{problem.k} classes cannot do: gcol found a clique of {clique} nodes",
            )
        search.raise_lower_bound(float(clique))
        return None


class GcolExact(_Optimizing):
    """``gcol.node_coloring`` with backtracking, which ends with a proof or not at all."""

    def __init__(self) -> None:
        super().__init__(_BACKTRACKING)

    def _solve(self, graph: Any, problem: ColoringProblem, search: Search) -> Outcome:
        colors = self._colors(graph, problem.k, 0)
        if colors is None:
            return Outcome(
                StopReason.COMPLETED, infeasible=True, message="gcol searched everywhere"
            )
        search.offer(colors)
        if problem.k is None:
            search.raise_lower_bound(float(len(set(colors))))
        return Outcome(StopReason.COMPLETED)


def in_order(colors: dict[int, int]) -> list[int]:
    """Give colors by node in node order."""
    return [colors[node] for node in range(len(colors))]
