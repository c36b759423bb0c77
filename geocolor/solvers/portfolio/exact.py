"""Bounds and proofs for one graph, the cheap ones first."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
from numpy.typing import NDArray

from geocolor.bounds import Clique, mycielskian_bound
from geocolor.problem import ColoringProblem
from geocolor.solvers.memetic import is_sparse
from geocolor.solvers.orbits import OrbitSearch
from geocolor.solvers.result import StopReason
from geocolor.solvers.sat.requests import too_large
from geocolor.solvers.sat.solver import Strategy, prove_by_sat
from geocolor.solvers.sat.symmetric import SymmetricSearch
from geocolor.solvers.search import Outcome, Search
from geocolor.solvers.stable_sets.solver import fractional, promising

__all__ = ["Proof"]

# Bitset words for the Mycielskian bound: half a second.
_MYCIELSKIAN_WORK = 300_000_000
# Colors between incumbent and bound up to which a search may still close the gap.
_NEAR = 3
# A first look at stable sets, in seconds and as a share of the time left: where they settle it at
# once, symmetries need no turn.
_LOOK_SECONDS, _LOOK_SHARE = 1.0, 0.3
# The share of the time left that a method's first turn takes, and its least in seconds.
_SHARE, _LEAST_SECONDS = 0.25, 2.0
# Where CaDiCaL has symmetries to go by, luck decides after how long; little else does there. Their
# share of the time left at first, and before the last method.
_SYMMETRIC_SHARE, _AGAIN_SHARE = 0.4, 0.6


class Proof:
    """Methods that raise the bound, and may find the last colors as well.

    Parameters
    ----------
    problem : ColoringProblem
        The question.
    search : Search
        Where incumbents and bounds go; others may report there meanwhile.
    clique : Clique
        A clique of the conflicts, no larger than the classes allowed.
    colors : ndarray of int32
        A coloring of any number of classes.
    orbits : OrbitSearch
        Other threads may join it.
    until : float
        ``time.monotonic()`` at which to stop.
    """

    def __init__(
        self,
        problem: ColoringProblem,
        search: Search,
        clique: Clique,
        colors: NDArray[np.int32],
        orbits: OrbitSearch,
        until: float,
    ) -> None:
        self._problem = problem
        self._search = search
        self._clique = clique
        self._colors = colors
        self._orbits = orbits
        self._until = min(until, search.deadline)
        self._symmetries = SymmetricSearch(problem, search, clique)
        self._told: list[str] = []

    def run(self) -> Outcome:
        """Go through the methods until one settles it, the time is up, or there is no hope."""
        for method in self._methods():
            if self._over():
                break
            outcome = method()
            if outcome.infeasible:
                return Outcome(StopReason.COMPLETED, True, self._message(outcome.message))
            if outcome.message:
                self._told.append(outcome.message)
        return Outcome(StopReason.COMPLETED, message=self._message())

    def _methods(self) -> Iterator[Callable[[], Outcome]]:
        yield self._mycielskian
        if self._promising() and self._near():
            now = time.monotonic()
            look = min(_LOOK_SECONDS, _LOOK_SHARE * (self._until - now))
            yield partial(self._columns, min(self._until, now + look))
        yield partial(self._symmetric, self._turn())
        if not self._promising():
            yield partial(self._satisfiability, self._until if self._near() else self._turn())
            return
        # Clauses, which are about edges, are then likely to be the shorter way.
        if is_sparse(self._problem.graph.conflicts):
            yield partial(self._satisfiability, self._turn())
        yield partial(self._columns, self._until)
        if self._near():
            yield partial(self._symmetric_again, self._turn(_AGAIN_SHARE))
            yield partial(self._satisfiability, self._until)

    def _message(self, *more: str) -> str:
        return "; ".join([*self._told, *more])

    def _over(self) -> bool:
        late = time.monotonic() >= self._until
        return late or self._search.answered() or self._search.out_of_time()

    def _promising(self) -> bool:
        """Whether stable sets may pay, by the incumbent there is now."""
        return promising(self._problem.graph.conflicts, self._search.sought() + 1)

    def _near(self) -> bool:
        """Whether incumbent and bound are close."""
        return self._search.sought() + 1 - int(self._search.lower_bound or 0) <= _NEAR

    def _turn(self, share: float = _SHARE) -> float:
        """When a turn that begins now is over."""
        now = time.monotonic()
        return min(self._until, now + max(_LEAST_SECONDS, share * (self._until - now)))

    def _mycielskian(self) -> Outcome:
        """Raise the clique's bound by generalised Mycielskians."""
        search, most = self._search, self._problem.max_colors
        found = mycielskian_bound(
            self._problem.graph.conflicts,
            self._clique,
            seed=search.seed,
            max_work=_MYCIELSKIAN_WORK,
            deadline=self._until,
            enough=self._search.sought() + 1,
        )
        search.raise_lower_bound(found.bound)
        if found.bound > most and search.objective is None:
            return Outcome(
                StopReason.COMPLETED,
                infeasible=True,
                message=f"{most} classes cannot do: a Mycielskian inside needs {found.bound}",
            )
        told = f"a Mycielskian inside needs {found.bound}" if found.levels else ""
        return Outcome(StopReason.COMPLETED, message=told)

    def _symmetric(self, until: float) -> Outcome:
        """Look for a coloring that has a symmetry of the graph; longer where that succeeds."""
        told = self._orbits.cover(self._clique, until)
        if told:
            return Outcome(StopReason.COMPLETED, message=told)
        longer = self._turn(_SYMMETRIC_SHARE)
        self._symmetries.run(longer)
        told = self._orbits.lead(self._turn(), self._until)
        return Outcome(StopReason.COMPLETED, message=told)

    def _symmetric_again(self, until: float) -> Outcome:
        """Go on with CaDiCaL and symmetries."""
        self._symmetries.run(until)
        return Outcome(StopReason.COMPLETED)

    def _satisfiability(self, until: float) -> Outcome:
        """Ask CaDiCaL from both ends; from above alone, if both would be too much."""
        adjacency, search = self._problem.graph.conflicts, self._search
        refused = too_large(adjacency, self._search.sought() + int(search.lower_bound or 0))
        strategy: Strategy = "both" if refused is None else "descend"
        return prove_by_sat(self._problem, search, self._clique, strategy, until)

    def _columns(self, until: float) -> Outcome:
        """Generate stable sets, and branch if the end is near."""
        return fractional(self._problem, self._search, self._clique, self._colors, until, _NEAR)
